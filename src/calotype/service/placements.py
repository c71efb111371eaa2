"""Where images' data are, as callers are told it: the stores where there is a choice, the places where operators say so."""

from collections.abc import Sequence
from dataclasses import replace

from calotype.blobs.stores import Stores
from calotype.catalogue import uploads
from calotype.catalogue.engine import Connection
from calotype.domain import locations
from calotype.domain.callers import Caller
from calotype.domain.images import Image, Status
from calotype.service.location_options import LocationOptions


class Placements:
    """Fills in `Image.stores`, `Image.places` and `Image.direct_url`, each where *options* and the stores give a reason to.

    Source: docs/api/v2.md, "Stores" and "Locations".
    """

    def __init__(self, stores: Stores, options: LocationOptions) -> None:
        self._stores = stores
        self._options = options

    def told(self, connection: Connection, caller: Caller, images: Sequence[Image]) -> list[Image]:
        """*images* with what *caller* may know of where their data are.

        Of a deactivated image only admins are told. One statement, whatever the number of images; none with a single store
        whose name nobody is told.
        """
        tells_places = self._options.show_multiple_locations or self._options.show_image_direct_url
        if not self._stores.has_several and not tells_places:
            return list(images)
        held = uploads.select_stores(connection, [image.id for image in images])
        return [self._placed(caller, image, held.get(image.id, ())) for image in images]

    def _placed(self, caller: Caller, image: Image, held: Sequence[str]) -> Image:
        if image.status is Status.DEACTIVATED and not caller.is_admin:
            return replace(image, places=() if self._options.show_multiple_locations else None)
        places = locations.all_of(image, self.in_order(held))
        names = self._stores.heaviest_first(place.store for place in places if place.store is not None)
        return replace(
            image,
            stores=tuple(names) if self._stores.has_several else (),
            places=places if self._options.show_multiple_locations else None,
            direct_url=places[0].url if places and self._options.show_image_direct_url else None,
        )

    def in_order(self, held: Sequence[str]) -> list[str]:
        """The names of stores that hold copies of ours, in the order in which they are told and numbered."""
        known = self._stores.heaviest_first(held)
        return [*known, *sorted(set(held) - set(known))]
