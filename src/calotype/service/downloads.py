"""Image data as callers fetch them."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from calotype.blobs.stores import Blob, EmptyBlob, Stores
from calotype.catalogue import uploads
from calotype.catalogue.engine import Catalogue
from calotype.domain.addresses import scheme_of
from calotype.domain.callers import Caller
from calotype.domain.errors import BlobNotFound, Broken, Invalid, NoData, Refused, Throttled
from calotype.domain.images import Image, Location, Status, StoredBlob
from calotype.domain.locations import SCHEMES
from calotype.domain.rights import Action, Rules
from calotype.service.images import check_may_see_any, find

if TYPE_CHECKING:  # at run time it loads what a service without URLs has no use for
    from calotype.service.origins import Origins

_Place = StoredBlob | Location

log = logging.getLogger(__name__)


class Downloads:
    """*origins* None: no data are at URLs, or none that may be read."""

    def __init__(self, catalogue: Catalogue, stores: Stores, rules: Rules, origins: "Origins | None" = None) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._rules = rules
        self._origins = origins

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
        is not active and for data that are missing; Broken if no store can give them, and Throttled if none can now.
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
        return image, self._open_one(image, self._in_order([*blobs, *image.locations], prefer))

    def _check_preferred(self, prefer: Sequence[str]) -> None:
        for name in prefer:
            if not self._stores.has_several or name not in self._stores.names:
                raise Invalid("prefer", name, "there is no choice of stores here with one of that name")

    def _check_rights(self, caller: Caller, needed: Sequence[Action]) -> None:
        for action in needed:
            self._rules.check(caller, action)

    def _in_order(self, places: list[_Place], prefer: Sequence[str]) -> list[_Place]:
        """Those in preferred stores first, then the heaviest; equal ones as they are: our copies, the oldest first, then URLs.

        What was found damaged comes last, wherever it is.
        """
        if len(places) < 2:
            return places
        first = {name: place for place, name in enumerate(prefer)}

        def rank(one: _Place) -> tuple[bool, int, int]:
            name, is_damaged = one.store or "", isinstance(one, StoredBlob) and one.is_damaged
            return is_damaged, first.get(name, len(prefer)), -self._stores.weight(name)

        return sorted(places, key=rank)

    def _open_one(self, image: Image, places: list[_Place]) -> Blob:
        """The data at the first place that can be opened.

        If none can, a store that does not work is the answer, for it may have the data.
        """
        reason: NoData | Broken | Throttled = NoData(f"The data of image {image.id} are missing.")
        for place in places:
            try:
                blob = self._open_at(place, image)
            except (BlobNotFound, Broken, Throttled) as error:
                log.warning("Image %s has no data in store %s: %s", image.id, place.store, error)
                reason = error if isinstance(reason, NoData) else reason
            else:
                if blob is not None:
                    return blob
        raise reason

    def _open_at(self, place: _Place, image: Image) -> Blob | None:
        """None where *place* is in no store that is configured."""
        if isinstance(place, Location):
            if self._origins is None or scheme_of(place.url) not in SCHEMES:
                return None
            return self._origins.open(place.url, image.size_bytes)
        store = self._stores.by_name.get(place.store)
        return None if store is None else _whole(store.open(place.key), place)


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
