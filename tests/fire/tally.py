"""What happened in a run: counts, disturbances, and whatever must not have happened."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from asking_front import Reply


@dataclass
class Tally:
    """*wrong*: sentences on what must not happen; an empty list is what a run is about. *puzzles*: on what may, but has no reason."""

    wrong: list[str] = field(default_factory=list)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    chaos: Counter[str] = field(default_factory=Counter)
    puzzles: list[str] = field(default_factory=list)
    bytes_up: int = 0
    bytes_down: int = 0
    in_doubt: int = 0
    longest_away_s: float = 0.0
    _disturbed: list[list[float]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, kind: str, reply: Reply, *, up: int = 0) -> None:
        outcome = "broken" if reply.status is None else str(reply.status)
        with self._lock:
            self.answers[kind, outcome] += 1
            self.in_doubt += not reply.is_settled
            self.bytes_down += reply.received
            if reply.status is not None and reply.status < 300:
                self.bytes_up += up

    def complain(self, sentence: str) -> None:
        with self._lock:
            self.wrong.append(f"{time.strftime('%H:%M:%S')} {sentence}")

    def unexplained(self, kind: str, reply: Reply) -> None:
        """Count what was not answered though nothing was taken away; the first of them in words."""
        with self._lock:
            self.chaos["unexplained"] += 1
            if len(self.puzzles) < 20:
                said = reply.trouble or reply.body[:200]
                took_s = reply.ended - reply.began
                self.puzzles.append(f"{time.strftime('%H:%M:%S')} {kind} {reply.status} after {took_s:.1f} s: {said!r}")

    @contextmanager
    def disturbing(self, what: str) -> Iterator[None]:
        """Something is taken away while the block lasts."""
        began = time.monotonic()
        place = [began, float("inf")]
        with self._lock:
            self.chaos[what] += 1
            self._disturbed.append(place)
        yield
        place[1] = time.monotonic()

    def was_disturbed(self, began: float, ended: float, *, margin_s: float = 2.0) -> bool:
        """True if a request from *began* to *ended* may have met a disturbance."""
        with self._lock:
            return any(begin - margin_s <= ended and began <= end + margin_s for begin, end in self._disturbed)

    def table(self, title: str) -> str:
        """The counts as a small table."""
        kinds = sorted({kind for kind, _ in self.answers})
        outcomes = sorted({outcome for _, outcome in self.answers})
        rows = [["request", *outcomes, "all"]]
        for kind in kinds:
            of_kind = [self.answers[kind, outcome] for outcome in outcomes]
            rows.append([kind, *(str(count or "") for count in of_kind), str(sum(of_kind))])
        totals = [sum(self.answers[kind, outcome] for kind in kinds) for outcome in outcomes]
        rows.append(["all", *map(str, totals), str(sum(totals))])
        lines = [title, *_aligned(rows)]
        lines.append(", ".join(f"{what} {count}" for what, count in sorted(self.chaos.items())))
        lines.append(
            f"{self.bytes_up / 1e6:,.0f} MB up, {self.bytes_down / 1e6:,.0f} MB down, {self.in_doubt} answers in doubt, "
            f"{self.longest_away_s:.1f} s the longest without an answer to a list"
        )
        return "\n".join(lines)


def _aligned(rows: Iterable[list[str]]) -> list[str]:
    listed = list(rows)
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]))]
    return [
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in listed
    ]
