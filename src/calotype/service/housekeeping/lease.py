"""Whose turn it is to keep house for all nodes. Source: docs/design/0014-housekeeping.md, "One at a time"."""

import time
from typing import Protocol

from calotype.catalogue import leases
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.errors import Overtaken

NAME = "housekeeping"

#: A holder that is not heard of for two rounds is taken for dead, and never sooner than this.
INTERVALS = 2
LEAST_S = 3.0


def length_s(interval_s: float) -> float:
    """How long a lease runs where rounds come every *interval_s*."""
    return max(LEAST_S, INTERVALS * interval_s)


class LeaseLost(Overtaken):
    """Somebody else keeps house, or may by now: whoever finds it out stops."""


class Guard(Protocol):
    """Asked before each change whether it is still ours to make. Raises LeaseLost if not."""

    def hold(self, connection: Connection) -> None:
        """To be called first in a writing transaction: until its end nobody else's turn begins."""
        ...

    def check(self) -> None:
        """To be called outside of transactions: before something is removed from a store, and during long work."""
        ...


class Unguarded:
    """For who works beside whoever has the turn: an operator's command."""

    def hold(self, connection: Connection) -> None: ...

    def check(self) -> None: ...


class Lease(Guard):
    """*holder*'s turn, for *lease_s* at a time."""

    def __init__(self, catalogue: Catalogue, holder: str, lease_s: float) -> None:
        self._catalogue = catalogue
        self._holder = holder
        self._lease_s = lease_s
        self._renewed_at = -lease_s

    def take(self) -> float:
        """0 if it is our turn now; otherwise after how many seconds to ask again.

        Reads alone as long as somebody else has it, so that waiting nodes hold up nobody.
        """
        asked_at = _now()
        with self._catalogue.reading() as connection:
            row = leases.get(connection, NAME)
        if row is not None and row.holder != self._holder and row.left_s > 0:
            return row.left_s
        with self._catalogue.writing() as connection:
            if not leases.take(connection, NAME, self._holder, lease_s=self._lease_s):
                return self._lease_s
        self._renewed_at = asked_at
        return 0.0

    def hold(self, connection: Connection) -> None:
        if not leases.keep(connection, NAME, self._holder, lease_s=self._lease_s):
            raise _lost()

    def check(self) -> None:
        """Asks the catalogue only when a third of the lease is over, by a clock that runs while this machine sleeps."""
        asked_at = _now()
        if asked_at - self._renewed_at < self._lease_s / 3:
            return
        with self._catalogue.writing() as connection:
            self.hold(connection)
        self._renewed_at = asked_at

    def note_round(self) -> None:
        """Note that a round has ended, for whoever looks after the service."""
        with self._catalogue.writing() as connection:
            self.hold(connection)
            leases.note_round(connection, NAME, self._holder)

    def give_back(self) -> bool:
        """Let the next one begin at once. False if it was not our turn."""
        with self._catalogue.writing() as connection:
            return leases.give_back(connection, NAME, self._holder)


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _lost() -> LeaseLost:
    return LeaseLost("The lease ran out; another process keeps house.")
