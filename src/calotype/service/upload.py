"""One upload under way: bytes in, step by step, until the image has its data or is as if it never had any."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from calotype.blobs import digests
from calotype.blobs.digests import Digests
from calotype.blobs.inspection import Inspection
from calotype.blobs.stores import BlobStore, BlobWriter
from calotype.catalogue import images, uploads, usage
from calotype.catalogue.engine import Catalogue, Connection
from calotype.catalogue.uploads import LapsedUpload, UploadRow
from calotype.domain import occasions
from calotype.domain.errors import (
    BadData,
    BlobNotFound,
    Broken,
    CalotypeError,
    Conflict,
    ImageGone,
    ImageNotFound,
    NoSpace,
    OverLimit,
)
from calotype.domain.images import Image, Status, StoredBlob
from calotype.service import image_changes, outcomes
from calotype.service.audit import Draft
from calotype.service.images import Clock
from calotype.service.outcomes import Ended, Outcome, uncounted
from calotype.service.patience import patiently

log = logging.getLogger(__name__)

#: Long enough for what an upload may do without a byte coming in: a stall of a minute, and flushing a full page cache.
LEASE_S = 300

RENEW_EVERY = timedelta(seconds=30)

#: What is reserved ahead at most where no size is declared; up to there as much as has come, so that small data hold up
#: nobody. A reservation took 0.9 ms with its flush. Best of five rounds of 256 MiB: 274 MiB/s with nothing ahead, 352 with 1,
#: 442 with 8, 483 with 64, 484 with 256, and 495 where the size was declared.
MOST_AHEAD_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was said about the data beforehand.

    *size_bytes*, *checksum* (MD5, hexadecimal): promises that are checked at the end; None, and a size of 0, promise nothing.
    *announced_bytes*: a size that is promised for these very data, above any other; 0 promises that there are none.
    *body_bytes*: how many bytes the request says are on their way, where it says so.
    """

    size_bytes: int | None = None
    checksum: str | None = None
    announced_bytes: int | None = None
    body_bytes: int | None = None

    @property
    def promised_bytes(self) -> int | None:
        """How many bytes there must be in the end; None: any number."""
        return self.announced_bytes if self.announced_bytes is not None else self.size_bytes or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an upload works with. *draft*: of the audit log's event of its end."""

    catalogue: Catalogue
    store: BlobStore
    inspect: Callable[[], Inspection]
    digests: Digests
    clock: Clock
    cap_bytes: int
    draft: Draft | None = None
    ended: Ended = uncounted


class Upload:
    """Call `write` for each step, then `finish` or `give_up`. One thread at a time.

    Whatever `write` or `finish` raises, the upload has ended then: its bytes are gone and the image is as `on_failure`
    says. `give_up` does nothing on an upload that has ended. Source: docs/design/0004-bytes.md.
    """

    def __init__(self, row: UploadRow, declared: Declared, parts: Parts) -> None:
        """Take *row*, which stands in the catalogue, and open its blob. Raises NoSpace and Broken, ended as above."""
        self._row = row
        self._declared = declared
        self._parts = parts
        self._size = 0
        self._reserved_bytes = row.bytes_reserved
        self._has_ended = False
        self._renew_at = parts.clock() + RENEW_EVERY
        self._occasion = occasions.current()
        with ExitStack() as undo:
            undo.callback(self._mark_failed)
            opening = undo.enter_context(ExitStack())
            opening.callback(parts.ended, Outcome.FAILED)
            self._writer: BlobWriter = parts.store.writer(row.blob_key)
            undo.callback(self._remove_bytes)
            self._inspection = parts.inspect()
            opening.pop_all()
            self._undo = undo.pop_all()

    @property
    def image_id(self) -> str:
        return self._row.image_id

    def write(self, step: bytes) -> None:
        """Take the next bytes, in: written and inspected when it returns, and the bytes before them digested.

        Raises OverLimit past the size cap and past the project's quota, BadData past the declared size or for data that are
        not what they should be, NoSpace, Broken, and Conflict or ImageGone when somebody ended the upload meanwhile.
        """
        with self._undone_on_failure():
            self._size += len(step)
            self._check_bounds()
            self._reserve_if_needed()
            self._parts.digests.take(step)
            self._writer.write(step)
            self._inspection.feed(step)
            self._renew_if_due()

    def finish(self) -> Image:
        """The image, active, its data durable. Raises like `write`, and BadData for a promise that was not kept."""
        with self._undone_on_failure():
            self._check_promises()
            virtual_size_bytes = self._inspection.finish()
            self._renew_if_due()
            size_bytes = self._commit_bytes()
            image = self._activate(size_bytes, virtual_size_bytes)
            self._undo.pop_all()
            self._has_ended = True
            self._parts.ended(Outcome.ACTIVE)
            if self._parts.draft is not None:
                self._parts.draft.tell(image.id, owner=image.owner, changed=image_changes.of_upload(image))
                self._parts.draft.done()
            return image

    def give_up(self, reason: str) -> None:
        """End it without success; *reason* is for the log."""
        if not self._has_ended:
            with self._working():
                self._end(reason)

    def _check_bounds(self) -> None:
        """Raises what is certain already, with the step in `_size` that is about to be taken."""
        if self._size > self._parts.cap_bytes:
            raise OverLimit(f"Image data may have {self._parts.cap_bytes} bytes at most.")
        promised = self._declared.promised_bytes
        if promised is not None and self._size > promised:
            raise BadData("size", promised, "the data are longer")

    def _reserve_if_needed(self) -> None:
        """Have what `_size` says reserved of the project's quota, and something ahead."""
        if self._size > self._reserved_bytes:
            patiently(f"Upload {self._row.id}", self._reserve)

    def _reserve(self) -> None:
        with self._parts.catalogue.writing() as connection:
            image = images.get(connection, self.image_id, for_update=True)
            if image is None or image.status is not Status.SAVING:
                raise self._lost(connection)
            # An attempt before may have done it without our being told: what counts is what the row says.
            reserved_bytes = uploads.select_reserved(connection, self._row.id)
            if reserved_bytes is None:
                raise self._lost(connection)
            self._reserved_bytes = reserved_bytes
            missing = self._size - self._reserved_bytes
            if missing <= 0:
                return
            ahead = min(self._reserved_bytes, MOST_AHEAD_BYTES)
            more = usage.reserve_ahead(connection, image.owner, least=missing, wanted=missing + ahead)
            if not uploads.set_reserved(connection, self._row.id, self._reserved_bytes + more):
                raise self._lost(connection)
        self._reserved_bytes += more

    def _check_promises(self) -> None:
        promised, checksum = self._declared.promised_bytes, self._declared.checksum
        if promised is not None and promised != self._size:
            raise BadData("size", promised, f"the data have {self._size} bytes")
        # Asked for where it is promised alone: otherwise the last step is digested while the data are flushed.
        if checksum and checksum.lower() != (received := self._parts.digests.hexdigest(digests.CHECKSUM)):
            raise BadData("checksum", checksum, f"the data have {received}")

    def _renew_if_due(self) -> None:
        """Renew the lease if it is old enough; a catalogue that does not answer is asked again long before it runs out."""
        if self._parts.clock() < self._renew_at:
            return
        self._renew_at = self._parts.clock() + RENEW_EVERY
        try:
            with self._parts.catalogue.writing() as connection:
                if not uploads.keep(connection, self._row.id, bytes_done=self._size, lease_s=LEASE_S):
                    raise self._lost(connection)
        except Broken as error:
            log.warning("The lease of upload %s could not be renewed: %s", self._row.id, error)

    def _commit_bytes(self) -> int:
        try:
            return self._writer.commit()
        except BlobNotFound as error:
            # Only who ended the upload removes the bytes of one that is under way.
            with self._parts.catalogue.reading() as connection:
                raise self._lost(connection) from error

    def _activate(self, size_bytes: int, virtual_size_bytes: int | None) -> Image:
        def attempt() -> Image:
            with self._parts.catalogue.writing() as connection:
                return self._make_active(connection, size_bytes, virtual_size_bytes)

        try:
            return patiently(f"Upload {self._row.id}, which is whole,", attempt)
        except Broken:
            image = self._settle()
            if image is None:
                raise
            return image

    def _make_active(self, connection: Connection, size_bytes: int, virtual_size_bytes: int | None) -> Image:
        row, now = self._row, self._parts.clock()
        was_ours = images.mark_active(
            connection,
            row.image_id,
            row.id,
            size_bytes=size_bytes,
            virtual_size_bytes=virtual_size_bytes,
            checksum=self._parts.digests.hexdigest(digests.CHECKSUM),
            os_hash_algo=digests.OS_HASH,
            os_hash_value=self._parts.digests.hexdigest(digests.OS_HASH),
            now=now,
        )
        if not was_ours:
            if self._is_kept(connection):  # by an attempt before, without our being told
                return self._image(connection)
            raise self._lost(connection)
        uploads.insert_blob(connection, row.image_id, StoredBlob(row.store, row.blob_key, size_bytes), now)
        reserved_bytes = uploads.delete_upload(connection, row.id) or 0
        image = self._image(connection)
        usage.release(connection, image.owner, reserved_bytes - size_bytes)
        return image

    def _settle(self) -> Image | None:
        """What became of a transaction whose end the catalogue did not tell: the image if it was made active.

        Else None, and the image is as `on_failure` says. If the catalogue does not answer now either, everything is left
        as it is, bytes too, to whoever looks after leases that ran out; raises Broken then.
        """
        try:
            with self._parts.catalogue.writing() as connection:
                if self._fail(connection):
                    return None
                return self._image(connection) if self._is_kept(connection) else None
        except Broken:
            self._undo.pop_all()
            raise

    def _is_kept(self, connection: Connection) -> bool:
        """True if the image has the bytes that came here."""
        return self._row.blob_key in [blob.key for blob in uploads.find_blobs(connection, self.image_id)]

    def _image(self, connection: Connection) -> Image:
        image = images.get(connection, self.image_id)
        if image is None:
            raise ImageNotFound(self.image_id)
        return image

    def _lost(self, connection: Connection) -> Conflict:
        """Why the upload is not ours any more."""
        image = images.get(connection, self.image_id)
        if image is None or image.is_deleted:
            return ImageGone(f"Image {self.image_id} was deleted while its data were arriving.")
        return Conflict(f"The upload to image {self.image_id} was ended by somebody else.")

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Whichever thread it is, it works for the request that began the upload."""
        token = occasions.enter(self._occasion)
        try:
            yield
        finally:
            occasions.leave(token)

    @contextmanager
    def _undone_on_failure(self) -> Iterator[None]:
        with self._working():
            try:
                yield
            except BaseException as error:
                if isinstance(error, NoSpace):
                    # The client is told that its image is too large; the operator, that the store is full.
                    log.warning("Store %s is full.", self._row.store)
                self._end(f"{type(error).__name__}: {error}", error)
                raise

    def _end(self, reason: str, error: BaseException | None = None) -> None:
        self._has_ended = True
        log.info("Upload %s to image %s ended without success: %s", self._row.id, self.image_id, reason)
        self._undo.close()
        self._parts.ended(outcomes.of(error))
        if self._parts.draft is not None:
            self._parts.draft.undone(error)

    def _remove_bytes(self) -> None:
        """Before the row goes that names them: should we die in between, it tells who comes after what to remove."""
        key = self._row.blob_key
        try:
            self._writer.cancel()
            self._parts.store.delete(key)
        except Broken as error:
            log.warning("Blob %s could not be removed: %s", key, error)

    def _mark_failed(self) -> None:
        try:
            with self._parts.catalogue.writing() as connection:
                self._fail(connection)
        except CalotypeError as error:
            log.warning("Upload %s could not be ended and is left to its lease: %s", self._row.id, error)

    def _fail(self, connection: Connection) -> bool:
        """Make the image what `on_failure` says. False if it is not this upload's any more."""
        image = images.get(connection, self._row.image_id, for_update=True)
        return fail(connection, self._row, image, self._parts.clock())


def fail(connection: Connection, row: UploadRow | LapsedUpload, image: Image | None, now: datetime) -> bool:
    """End the upload of *row* without success: *image*, which the transaction holds, is as `on_failure` says, what was
    reserved is released. False if the image was not this upload's any more.
    """
    was_ours = images.mark_failed(connection, row.image_id, row.id, status=row.on_failure, now=now)
    reserved_bytes = uploads.delete_upload(connection, row.id)
    if image is not None and reserved_bytes:
        usage.release(connection, image.owner, reserved_bytes)
    return reserved_bytes is not None and was_ours
