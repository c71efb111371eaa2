"""A connection of psycopg on which nobody waits longer than told.

libpq's time-outs are for hosts that are gone. A server that is stopped, or hangs in its disk, goes on acknowledging what
it does not read. Source: docs/design/0012-postgresql.md.
"""

import time
from collections.abc import Generator
from typing import Any, Protocol

import psycopg


class Gate(Protocol):
    """Who is told that a server is silent, and knows it from others."""

    is_silent: bool

    def note_silence(self) -> None: ...


class Bounded(psycopg.Connection[Any]):
    """*limit_s*: for each answer; None: no limit."""

    Silent = psycopg.errors.ConnectionTimeout

    limit_s: float | None = None
    _gate: Gate | None = None
    _suspicious_s = 0.0

    def watch(self, gate: Gate, suspicious_s: float) -> None:
        """Tell *gate* of silence; while others do, wait no longer than *suspicious_s*, whatever the limit."""
        self._gate = gate
        self._suspicious_s = suspicious_s

    def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
        if self.limit_s is None:
            return super().wait(gen, *arguments, **named)
        return super().wait(self._bounded(gen, time.monotonic()), *arguments, **named)

    def _bounded(self, gen: Any, began: float) -> Generator[Any, Any, Any]:
        """*gen*, which asks for the socket, until it is done or the time is over; psycopg tells ten times a second that nothing came."""
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and self._is_over(time.monotonic() - began):
                    self._give_up()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _is_over(self, waited_s: float) -> bool:
        if self.limit_s is None:
            return False
        is_suspicious = self._gate is not None and self._gate.is_silent and waited_s > self._suspicious_s
        return is_suspicious or waited_s > self.limit_s

    def _give_up(self) -> None:
        if self._gate is not None:
            self._gate.note_silence()
        self.pgconn.finish()
        raise psycopg.OperationalError("the server has not answered in time")
