"""Locations among the edits of an image: who may make them, what is asked elsewhere first, and our copies that go by them."""

from collections.abc import Mapping, Sequence

from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain import rights
from calotype.domain.callers import Caller
from calotype.domain.edits import Edit, edited
from calotype.domain.errors import Conflict, Refused
from calotype.domain.images import Image, Status, StoredBlob
from calotype.domain.location_edits import LocationEdit, RemoveLocation, most_named, wanted_urls
from calotype.domain.locations import Places
from calotype.domain.rights import Action, Rules
from calotype.service import bounds
from calotype.service.images import find
from calotype.service.location_options import LocationOptions
from calotype.service.locations import Locations
from calotype.service.stores import NamedStores


class LocationEdits:
    """What `Edits` leaves to it where there are edits of locations among the others."""

    def __init__(
        self, catalogue: Catalogue, locations: Locations, stores: NamedStores, rules: Rules, options: LocationOptions
    ) -> None:
        self._catalogue = catalogue
        self._locations = locations
        self._stores = stores
        self._rules = rules
        self._options = options

    def sizes(self, caller: Caller, image_id: str, edits: Sequence[Edit]) -> Mapping[str, int]:
        """The sizes of what is at the URLs that *edits* name and the image does not have; outside of any transaction.

        Nobody is asked for a caller who may not make them: raises ImageNotFound, Refused, Conflict for an image in a state
        that takes none, and OverLimit for more than there may be; then what comes of asking: Invalid, OverLimit, Throttled.
        """
        if not any(isinstance(edit, LocationEdit) for edit in edits):
            return {}
        with self._catalogue.reading() as connection:
            image = find(connection, caller, image_id, deleted_too=False)
            self._check_rights(caller, image, edits)
            held = self._locations.all_of(connection, image)
        # Before they are made one by one: each is compared with all that there are by then.
        bounds.check_count("locations", most_named(edits), self._options.location_quota, had=len(held))
        known = set() if image.status is Status.QUEUED else {place.url for place in held}
        new = [url for url in dict.fromkeys(url for edit in edits for url in wanted_urls(edit)) if url not in known]
        if not new:
            return {}
        if image.status not in (Status.ACTIVE, Status.QUEUED):
            raise Conflict(f"Image {image.id} is {image.status} and takes no location.")
        bounds.check_count("locations", len(new), self._options.location_quota)
        return self._locations.sizes_of(new)

    def make(
        self, connection: Connection, caller: Caller, image: Image, edits: Sequence[Edit], sizes: Mapping[str, int]
    ) -> tuple[Image, list[str]]:
        """*image* after *edits*, and the stores whose copies of it are to go: for `forget`, once it is written.

        Raises Refused, what an edit raises, and OverLimit for more locations than there may be, if they are more than before.
        """
        if not any(isinstance(edit, LocationEdit) for edit in edits):
            return edited(image, edits), []
        self._check_rights(caller, image, edits)
        copies = self._locations.copies(connection, image.id)
        places = Places(copies, sizes)
        made = edited(image, edits, places)
        count, before = len(places.copies) + len(made.locations), len(copies) + len(image.locations)
        bounds.check_count("locations", count, self._options.location_quota, had=before)
        return made, [name for name in copies if name not in places.copies]

    def forget(self, connection: Connection, image: Image, stores: Sequence[str]) -> list[StoredBlob]:
        """The copies of *image* in *stores*, which nothing names any more: for `remove`, once that is durable.

        After the image is written: a change of owner takes both owners' rows of usage in their order, and this one of them.
        """
        return self._stores.forget(connection, image, stores) if stores else []

    def remove(self, blobs: Sequence[StoredBlob]) -> None:
        """Remove bytes that nothing names any more."""
        self._stores.remove(blobs)

    def _check_rights(self, caller: Caller, image: Image, edits: Sequence[Edit]) -> None:
        """Raises Refused if *caller* may not make those of *edits* that are of locations, or nobody may."""
        self._locations.check(caller, image, Action.MODIFY_IMAGE)
        rights.check_may_change(caller, image.owner, image.visibility)
        if not self._options.show_multiple_locations:
            raise Refused("Locations that are not shown cannot be changed.")
        for edit in edits:
            if isinstance(edit, LocationEdit):
                removes = isinstance(edit, RemoveLocation)
                self._rules.check(caller, Action.DELETE_LOCATION if removes else Action.SET_LOCATION)
