"""Image data as callers fetch them."""

import logging

from calotype.blobs.stores import Blob, EmptyBlob, Stores
from calotype.catalogue import uploads
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.errors import BlobNotFound, Broken, NoData, Refused
from calotype.domain.images import Image, Status, StoredBlob
from calotype.domain.rights import Action, Rules
from calotype.service.images import find

log = logging.getLogger(__name__)


class Downloads:
    def __init__(self, catalogue: Catalogue, stores: Stores, rules: Rules) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._rules = rules

    def open(self, caller: Caller, image_id: str) -> tuple[Image, Blob]:
        """The image and its data, to be closed by who gets them.

        Raises Refused before any look-up if *caller* may not download; ImageNotFound for what is not there or not the
        caller's to see; Refused for a deactivated image, whoever asks; NoData for one that is not active and for data
        that are missing; Broken if no store can give them. Source: docs/api/v1.md, "Download".
        """
        self._rules.check(caller, Action.SHOW_IMAGE)
        self._rules.check(caller, Action.DOWNLOAD_IMAGE)
        with self._catalogue.reading() as connection:
            image = find(connection, caller, image_id)
            blobs = uploads.find_blobs(connection, image_id)
        if image.status is Status.DEACTIVATED:
            raise Refused("The requested image has been deactivated. Image data download is forbidden.")
        if image.status is not Status.ACTIVE:
            raise NoData(f"Image {image_id} is not active.")
        if image.size_bytes == 0 and not blobs:
            return image, EmptyBlob()
        return image, self._open_one(image, blobs)

    def _open_one(self, image: Image, blobs: list[StoredBlob]) -> Blob:
        """The first blob that can be opened; if none can, the last reason is the answer, for the log each."""
        reason: NoData | Broken = NoData(f"The data of image {image.id} are missing.")
        for stored in blobs:
            store = self._stores.by_name.get(stored.store)
            if store is None:
                continue
            try:
                return _whole(store.open(stored.key), stored)
            except (BlobNotFound, Broken) as error:
                log.warning("Image %s has no data under key %s: %s", image.id, stored.key, error)
                reason = error
        raise reason


def _whole(blob: Blob, stored: StoredBlob) -> Blob:
    """*blob*, if it is as long as it was when it was stored; a shorter one would break off in the client's hands."""
    if blob.size == stored.size_bytes:
        return blob
    blob.close()
    raise Broken("The store holds other data than were put into it.")
