"""What all parts of housekeeping work with."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from calotype.blobs.stores import Stores
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.images import StoredBlob
from calotype.service.deletions import remove_bytes
from calotype.service.housekeeping.lease import Guard
from calotype.service.housekeeping.pace import Pace, Wait
from calotype.service.images import Clock
from calotype.service.options import HousekeepingOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """*wait* None: nothing is held back. *removals*: the pace of what is removed, from stores and as tombstones together."""

    catalogue: Catalogue
    stores: Stores
    clock: Clock
    options: HousekeepingOptions
    guard: Guard
    wait: Wait | None
    removals: Pace
    is_dry: bool

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A writing transaction of whoever's turn it is. Raises LeaseLost."""
        with self.catalogue.writing() as connection:
            self.guard.hold(connection)
            yield connection

    def rest(self, seconds: float) -> None:
        """Leave that time to others, in the middle of long work that changes nothing. Raises LeaseLost."""
        self.guard.check()
        if self.wait is not None:
            self.wait(seconds)

    def remove(self, store: str, key: str) -> None:
        """Remove the blob in its time, absent or not. Raises Broken, LeaseLost."""
        self._wait_to_remove()
        self.stores.delete(store, key)

    def remove_all(self, blobs: Iterable[StoredBlob]) -> None:
        """Remove each in its time, as a deletion does: what a store does not let go is an orphan. Raises LeaseLost."""
        for blob in blobs:
            self._wait_to_remove()
            remove_bytes(self.stores, [blob])

    def _wait_to_remove(self) -> None:
        self.removals.take()
        self.guard.check()
