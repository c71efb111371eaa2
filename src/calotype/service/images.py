"""Images as callers ask for them: listed, shown, made, changed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from calotype.catalogue import images as statements
from calotype.catalogue import listing, usage
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain import rights
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import ImageNotFound, Overtaken, Refused
from calotype.domain.images import GONE, Image, Status, Visibility
from calotype.domain.properties import NEVER_SHOWN, check_not_reserved
from calotype.domain.query import HasProperty, ImageQuery
from calotype.domain.rights import Action, Rules
from calotype.service import bounds, image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.changes import UNSET, Change, changed
from calotype.service.options import ServiceOptions
from calotype.service.placements import Placements

Clock = Callable[[], datetime]
"""Gives the present in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """What a caller says about an image to be made. *size_bytes* and *checksum* are promises about data to come."""

    id: str | None = None
    name: str | None = None
    owner: str | None = None
    visibility: Visibility = Visibility.SHARED
    disk_format: str | None = None
    container_format: str | None = None
    size_bytes: int | None = None
    checksum: str | None = None
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    is_protected: bool = False
    is_hidden: bool = False
    properties: dict[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


class Images:
    """The use cases of image records; each opens its own transaction. *placements* None: images never tell their stores."""

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        options: ServiceOptions,
        clock: Clock,
        placements: Placements | None = None,
        audit: Recorder = SILENT,
    ) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._options = options
        self._clock = clock
        self._placements = placements
        self._audit = audit

    def check_may_list(self, caller: Caller) -> None:
        """Raises Refused if *caller* may not list images at all; for dialects that say so before they read the query."""
        self._rules.check(caller, Action.LIST_IMAGES)

    def page(self, caller: Caller, query: ImageQuery, *, with_stores: bool = False) -> list[Image]:
        """One page of the images *caller* may list, in the order *query* asks for; *with_stores*: with `Image.stores`.

        Raises Refused, Invalid for a marker the caller may not begin after, and Busy, naming the filters, if it takes too long.
        """
        self.check_may_list(caller)
        if any(isinstance(one, HasProperty) and one.name in NEVER_SHOWN for one in query.conditions):
            return []
        scope = rights.list_scope(caller, query)
        with self._catalogue.reading() as connection:
            images = listing.select_page(connection, scope, query)
            return self._told(connection, caller, images) if with_stores else images

    def show(self, caller: Caller, image_id: str, *, image_first: bool = False, with_stores: bool = False) -> Image:
        """The image of this id; a deleted one is shown to admins only. *with_stores*: with `Image.stores`.

        Raises Refused before any look-up, and ImageNotFound both for what is not there and for what is not the caller's to
        see. *image_first*: without the right there is no image for the caller either, and a deleted one for nobody.
        """
        if image_first:
            check_may_see_any(self._rules, caller, image_id)
        else:
            self._rules.check(caller, Action.SHOW_IMAGE)
        with self._catalogue.reading() as connection:
            image = find(connection, caller, image_id, deleted_too=not image_first)
            return self.with_stores(connection, caller, image) if with_stores else image

    def with_stores(self, connection: Connection, caller: Caller, image: Image) -> Image:
        """*image* with the names of the stores that hold its data, as far as *caller* may know them."""
        return self._told(connection, caller, [image])[0]

    def _told(self, connection: Connection, caller: Caller, images: list[Image]) -> list[Image]:
        return images if self._placements is None else self._placements.told(connection, caller, images)

    @audited(Act.IMAGE_CREATE)
    def create(self, caller: Caller, new: NewImage, *, is_complete: bool = False, with_stores: bool = False) -> Image:
        """A new record without data: queued, or active at once if it *is_complete* without any. *with_stores*: as in `show`.

        Raises Refused, Invalid naming the field, OverLimit, and Conflict if the id was ever used.
        """
        self.check_new(caller, new)
        with self._catalogue.writing() as connection:
            image = self.insert_new(connection, new, Status.ACTIVE if is_complete else Status.QUEUED)
            usage.add_image(connection, image.owner)
            image_changes.tell_new(image)
            return self.with_stores(connection, caller, image) if with_stores else image

    def insert_new(self, connection: Connection, new: NewImage, status: Status) -> Image:
        """The image that *new* describes, which `check_new` has let pass, in a transaction that may have more to do and
        counts the image at its end.

        Raises Conflict if the id was ever used.
        """
        now = self._clock()
        image = Image(
            id=new.id if new.id is not None else str(uuid.uuid4()),
            name=new.name,
            owner=new.owner,
            visibility=new.visibility,
            status=status,
            disk_format=new.disk_format,
            container_format=new.container_format,
            size_bytes=new.size_bytes,
            checksum=new.checksum,
            min_disk_gib=new.min_disk_gib,
            min_ram_mib=new.min_ram_mib,
            is_protected=new.is_protected,
            is_hidden=new.is_hidden,
            created_at=now,
            updated_at=now,
            properties=new.properties,
            tags=new.tags,
        )
        statements.insert_image(connection, image)
        return image

    def check_new(self, caller: Caller, new: NewImage) -> None:
        """Raises what stands against *caller* making *new*, before anything is written: Invalid, Refused, OverLimit."""
        bounds.check_formats(new.disk_format, new.container_format, self._options)
        bounds.check_texts(new.name, new.owner, new.properties)
        bounds.check_tags(new.tags)
        bounds.check_numbers(new.size_bytes, new.min_disk_gib, new.min_ram_mib)
        check_not_reserved(new.properties)
        self._rules.check(caller, Action.ADD_IMAGE)
        check_may_show_to(self._rules, caller, new.visibility)
        if not caller.is_admin and (caller.project is None or new.owner != caller.project):
            raise Refused("Only an admin may make an image for another project.")
        bounds.check_count("properties", len(new.properties), self._options.property_quota)
        bounds.check_count("tags", len(new.tags), self._options.tag_quota)

    @audited(Act.IMAGE_UPDATE, "image_id")
    def update(self, caller: Caller, image_id: str, change: Change, *, purge: bool) -> Image:
        """The image after *change*; its properties take the place of all others if *purge*, and else join them.

        Raises Refused for a right that is missing, before any look-up; ImageNotFound; Refused for a deleted image, for one
        that is another's (OnlyShared unless it is public) and for what may not change; Invalid and OverLimit for what the
        image would be; Overtaken.
        """
        self.check_may_change(caller, change)
        with self._catalogue.writing() as connection:
            image = find_own(connection, caller, image_id)
            made = self.write(connection, self.changed(caller, image, change, purge=purge), was=image)
            image_changes.tell_change(made, image)
            return made

    def check_may_change(self, caller: Caller, change: Change) -> None:
        """Raises Refused for rights that *caller* lacks to *change* any image at all."""
        self._rules.check(caller, Action.MODIFY_IMAGE)
        if change.is_public is True:
            self._rules.check(caller, Action.PUBLICIZE_IMAGE)
        if change.owner is not UNSET and not caller.is_admin:
            raise Refused("Only an admin may give an image to another project.")
        check_not_reserved(change.properties)

    def changed(self, caller: Caller, image: Image, change: Change, *, purge: bool) -> Image:
        """*image* as `update` would write it. Raises Refused, Invalid and OverLimit as that does."""
        made = changed(image, change, as_admin=caller.is_admin, purge=purge)
        given = change.given()
        bounds.check_formats(given.get("disk_format"), given.get("container_format"), self._options)
        bounds.check_texts(made.name, made.owner, made.properties)
        bounds.check_numbers(given.get("size_bytes"), given.get("min_disk_gib"), given.get("min_ram_mib"))
        bounds.check_count("properties", len(made.properties), self._options.property_quota)
        return made

    def write(self, connection: Connection, image: Image, *, was: Image) -> Image:
        """*image*, stored as its next version, changed now; *was*: as it is held by the transaction.

        Raises Overtaken if it is at another version than *image*, and OverLimit if a new owner has no room for it.
        """
        image = replace(image, updated_at=self._clock())
        if not statements.write(connection, image):
            raise Overtaken(f"Image {image.id} was changed by somebody else at the same time.")
        if image.owner != was.owner:
            usage.move_image(connection, image.id, was.owner, image.owner)
        return replace(image, version=image.version + 1)


def check_may_show_to(rules: Rules, caller: Caller, visibility: Visibility) -> None:
    """Raises Refused if *caller* may not give images this visibility."""
    if visibility is Visibility.PUBLIC:
        rules.check(caller, Action.PUBLICIZE_IMAGE)
    if visibility is Visibility.COMMUNITY:
        rules.check(caller, Action.COMMUNITIZE_IMAGE)


def check_may_see_any(rules: Rules, caller: Caller, image_id: str) -> None:
    """Raises ImageNotFound if *caller* lacks the right to be shown images at all; for dialects that deny it so."""
    if not rules.allow(caller, Action.SHOW_IMAGE):
        raise ImageNotFound(image_id)


def find(
    connection: Connection, caller: Caller, image_id: str, *, for_update: bool = False, deleted_too: bool = True
) -> Image:
    """The image if *caller* may see it, in a transaction that is open. Raises ImageNotFound.

    *deleted_too*: an admin may see a deleted one, and one that waits to be deleted counts as there.
    """
    image = statements.get(connection, image_id, for_update=for_update)
    shown = image if image is not None and _is_there(image, caller, deleted_too=deleted_too) else None
    if shown is not None and rights.may_see(caller, shown.owner, shown.visibility, is_member=False):
        return shown
    # Members are looked at for those alone who may see the image by nothing else, and where there is no image: what is
    # not there must not be answered sooner than what is not the caller's to see.
    is_member = statements.is_member(connection, image_id, caller.project)
    if shown is not None and rights.may_see(caller, shown.owner, shown.visibility, is_member=is_member):
        return shown
    raise ImageNotFound(image_id)


def _is_there(image: Image, caller: Caller, *, deleted_too: bool) -> bool:
    if deleted_too:
        return caller.is_admin or not image.is_deleted
    return not image.is_deleted and image.status not in GONE


def find_own(connection: Connection, caller: Caller, image_id: str) -> Image:
    """The image if it is *caller*'s to change, kept from others until the transaction ends.

    Raises ImageNotFound; Refused for a deleted image, and OnlyShared or Refused for another's.
    """
    image = find(connection, caller, image_id, for_update=True)
    if image.is_deleted:
        raise Refused("A deleted image cannot be changed.")
    rights.check_may_change(caller, image.owner, image.visibility)
    return image


def find_to(connection: Connection, caller: Caller, image_id: str, rules: Rules, action: Action) -> Image:
    """The image if *caller* may see it, may do *action*, and owns it; kept from others until the transaction ends.

    First whether there is such an image for the caller, then what the caller may do: the other way round than `update`.
    Raises ImageNotFound for what is not there, deleted, or not for the caller's eyes, and then Refused.
    Source: docs/api/v2.md, "Errors".
    """
    check_may_see_any(rules, caller, image_id)
    image = find(connection, caller, image_id, for_update=True, deleted_too=False)
    rules.check(caller, action)
    rights.check_may_change(caller, image.owner, image.visibility)
    return image
