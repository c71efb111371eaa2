"""Tombstones of images that were deleted so long ago that nobody asks for them any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from calotype.catalogue import purging
from calotype.service.housekeeping.chores import Chore, Task
from calotype.service.housekeeping.house import House


def purge(house: House) -> Iterator[Chore]:
    """Takes tombstones away that are older than `deleted_kept_days`, if that is not 0: some in a transaction.

    Bytes that something of them still named go afterwards; what a store does not let go is an orphan then.
    """
    if not house.options.deleted_kept_days:
        return
    deleted_before = house.clock() - timedelta(days=house.options.deleted_kept_days)
    if house.is_dry:
        yield from _count(house, deleted_before)
        return
    position: purging.Position | None = purging.START
    while position is not None:
        house.guard.check()
        with house.changing() as connection:
            purged = purging.purge(connection, deleted_before=deleted_before, after=position)
        position = purged.goes_on_at
        house.remove_all(purged.blobs)
        if purged.count:
            yield Chore(Task.PURGE_DELETED, "deleted images", purged.count)
            house.removals.take(purged.count)


def _count(house: House, deleted_before: datetime) -> Iterator[Chore]:
    with house.catalogue.reading() as connection:
        count = purging.count_due(connection, deleted_before=deleted_before)
    if count:
        yield Chore(Task.PURGE_DELETED, "deleted images", count)
