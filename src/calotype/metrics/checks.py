"""Whether parts answer, asked when somebody wants to know, not too often, and without waiting long for one that hangs."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

#: An answer is good for so long: who asks every second costs the parts no more than who asks every five.
FRESH_S: Final = 5.0

#: A part that has not answered within it counts as down. Prometheus gives a scrape 10 s.
PATIENCE_S: Final = 2.0


@dataclass(slots=True)
class _Part:
    answers: Callable[[], bool]
    lock: threading.Lock
    is_up: bool = False
    is_asked: bool = False
    asked_at: float = float("-inf")


class Checks:
    """*parts*: name -> whether it answers, which may block. *clock*: seconds that only grow.

    Each part is asked on a thread of its own, one at a time: one that hangs holds one thread, however often it is asked for.
    """

    def __init__(
        self,
        parts: Mapping[str, Callable[[], bool]],
        clock: Callable[[], float],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._parts = {name: _Part(answers, threading.Lock()) for name, answers in parts.items()}
        self._clock = clock
        self._patience_s = patience_s

    def results(self) -> dict[str, bool]:
        """Each part, and whether it answered when it was last asked: now, or less than `FRESH_S` ago."""
        ends: dict[str, SimpleQueue[None]] = {
            name: end for name, part in self._parts.items() if (end := self._ask(name, part)) is not None
        }
        until = self._clock() + self._patience_s
        for end in ends.values():
            try:
                end.get(timeout=max(0.0, until - self._clock()))
            except Empty:
                break
        return {name: part.is_up and not part.is_asked for name, part in self._parts.items()}

    def _ask(self, name: str, part: _Part) -> SimpleQueue[None] | None:
        """What gets an item once *part* has answered; None if it is not asked, since it was just now or still is."""
        with part.lock:
            if part.is_asked or self._clock() - part.asked_at < FRESH_S:
                return None
            part.is_asked = True
        end: SimpleQueue[None] = SimpleQueue()
        threading.Thread(target=self._run, args=(part, end), name=f"check-{name}", daemon=True).start()
        return end

    def _run(self, part: _Part, end: SimpleQueue[None]) -> None:
        try:
            part.is_up = part.answers()
        except Exception:  # noqa: BLE001 -- whatever it fails with, it does not answer
            part.is_up = False
        finally:
            with part.lock:
                part.is_asked = False
                part.asked_at = self._clock()
            end.put(None)
