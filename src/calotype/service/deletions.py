"""Images as callers delete them: a tombstone stays, the bytes go."""

import logging
from collections.abc import Iterable

from calotype.blobs.stores import Stores
from calotype.catalogue import images as statements
from calotype.catalogue import uploads, usage
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain import rights
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import Broken, ImageNotFound, Overtaken, Refused
from calotype.domain.images import Image, Status, StoredBlob, check_move
from calotype.domain.rights import Action, Rules
from calotype.service import image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.images import Clock, find, find_to

log = logging.getLogger(__name__)


class Deletions:
    def __init__(
        self, catalogue: Catalogue, stores: Stores, rules: Rules, clock: Clock, audit: Recorder = SILENT
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._rules = rules
        self._clock = clock
        self._audit = audit

    @audited(Act.IMAGE_DELETE, "image_id")
    def delete(self, caller: Caller, image_id: str, *, image_first: bool = False) -> None:
        """Make the image a tombstone, whatever state it is in, and remove its bytes; an upload to it is ended.

        *image_first*: what is not found for the caller is ImageNotFound before any right is looked at, and nobody finds a
        deleted image, or one that waits to be; see `find_to`. Then a protected image is Refused.

        Bytes that a store does not let go are left to housekeeping: nothing names them any more, and the image is deleted.

        Raises, in this order, Refused for a missing right, before any look-up; ImageNotFound; Refused for a protected
        image, and for one that waits to be deleted; ImageNotFound for a deleted one; OnlyShared and Refused for
        another's; Overtaken. Source: docs/api/v1.md, "Delete".
        """
        if not image_first:
            self._rules.check(caller, Action.DELETE_IMAGE)
        with self._catalogue.writing() as connection:
            if image_first:
                image = find_to(connection, caller, image_id, self._rules, Action.DELETE_IMAGE)
            else:
                image = find(connection, caller, image_id, for_update=True)
            _check_may_go(image)
            rights.check_may_change(caller, image.owner, image.visibility)
            blobs = self._bury(connection, image)
            image_changes.tell(image, {"status": (image.status, Status.DELETED)})
        # Not before the tombstone is durable: an image that is there has its bytes.
        remove_bytes(self._stores, blobs)

    def _bury(self, connection: Connection, image: Image) -> list[StoredBlob]:
        check_move(image.id, image.status, Status.DELETED)
        if not statements.mark_deleted(connection, image, self._clock()):
            raise Overtaken(f"Image {image.id} was changed by somebody else at the same time.")
        blobs = uploads.forget_bytes(connection, image.id)
        usage.drop_image(connection, image.owner, release_bytes=sum(blob.size_bytes for blob in blobs))
        return blobs


def remove_bytes(stores: Stores, blobs: Iterable[StoredBlob]) -> None:
    """Remove bytes of which it is durable that nothing names them; what a store keeps is left to housekeeping."""
    for blob in blobs:
        try:
            stores.delete(blob.store, blob.key)
        except Broken as error:
            log.warning("Blob %s could not be removed from the store %s: %s", blob.key, blob.store, error)


def _check_may_go(image: Image) -> None:
    if image.is_protected:
        raise Refused(f"Image {image.id} is protected and cannot be deleted.")
    if image.status is Status.PENDING_DELETE:
        raise Refused(f"Image {image.id} is waiting to be deleted already.")
    if image.is_deleted:
        raise ImageNotFound(image.id)
