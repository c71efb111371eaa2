"""Where images' data are, as callers are told it: the stores where there is a choice, the places where operators say so."""

from collections.abc import Sequence

from calotype.blobs.stores import Stores
from calotype.catalogue import uploads
from calotype.catalogue.engine import Connection
from calotype.domain import locations
from calotype.domain.callers import Caller
from calotype.domain.images import Image, Location, Status
from calotype.service.location_options import LocationOptions


class Placements:
    """Fills in `Image.stores`, `Image.places` and `Image.direct_url`, each where *options* and the stores give a reason to.

    Source: docs/api/v2.md, "Stores" and "Locations".
    """

    def __init__(self, stores: Stores, options: LocationOptions) -> None:
        self._stores = stores
        self._options = options

    def told(self, connection: Connection, caller: Caller, images: Sequence[Image]) -> list[Image]:
        """*images* with what *caller* may know of where their data are, filled in: `replace` took as long as the statement.

        Of a deactivated image only admins are told. One statement, whatever the number of images; none with a single store
        whose name nobody is told.
        """
        tells_places = self._options.show_multiple_locations or self._options.show_image_direct_url
        if self._stores.has_several or tells_places:
            held = uploads.select_stores(connection, [image.id for image in images])
            as_admin = caller.is_admin
            for image in images:
                is_told = as_admin or image.status is not Status.DEACTIVATED
                if self._stores.has_several and is_told:
                    self._fill_in_stores(image, held.get(image.id, ()))
                if tells_places:
                    places = locations.all_of(image, self.in_order(held.get(image.id, ()))) if is_told else ()
                    self._fill_in_places(image, places)
        return list(images)

    def _fill_in_stores(self, image: Image, held: Sequence[str]) -> None:
        elsewhere = (location.store for location in image.locations if location.store is not None)
        image.stores = tuple(self._stores.heaviest_first((*held, *elsewhere)))

    def _fill_in_places(self, image: Image, held: tuple[Location, ...]) -> None:
        places = tuple(map(locations.without_credentials, held))
        if self._options.show_multiple_locations:
            image.places = places
        if self._options.show_image_direct_url and places:
            image.direct_url = places[0].url

    def in_order(self, held: Sequence[str]) -> list[str]:
        """The names of stores that hold copies of ours, in the order in which they are told and numbered."""
        known = self._stores.heaviest_first(held)
        return [*known, *sorted(set(held) - set(known))]
