"""The digest scrub: bytes at rest are read again, the ones seen longest ago first.

It marks what it finds and says so; it removes nothing, and the image stays as it is. Where it stands is in the catalogue, so
that it goes on after a restart. Source: docs/design/0014-housekeeping.md, "Scrub".
"""

import heapq
import logging
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime, timedelta

from calotype.catalogue import scrubbing
from calotype.catalogue.scrubbing import DueBlob
from calotype.domain.errors import Broken
from calotype.service.housekeeping.house import House
from calotype.service.housekeeping.pace import Pace
from calotype.service.housekeeping.rereading import Read, Verdict, compare

log = logging.getLogger(__name__)

MIB = 1 << 20

#: What a blob counts at least, for its opening and its row: so the smallest ones come at 64 a second at the default pace.
_LEAST_BYTES = MIB // 4

#: Marks of whole blobs are made together: so many, or those of so many seconds. Should we die before, they are read again.
_MARKS, _MARKS_S = 50, 10.0

#: How often a damaged blob is read again: who brought it back from a copy wants to hear of it.
_DAMAGED_EVERY = timedelta(days=1)

#: Blobs of a store that cannot be read, one after the other, before it is taken to be away.
_FAILURES_BORNE = 3


class Scrub:
    """One walk over the blobs that are due. *away*: stores that did not work, whom the log has named already."""

    def __init__(self, house: House, away: set[str]) -> None:
        self._house = house
        self._away = away
        self._pace = Pace(house.options.scrub_mib_per_s * MIB, house.wait if house.options.scrub_mib_per_s else None)
        self._whole: list[str] = []
        self._mark_at = 0.0
        self._failures: Counter[str] = Counter()
        self._unread: list[DueBlob] = []
        self._working: set[str] = set()

    def read(self, before: datetime) -> Iterator[Read]:
        """Reads every blob last seen *before* that moment, and damaged ones once a day; gives each stretch as it was read.

        Raises Broken if the catalogue does not work, and LeaseLost.
        """
        names = [*self._house.stores.by_name]
        damaged_before = max(before, self._house.clock() - _DAMAGED_EVERY)
        with self._house.catalogue.reading() as connection:
            damaged = scrubbing.select_damaged_due(connection, names, before=damaged_before)
        for due in damaged:
            yield from self._attempt(due)
        for due in heapq.merge(*(self._walk(name, before) for name in names), key=lambda one: (one.seen_at, one.key)):
            yield from self._attempt(due)
        yield from self._once_more()
        self._mark_whole()

    def _walk(self, store: str, before: datetime) -> Iterator[DueBlob]:
        position = (0, "")
        while not self._is_given_up(store):
            with self._house.catalogue.reading() as connection:
                batch = scrubbing.select_due(connection, store, before=before, after=position)
            yield from batch
            if len(batch) < scrubbing.BATCH:
                return
            position = (batch[-1].seen_at, batch[-1].key)

    def _attempt(self, due: DueBlob) -> Iterator[Read]:
        if self._is_given_up(due.store):
            return
        outcome = yield from self._compare(due)
        if isinstance(outcome, Broken):
            yield Read(0, self._note_failure(due, outcome))
        else:
            self._note_success(due.store)
            yield Read(0, self._note(due, outcome))

    def _once_more(self) -> Iterator[Read]:
        """Try again what could not be read: a blob that its store does not give twice, while it gives others, is damaged."""
        for due in self._unread:
            if self._is_given_up(due.store):
                continue
            if due.store not in self._working:
                self._name(due.store, "not one of its blobs could be read")
                continue
            outcome = yield from self._compare(due)
            yield Read(0, self._note(due, f"they cannot be read: {outcome}" if outcome else None))

    def _compare(self, due: DueBlob) -> Generator[Read, None, str | Broken | None]:
        """As `rereading.compare`, in its time; gives Broken instead of raising it, so that only a store's own is one."""
        self._house.guard.check()
        self._pace.take(_LEAST_BYTES)
        with closing(compare(self._house.stores.by_name[due.store], due)) as comparing:
            while True:
                try:
                    read = next(comparing)
                except StopIteration as end:
                    difference: str | None = end.value
                    return difference
                except Broken as error:
                    return error
                self._house.guard.check()
                self._pace.take(read.size_bytes)
                yield read

    def _note(self, due: DueBlob, difference: str | None) -> Verdict:
        if difference is None:
            self._note_whole(due)
            return Verdict.WHOLE
        with self._house.changing() as connection:
            is_there = scrubbing.mark_damaged(connection, due, self._house.clock())
        if not is_there:
            return Verdict.GONE
        if not due.is_damaged:
            which = f"blob {due.key} in store {due.store}, of image {due.image_id}"
            log.error("Damaged: %s; as for its bytes, %s. It is kept as it is.", which, difference)
        return Verdict.DAMAGED

    def _note_whole(self, due: DueBlob) -> None:
        if not self._whole:
            self._mark_at = time.monotonic() + _MARKS_S
        self._whole.append(due.key)
        if due.is_damaged or len(self._whole) >= _MARKS or time.monotonic() > self._mark_at:
            self._mark_whole()
        if due.is_damaged:
            log.info("Blob %s in store %s, of image %s, is whole again", due.key, due.store, due.image_id)

    def _mark_whole(self) -> None:
        if self._whole:
            with self._house.changing() as connection:
                scrubbing.mark_whole(connection, self._whole, self._house.clock())
            self._whole = []

    def _note_failure(self, due: DueBlob, error: Broken) -> Verdict:
        """An open object of S3 breaks off when its image is deleted, which is no failure of the store's."""
        with self._house.catalogue.reading() as connection:
            if not scrubbing.is_there(connection, due.key):
                return Verdict.GONE
        self._unread.append(due)
        self._failures[due.store] += 1
        if self._is_given_up(due.store):
            self._name(due.store, str(error))
        return Verdict.UNREAD

    def _note_success(self, store: str) -> None:
        self._working.add(store)
        self._failures[store] = 0
        if store in self._away:
            self._away.discard(store)
            log.info("Blobs of store %s can be read again", store)

    def _is_given_up(self, store: str) -> bool:
        return self._failures[store] >= _FAILURES_BORNE

    def _name(self, store: str, reason: str) -> None:
        """Say once that blobs of *store* go unread."""
        if store not in self._away:
            self._away.add(store)
            log.warning("Blobs of store %s are not verified as long as it does not work: %s", store, reason)
