"""What nobody else cleans up: uploads that died, bytes that nothing names, tokens that are over.

Everything here may run beside workers and other housekeepers, and may be broken off at any point: what is left is found
by the next one. Source: docs/operate/housekeeping.md.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from calotype.blobs.stores import BlobStore, Stores
from calotype.catalogue import images, tokens, uploads
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.uploads import LapsedUpload
from calotype.domain.errors import Broken
from calotype.service.images import Clock
from calotype.service.upload import fail

log = logging.getLogger(__name__)

#: A key that nothing names may be one whose row is not there yet, or not any more; nobody is that slow.
ORPHAN_AGE_S = 24 * 3600.0

#: Keys asked about in one statement: a millisecond or two.
_BATCH = 500

#: More orphans than this, and more than there are named keys, look like a catalogue that is not this store's.
_SUSPICIOUS = 100

#: Orphans removed in one go, so that their list stays small.
_MOST_ORPHANS = 10_000


class Task(StrEnum):
    """Kinds of chores."""

    END_UPLOAD = "end_upload"
    REMOVE_BYTES = "remove_bytes"
    REMOVE_TOKENS = "remove_tokens"


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done, or to be done: *subject* says to what, for the operator; *count*: how many things it stands for."""

    task: Task
    subject: str
    count: int = 1


class Housekeeping:
    """Each part gives its chores one by one as they are done; whoever stops asking stops the work there.

    With *is_dry* nothing is done, and what would be is given.
    """

    def __init__(self, catalogue: Catalogue, stores: Stores, clock: Clock, *, is_dry: bool = False) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._clock = clock
        self._is_dry = is_dry

    def uploads(self) -> Iterator[Chore]:
        """Ends uploads whose lease ran out: the image becomes what the upload said, the bytes go. A transaction each.

        A saving image without an upload is left alone: it was loaded like that, and nobody knows what it waits for.
        """
        with self._catalogue.reading() as connection:
            all_lapsed = uploads.select_lapsed(connection)
        for lapsed in all_lapsed:
            if self._is_dry or self._end(lapsed):
                yield Chore(Task.END_UPLOAD, f"image {lapsed.image_id} becomes {lapsed.on_failure}")

    def orphans(self, *, is_asked_for: bool = True) -> Iterator[Chore]:
        """Removes keys that no image and no upload names, and to which nothing was written for a day.

        If they are many, and more than those that are named, the catalogue may be the wrong one, and all that is in the
        store would go. Then nothing is done unless somebody asked for it. A store that is only read is left alone. One that
        does not work keeps no other from its turn; Broken is raised at the end.
        """
        failure: Broken | None = None
        for name, store in self._stores.by_name.items():
            if self._stores.is_read_only(name):
                continue
            try:
                yield from self._orphans_of(name, store, is_asked_for=is_asked_for)
            except Broken as error:
                log.warning("Store %s could not be gone through: %s", name, error)
                failure = error
        if failure is not None:
            raise failure

    def tokens(self) -> Iterator[Chore]:
        """Removes tokens that are over, a thousand or so in a transaction."""
        while count := self._remove_tokens():
            yield Chore(Task.REMOVE_TOKENS, "expired tokens", count)
            if self._is_dry:
                return

    def everything(self) -> Iterator[Chore]:
        yield from self.uploads()
        yield from self.orphans()
        yield from self.tokens()

    def _end(self, lapsed: LapsedUpload) -> bool:
        """False if somebody else ended it, or its sleeper woke up and renewed it.

        The bytes go last: until the row is gone the sleeper could still make them an active image's data. Should we die
        in between, they are an orphan.
        """
        with self._catalogue.writing() as connection:
            image = images.get(connection, lapsed.image_id, for_update=True)
            if uploads.hold_lapsed(connection, lapsed.id) is None:
                return False
            fail(connection, lapsed, image, self._clock())
        log.info("Upload %s was lost; image %s is %s", lapsed.id, lapsed.image_id, lapsed.on_failure)
        self._remove_bytes(lapsed)
        return True

    def _remove_bytes(self, lapsed: LapsedUpload) -> None:
        try:
            self._stores.delete(lapsed.store, lapsed.blob_key)
        except Broken as error:
            log.warning("Blob %s could not be removed and is left for a day: %s", lapsed.blob_key, error)

    def _orphans_of(self, name: str, store: BlobStore, *, is_asked_for: bool) -> Iterator[Chore]:
        orphans, orphan_count, named_count = self._find_orphans(store)
        if not is_asked_for and orphan_count > max(_SUSPICIOUS, named_count):
            counts = f"{orphan_count} keys in store {name}, and names {named_count}"
            log.error("The catalogue does not name %s; is it the right one? All of them are kept.", counts)
            return
        for key in orphans:
            if not self._is_dry:
                store.delete(key)
            yield Chore(Task.REMOVE_BYTES, f"{name}/{key}")

    def _find_orphans(self, store: BlobStore) -> tuple[list[str], int, int]:
        """Orphans of *store*, how many there are, and how many keys as old are named."""
        orphans: list[str] = []
        orphan_count = named_count = 0
        keys = store.keys(unchanged_for_s=ORPHAN_AGE_S)
        while batch := list(islice(keys, _BATCH)):
            with self._catalogue.reading() as connection:
                named = uploads.select_named(connection, batch)
            named_count += len(named)
            orphan_count += len(batch) - len(named)
            orphans += [key for key in batch if key not in named][: _MOST_ORPHANS - len(orphans)]
        return orphans, orphan_count, named_count

    def _remove_tokens(self) -> int:
        now = self._clock()
        if self._is_dry:
            with self._catalogue.reading() as connection:
                return tokens.count_expired(connection, now)
        with self._catalogue.writing() as connection:
            return tokens.delete_expired(connection, now)
