"""Stores as callers are told of them and choose among them; where there is only one, nobody hears of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from calotype.blobs.stores import Stores
from calotype.catalogue import uploads, usage
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import Conflict, NotFound, Refused
from calotype.domain.images import Image, Status, StoredBlob
from calotype.domain.rights import Action, Rules
from calotype.domain.stores import Store
from calotype.service import image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.deletions import remove_bytes
from calotype.service.images import Images, find_to


class NamedStores:
    """The use cases of stores. Source: docs/api/v2.md, "Stores"."""

    def __init__(
        self, catalogue: Catalogue, stores: Stores, images: Images, rules: Rules, audit: Recorder = SILENT
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._images = images
        self._rules = rules
        self._audit = audit

    @property
    def choice(self) -> tuple[str, ...]:
        """The names of the stores, in the operator's order; () if there is only one, which is no choice."""
        return self._stores.names if self._stores.has_several else ()

    def listed(self) -> tuple[Store, ...]:
        """Every store, in the operator's order. Raises NotFound if there is only one."""
        if not self._stores.has_several:
            raise NotFound("There is one store of image data here, and no choice of stores.")
        return self._stores.described

    def listed_in_detail(self, caller: Caller) -> tuple[Store, ...]:
        """The same for those who may know what the stores are made of. Raises NotFound, and then Refused."""
        stores = self.listed()
        self._rules.check(caller, Action.SHOW_STORE_DETAILS)
        return stores

    @audited(Act.STORE_REMOVE, "image_id")
    def remove_data(self, caller: Caller, store: str, image_id: str) -> None:
        """The data of an active image removed from one store; those in others stay.

        Bytes that the store does not let go are left to housekeeping: nothing names them any more.

        Raises NotFound if there is only one store; Conflict for a store that is none; ImageNotFound; Refused for a missing
        right; Conflict for an image that is not active; NotFound for one without data there, and Refused for the last.
        """
        self.listed()
        if store not in self._stores.names:
            raise Conflict(f"There is no store {store}.")
        with self._catalogue.writing() as connection:
            image = find_to(connection, caller, image_id, self._rules, Action.SHOW_LOCATIONS)
            self._rules.check(caller, Action.DELETE_LOCATION)
            if image.status is not Status.ACTIVE:
                raise Conflict(f"Image {image_id} is {image.status}; only of an active one data can be removed.")
            blobs = self._take_from(connection, image, store)
            image_changes.tell(image, {"stores": ((store,), ())})
        self.remove(blobs)

    def forget(self, connection: Connection, image: Image, stores: Sequence[str]) -> list[StoredBlob]:
        """The copies of *image* in *stores*, which nothing names any more; to be removed once that is durable."""
        blobs = [blob for store in stores for blob in uploads.delete_blobs_in(connection, image.id, store)]
        usage.release(connection, image.owner, sum(blob.size_bytes for blob in blobs))
        return blobs

    def remove(self, blobs: Iterable[StoredBlob]) -> None:
        """Remove bytes of which it is durable that nothing names them, as a deletion does."""
        remove_bytes(self._stores, blobs)

    def _take_from(self, connection: Connection, image: Image, store: str) -> list[StoredBlob]:
        """The blobs that are nobody's from now on; external locations in the store are forgotten too."""
        blobs = self.forget(connection, image, [store])
        kept = tuple(location for location in image.locations if location.store != store)
        if not blobs and len(kept) == len(image.locations):
            raise NotFound(f"Image {image.id} has no data in the store {store}.")
        if not kept and not uploads.find_blobs(connection, image.id):
            raise Refused(f"The data in the store {store} are the only ones that image {image.id} has.")
        self._images.write(connection, replace(image, locations=kept), was=image)
        return blobs
