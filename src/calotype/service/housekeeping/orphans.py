"""Bytes in a store that nothing names: files and objects, whole ones and such that were never finished."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from calotype.blobs.stores import BlobStore
from calotype.catalogue import uploads
from calotype.domain.errors import Broken
from calotype.service.housekeeping.chores import Chore, Task
from calotype.service.housekeeping.house import House

log = logging.getLogger(__name__)

#: A key that nothing names may be one whose row is not there yet, or not any more; nobody is that slow.
AGE_S = 24 * 3600.0

#: Keys asked about in one statement: a millisecond or two.
_BATCH = 500

#: More orphans than this, and more than there are named keys, look like a catalogue that is not this store's.
_SUSPICIOUS = 100

#: Orphans removed in one go, so that their list stays small.
_MOST = 10_000


@dataclass(slots=True)
class _Found:
    """What a walk through a store met: *orphans*, the first of them, how many there are, and how many keys as old are named."""

    orphans: list[str] = field(default_factory=list)
    count: int = 0
    named_count: int = 0


def remove(house: House, kept: dict[str, int], *, is_asked_for: bool) -> Iterator[Chore]:
    """Removes keys that no image and no upload names, and to which nothing was written for a day.

    If they are many, and more than those that are named, the catalogue may be the wrong one, and all that is in the
    store would go. Then nothing is done unless somebody asked for it, and *kept* says how many by store. A store that is
    only read is left alone. One that does not work keeps no other from its turn; Broken is raised at the end.
    """
    failure: Broken | None = None
    for name, store in house.stores.by_name.items():
        if house.stores.is_read_only(name):
            continue
        try:
            yield from _remove_from(house, name, store, kept, is_asked_for=is_asked_for)
        except Broken as error:
            log.warning("Store %s could not be gone through: %s", name, error)
            failure = error
    if failure is not None:
        raise failure


def _remove_from(
    house: House, name: str, store: BlobStore, kept: dict[str, int], *, is_asked_for: bool
) -> Iterator[Chore]:
    found = _find(house, store)
    kept[name] = 0
    if not is_asked_for and found.count > max(_SUSPICIOUS, found.named_count):
        kept[name] = found.count
        counts = f"{found.count} keys in store {name}, and names {found.named_count}"
        log.error("The catalogue does not name %s; is it the right one? All of them are kept.", counts)
        return
    orphans = iter(found.orphans)
    while batch := list(islice(orphans, _BATCH)):
        # Asked once more, since a catalogue file may have been loaded meanwhile that names some.
        for key in _unnamed(house, batch):
            if not house.is_dry:
                house.remove(name, key)
            yield Chore(Task.REMOVE_BYTES, f"{name}/{key}")


def _find(house: House, store: BlobStore) -> _Found:
    """Goes through all keys; half of the time is left to others."""
    found = _Found()
    keys = store.keys(unchanged_for_s=AGE_S)
    begun_at = time.monotonic()
    while batch := list(islice(keys, _BATCH)):
        orphans = _unnamed(house, batch)
        found.named_count += len(batch) - len(orphans)
        found.count += len(orphans)
        found.orphans += orphans[: _MOST - len(found.orphans)]
        house.rest(time.monotonic() - begun_at)
        begun_at = time.monotonic()
    return found


def _unnamed(house: House, keys: list[str]) -> list[str]:
    with house.catalogue.reading() as connection:
        named = uploads.select_named(connection, keys)
    return [key for key in keys if key not in named]
