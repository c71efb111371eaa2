"""Uploads as callers begin them: to a new image, or to one that waits for its data."""

import secrets
import uuid
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from calotype.blobs.digests import Digests
from calotype.blobs.inspection import inspection_of
from calotype.blobs.stores import Stores
from calotype.catalogue import images as statements
from calotype.catalogue import uploads, usage
from calotype.catalogue.engine import Catalogue, Connection
from calotype.catalogue.uploads import UploadRow
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import Invalid, OverLimit, ReadOnly
from calotype.domain.images import Image, Status, check_move
from calotype.domain.rights import Action, Rules
from calotype.service import audit as audits
from calotype.service import image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.changes import Change
from calotype.service.images import Clock, Images, NewImage, find_own, find_to
from calotype.service.options import ServiceOptions
from calotype.service.outcomes import Ended, Outcome, uncounted
from calotype.service.upload import LEASE_S, Declared, Parts, Upload

#: 16 random bytes: two attempts never meet, and no key tells of its image.
_KEY_BYTES = 16


class Uploads:
    """*node* names this process in the rows of its uploads; *threads* digest for all of them; *ended* hears how they end."""

    def __init__(
        self,
        catalogue: Catalogue,
        stores: Stores,
        images: Images,
        rules: Rules,
        options: ServiceOptions,
        clock: Clock,
        *,
        node: str,
        threads: Executor,
        audit: Recorder = SILENT,
        ended: Ended = uncounted,
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._images = images
        self._rules = rules
        self._options = options
        self._clock = clock
        self._node = node
        self._threads = threads
        self._audit = audit
        self._ended = ended

    @property
    def store_names(self) -> tuple[str, ...]:
        """The stores a caller may name."""
        return self._stores.names

    @audited(Act.IMAGE_CREATE)
    def begin_new(
        self, caller: Caller, new: NewImage, declared: Declared, *, on_failure: Status, store: str | None = None
    ) -> Upload:
        """An upload to an image made for it. The image is `saving` before a byte is taken, and *on_failure* if it fails.

        Raises Refused, Invalid, OverLimit and Conflict like `Images.create`, OverLimit for data over the size cap, and
        Invalid and ReadOnly for a store that takes none, with nothing made; Invalid if a format is missing, with the image
        queued; OverLimit for data over the project's quota, NoSpace and Broken, with the image *on_failure*.
        """
        self._rules.check(caller, Action.UPLOAD_IMAGE)
        self._images.check_new(caller, new)
        store_name = self._checked(declared, store)
        self._require_writable(store_name)
        status = Status.SAVING if new.disk_format and new.container_format else Status.QUEUED
        with self._catalogue.writing() as connection:
            image = self._images.insert_new(connection, new, status)
            if status is Status.SAVING:
                begun = self._begin(connection, image, declared, on_failure, store_name, is_new=True)
                image_changes.tell_new(_landed(image, begun, on_failure))
            else:
                usage.add_image(connection, image.owner)
                image_changes.tell_new(image)
        audits.turn_into(Act.UPLOAD_BEGIN)  # the image stays, whatever becomes of it
        require_formats(image)
        return self._open(caller, begun, image, declared)

    @audited(Act.UPLOAD_BEGIN, "image_id")
    def begin(
        self,
        caller: Caller,
        image_id: str,
        declared: Declared,
        *,
        on_failure: Status,
        store: str | None = None,
        change: Change | None = None,
        image_first: bool = False,
    ) -> Upload:
        """An upload to a queued image, `saving` from now on, and *on_failure* if it fails: killed, or queued again.

        *change* is made in the same transaction, its properties joining the others. A size and a checksum that the image
        has by then are promises about the data, unless *declared* makes others.
        *image_first*: whether there is such an image for the caller is told before what the caller may do, and deleted ones
        are not there.

        Raises like `Images.update`, Conflict if the image is not queued, Invalid if a format is missing or the store
        unknown, ReadOnly, and OverLimit for data over the size cap, with nothing changed; OverLimit for data over the
        project's quota, NoSpace and Broken, with the image *on_failure*.
        """
        if not image_first:
            self._rules.check(caller, Action.UPLOAD_IMAGE)
        if change is not None:
            self._images.check_may_change(caller, change)
        store_name = self._checked(declared, store)
        with self._catalogue.writing() as connection:
            if image_first:
                image = was = find_to(connection, caller, image_id, self._rules, Action.UPLOAD_IMAGE)
            else:
                image = was = find_own(connection, caller, image_id)
            check_move(image.id, image.status, Status.SAVING)
            if change is not None:
                image = self._images.changed(caller, image, change, purge=False)
            require_formats(image)
            self._require_writable(store_name)
            # A location that a queued image still names was found to hold other data than its client said.
            image = self._images.write(connection, replace(image, status=Status.SAVING, locations=()), was=was)
            declared = _with_promises(declared, image)
            begun = self._begin(connection, image, declared, on_failure, store_name, is_new=False)
            image_changes.tell_change(_landed(image, begun, on_failure), was)
        audits.turn_into(Act.UPLOAD_BEGIN, Act.IMAGE_UPDATE if isinstance(begun, OverLimit) else None)
        return self._open(caller, begun, image, declared)

    def _checked(self, declared: Declared, store: str | None) -> str:
        """The name of the store to use. Raises OverLimit for what is declared too large, Invalid for no store of ours."""
        most = self._options.image_size_cap_bytes
        if max(declared.promised_bytes or 0, declared.body_bytes or 0) > most:
            raise OverLimit(f"Image data may have {most} bytes at most.")
        if store is not None and store not in self._stores.names:
            raise Invalid("store", store, f"not one of {', '.join(self._stores.names)}")
        return self._stores.default if store is None else store

    def _require_writable(self, store: str) -> None:
        if self._stores.is_read_only(store):
            raise ReadOnly(f"The store {store} is only read; nothing is put into it.")

    def _begin(
        self,
        connection: Connection,
        image: Image,
        declared: Declared,
        on_failure: Status,
        store: str,
        *,
        is_new: bool,
    ) -> UploadRow | OverLimit:
        """The row that stands for the upload from now on, or what to raise if the quota has no room for it.

        Then the image is *on_failure* already. Raises OverLimit if there is no room for one more image.
        """
        size_declared = declared.promised_bytes or declared.body_bytes
        row = UploadRow(
            id=str(uuid.uuid4()),
            image_id=image.id,
            blob_key=secrets.token_hex(_KEY_BYTES),
            store=store,
            on_failure=on_failure,
            size_declared=size_declared,
            node=self._node,
            bytes_reserved=size_declared or 0,
        )
        uploads.insert_upload(connection, row, lease_s=LEASE_S)
        refusal = usage.begin_upload(connection, image.owner, size_declared, is_new=is_new)
        if refusal is None:
            return row
        statements.mark_failed(connection, image.id, row.id, status=on_failure, now=self._clock())
        uploads.delete_upload(connection, row.id)
        return refusal

    def _open(self, caller: Caller, begun: UploadRow | OverLimit, image: Image, declared: Declared) -> Upload:
        if isinstance(begun, OverLimit):
            self._ended(Outcome.REFUSED)
            raise begun
        parts = Parts(
            catalogue=self._catalogue,
            store=self._stores.by_name[begun.store],
            inspect=partial(
                inspection_of,
                image.disk_format or "",
                image.container_format or "",
                require_match=self._options.require_image_format_match,
            ),
            digests=Digests(self._threads),
            clock=self._clock,
            cap_bytes=self._options.image_size_cap_bytes,
            draft=self._audit.draft(Act.UPLOAD, caller, image.id),
            ended=self._ended,
        )
        return Upload(begun, declared, parts)


def _landed(image: Image, begun: UploadRow | OverLimit, on_failure: Status) -> Image:
    """*image* as the transaction leaves it that began an upload, or could not."""
    return replace(image, status=on_failure) if isinstance(begun, OverLimit) else image


def _with_promises(declared: Declared, image: Image) -> Declared:
    return replace(
        declared,
        size_bytes=declared.size_bytes or image.size_bytes,
        checksum=declared.checksum or image.checksum,
    )


def require_formats(image: Image) -> None:
    """Raises Invalid for an image that cannot take data, since what they are is not said."""
    for name, value in (("disk_format", image.disk_format), ("container_format", image.container_format)):
        if not value:
            raise Invalid(name, "None", "it must be set before data are uploaded")
