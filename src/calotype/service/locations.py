"""Where an image's data are, as callers are told and may say of images that wait for data."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from calotype.blobs import digests
from calotype.catalogue import uploads
from calotype.catalogue.engine import Catalogue, Connection
from calotype.catalogue.uploads import UploadRow
from calotype.domain import locations, rights
from calotype.domain.addresses import scheme_of
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import Conflict, Invalid, OverLimit, Refused
from calotype.domain.images import Image, Location, Status
from calotype.domain.locations import HTTP_STORE, SCHEMES, Hash
from calotype.domain.rights import Action, Rules
from calotype.service import bounds, image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.images import Images, check_may_see_any, find
from calotype.service.location_hashes import LocationHashes, Task
from calotype.service.location_options import LocationOptions
from calotype.service.options import ServiceOptions
from calotype.service.placements import Placements
from calotype.service.upload import LEASE_S
from calotype.service.uploads import require_formats

if TYPE_CHECKING:  # at run time it loads what a service without URLs has no use for
    from calotype.service.origins import Origins


class Locations:
    """*origins*, *hashes*: None where no data may be at URLs. *node* names this process in rows of its work."""

    def __init__(
        self,
        catalogue: Catalogue,
        images: Images,
        placements: Placements,
        rules: Rules,
        options: LocationOptions,
        limits: ServiceOptions,
        *,
        origins: "Origins | None",
        hashes: LocationHashes | None,
        node: str,
        audit: Recorder = SILENT,
    ) -> None:
        self._catalogue = catalogue
        self._images = images
        self._placements = placements
        self._rules = rules
        self._options = options
        self._limits = limits
        self._origins = origins
        self._hashes = hashes
        self._node = node
        self._audit = audit

    def of_image(self, caller: Caller, image_id: str) -> tuple[Location, ...]:
        """All locations of the image, our own copies first; for programs of the cloud's own and admins.

        Raises ImageNotFound, then Refused.
        """
        with self._catalogue.reading() as connection:
            image = find(connection, caller, image_id, deleted_too=False)
            self.check(caller, image, Action.FETCH_LOCATIONS)
            return self.all_of(connection, image)

    @audited(Act.LOCATION_ADD, "image_id")
    def add_first(self, caller: Caller, image_id: str, url: str, said: Hash | None) -> None:
        """Let a queued image have its data at *url*, where they are *said* to be those.

        Without *said* the image is active when this returns. Else, with `do_secure_hash`, it is importing until the data
        were read: then active, or queued again if they are others or cannot be read.

        Raises, with nothing changed, ImageNotFound; Refused; Conflict if it is not queued; Refused for a URL that only
        programs of the cloud's own may name; Invalid for one that is not followed, or has no data, and for an image whose
        formats are not set; OverLimit for data over the size cap; Throttled.
        """
        with self._catalogue.reading() as connection:
            image = self._find_to_add(connection, caller, image_id)
        if not self._is_service(caller) and (self._origins is None or scheme_of(url) not in SCHEMES):
            raise Refused("Only data at http and https URLs may be named, where the store for them is offered.")
        require_formats(image)
        bounds.check_count("locations", 1, self._options.location_quota)
        size_bytes = self._size_of(url)
        with ExitStack() as undo:
            self._reserve_hash(undo)
            with self._catalogue.writing() as connection:
                image = self._find_to_add(connection, caller, image_id, for_update=True)
                require_formats(image)
                task = self._add_first(caller, connection, image, Location(url, HTTP_STORE), size_bytes, said)
            if task is not None and self._hashes is not None:
                undo.pop_all()
                self._hashes.start(task)

    def _size_of(self, url: str) -> int:
        return self.sizes_of([url])[url]

    def sizes_of(self, urls: Sequence[str]) -> Mapping[str, int]:
        """How many bytes are at each of *urls*. Raises Invalid if one leads nowhere, OverLimit, Throttled."""
        if self._origins is None or not all(scheme_of(url) in SCHEMES for url in urls):
            raise Invalid("url", "***", "no store is offered for data at such a place")
        sizes = self._origins.sizes_of(urls)
        if max(sizes.values()) > self._limits.image_size_cap_bytes:
            raise OverLimit(f"Image data may have {self._limits.image_size_cap_bytes} bytes at most.")
        return sizes

    def all_of(self, connection: Connection, image: Image) -> tuple[Location, ...]:
        """All locations of *image*, our own copies first. One statement."""
        return locations.all_of(image, self.copies(connection, image.id))

    def copies(self, connection: Connection, image_id: str) -> tuple[str, ...]:
        """The stores of ours that hold the image's data, in the order of its locations. One statement."""
        return tuple(self._placements.in_order(uploads.select_stores(connection, [image_id]).get(image_id, ())))

    def close(self) -> None:
        """End what is being read beside the calls."""
        if self._hashes is not None:
            self._hashes.close()

    def _reserve_hash(self, undo: ExitStack) -> None:
        if self._options.do_secure_hash and self._hashes is not None:
            self._hashes.reserve()
            undo.callback(self._hashes.release)

    def _add_first(
        self,
        caller: Caller,
        connection: Connection,
        image: Image,
        location: Location,
        size_bytes: int,
        said: Hash | None,
    ) -> Task | None:
        """The image with *location* alone, and what is left to do for it."""
        made = replace(image, locations=(location,), checksum=None, os_hash_algo=None, os_hash_value=None)
        if not self._options.do_secure_hash:
            known = replace(made, os_hash_algo=said.algorithm, os_hash_value=said.value) if said else made
            active = replace(known, status=Status.ACTIVE, size_bytes=size_bytes)
            image_changes.tell_change(self._images.write(connection, active, was=image), image)
            return None
        draft = self._audit.draft(Act.LOCATION_DIGEST, caller, image.id)
        if said is None:
            active = replace(made, status=Status.ACTIVE, size_bytes=size_bytes, os_hash_algo=digests.OS_HASH)
            image_changes.tell_change(self._images.write(connection, active, was=image), image)
            return Task(image_id=image.id, url=location.url, size_bytes=size_bytes, draft=draft)
        row = self._row(image)
        uploads.insert_upload(connection, row, lease_s=LEASE_S)
        importing = replace(made, status=Status.IMPORTING, size_bytes=None)
        image_changes.tell_change(self._images.write(connection, importing, was=image), image)
        return Task(image_id=image.id, url=location.url, size_bytes=size_bytes, row=row, said=said, draft=draft)

    def _row(self, image: Image) -> UploadRow:
        """An upload without bytes: what the image is left to if this process dies. Its key is that of no blob."""
        return UploadRow(
            id=str(uuid.uuid4()),
            image_id=image.id,
            blob_key=secrets.token_hex(16),
            store=HTTP_STORE,
            on_failure=Status.QUEUED,
            size_declared=None,
            node=self._node,
        )

    def _find_to_add(self, connection: Connection, caller: Caller, image_id: str, *, for_update: bool = False) -> Image:
        image = find(connection, caller, image_id, for_update=for_update, deleted_too=False)
        if not self._is_service(caller):
            self.check(caller, image, Action.ADD_LOCATION)
            rights.check_may_change(caller, image.owner, image.visibility)
        if image.status is not Status.QUEUED:
            raise Conflict(f"Image {image.id} is {image.status} and takes no location any more.")
        return image

    def _is_service(self, caller: Caller) -> bool:
        return self._rules.allow(caller, Action.ADD_ANY_LOCATION)

    def check(self, caller: Caller, image: Image, action: Action) -> None:
        """Raises Refused without the right; ImageNotFound for a caller who may be shown no image at all."""
        if not self._rules.allow(caller, action):
            check_may_see_any(self._rules, caller, image.id)
        self._rules.check(caller, action)
