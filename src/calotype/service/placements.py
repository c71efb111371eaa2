"""In which stores images' data lie, as callers are told it: only where there is a choice of stores."""

from collections.abc import Sequence
from dataclasses import replace

from calotype.blobs.stores import Stores
from calotype.catalogue import uploads
from calotype.catalogue.engine import Connection
from calotype.domain.callers import Caller
from calotype.domain.images import Image, Status


class Placements:
    """Fills in `Image.stores`. Source: docs/api/v2.md, "Stores"."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def told(self, connection: Connection, caller: Caller, images: Sequence[Image]) -> list[Image]:
        """*images* with the names of the stores that hold their data, external ones too, the heaviest first.

        Where a deactivated image's data lie only admins are told. One statement, whatever the number of images; none with a
        single store.
        """
        if not self._stores.has_several:
            return list(images)
        held = uploads.select_stores(connection, [image.id for image in images])
        return [self._with_stores(caller, image, held.get(image.id, ())) for image in images]

    def _with_stores(self, caller: Caller, image: Image, held: Sequence[str]) -> Image:
        if image.status is Status.DEACTIVATED and not caller.is_admin:
            return image
        elsewhere = [location.store for location in image.locations if location.store is not None]
        return replace(image, stores=tuple(self._stores.heaviest_first([*held, *elsewhere])))
