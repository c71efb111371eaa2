"""Image data as callers fetch them."""

import logging
from collections.abc import Sequence

from calotype.blobs.stores import Blob, EmptyBlob, Stores
from calotype.catalogue import uploads
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.errors import BlobNotFound, Broken, Invalid, NoData, Refused
from calotype.domain.images import Image, Status, StoredBlob
from calotype.domain.rights import Action, Rules
from calotype.service.images import check_may_see_any, find

log = logging.getLogger(__name__)


class Downloads:
    def __init__(self, catalogue: Catalogue, stores: Stores, rules: Rules) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._rules = rules

    def open(
        self,
        caller: Caller,
        image_id: str,
        *,
        image_first: bool = False,
        admins_get_deactivated: bool = False,
        prefer: Sequence[str] = (),
    ) -> tuple[Image, Blob]:
        """The image and its data, to be closed by who gets them.

        *image_first*: whether there is such an image for the caller is told before what the caller may do, and deleted ones
        are not there; otherwise a missing right is told before any look-up.
        *admins_get_deactivated*: a deactivated image's data are refused to all but admins; otherwise to everybody.
        *prefer*: names of stores to be asked before the others, the first first.

        Raises Invalid for a store that is none, or where there is but one; Refused if *caller* may not download;
        ImageNotFound for what is not there or not the caller's to see; Refused for a deactivated image; NoData for one that
        is not active and for data that are missing; Broken if no store can give them.
        Source: docs/api/v1.md, "Download"; docs/api/v2.md, "Download".
        """
        self._check_preferred(prefer)
        needed = [Action.DOWNLOAD_IMAGE, *([Action.DOWNLOAD_FROM_STORE] if prefer else ())]
        if image_first:
            check_may_see_any(self._rules, caller, image_id)
        else:
            self._check_rights(caller, [Action.SHOW_IMAGE, *needed])
        with self._catalogue.reading() as connection:
            image = find(connection, caller, image_id, deleted_too=not image_first)
            blobs = uploads.find_blobs(connection, image_id)
        if image_first:
            self._check_rights(caller, needed)
        _check_has_data(image, for_deactivated=admins_get_deactivated and caller.is_admin)
        if image.size_bytes == 0 and not blobs:
            return image, EmptyBlob()
        return image, self._open_one(image, self._in_order(blobs, prefer))

    def _check_preferred(self, prefer: Sequence[str]) -> None:
        for name in prefer:
            if not self._stores.has_several or name not in self._stores.names:
                raise Invalid("prefer", name, "there is no choice of stores here with one of that name")

    def _check_rights(self, caller: Caller, needed: Sequence[Action]) -> None:
        for action in needed:
            self._rules.check(caller, action)

    def _in_order(self, blobs: list[StoredBlob], prefer: Sequence[str]) -> list[StoredBlob]:
        """Those in preferred stores first, then the heaviest; equal ones as they are, which is the oldest first."""
        if len(blobs) < 2:
            return blobs
        first = {name: place for place, name in enumerate(prefer)}
        return sorted(blobs, key=lambda one: (first.get(one.store, len(prefer)), -self._stores.weight(one.store)))

    def _open_one(self, image: Image, blobs: list[StoredBlob]) -> Blob:
        """The first blob that can be opened. If none can, a store that does not work is the answer, for it may have the data."""
        reason: NoData | Broken = NoData(f"The data of image {image.id} are missing.")
        for stored in blobs:
            store = self._stores.by_name.get(stored.store)
            if store is None:
                continue
            try:
                return _whole(store.open(stored.key), stored)
            except (BlobNotFound, Broken) as error:
                log.warning("Image %s has no data under key %s: %s", image.id, stored.key, error)
                reason = reason if isinstance(reason, Broken) else error
        raise reason


def _check_has_data(image: Image, *, for_deactivated: bool) -> None:
    """Raises Refused for a deactivated image, unless *for_deactivated*; NoData for one that has no data to hand out."""
    if image.status is Status.DEACTIVATED and not for_deactivated:
        raise Refused("The requested image has been deactivated. Image data download is forbidden.")
    if image.status not in (Status.ACTIVE, Status.DEACTIVATED):
        raise NoData(f"Image {image.id} is not active.")


def _whole(blob: Blob, stored: StoredBlob) -> Blob:
    """*blob*, if it is as long as it was when it was stored; a shorter one would break off in the client's hands."""
    if blob.size == stored.size_bytes:
        return blob
    blob.close()
    raise Broken("The store holds other data than were put into it.")
