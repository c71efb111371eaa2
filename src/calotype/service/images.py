"""Images as callers ask for them: listed, shown, made, changed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from calotype.catalogue import images as statements
from calotype.catalogue import listing, usage
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain import rights
from calotype.domain.callers import Caller
from calotype.domain.errors import ImageNotFound, Invalid, OverLimit, Overtaken, Refused
from calotype.domain.images import GONE, Image, Status, Visibility
from calotype.domain.query import ImageQuery
from calotype.domain.rights import Action, Rules
from calotype.domain.texts import MOST_PROPERTY_VALUE_BYTES, require_storable
from calotype.service.changes import UNSET, Change, changed
from calotype.service.options import ServiceOptions

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
    properties: dict[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


class Images:
    """The use cases of image records; each opens its own transaction."""

    def __init__(self, catalogue: Catalogue, rules: Rules, options: ServiceOptions, clock: Clock) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._options = options
        self._clock = clock

    def check_may_list(self, caller: Caller) -> None:
        """Raises Refused if *caller* may not list images at all; for dialects that say so before they read the query."""
        self._rules.check(caller, Action.LIST_IMAGES)

    def page(self, caller: Caller, query: ImageQuery) -> list[Image]:
        """One page of the images *caller* may list, in the order *query* asks for.

        Raises Refused, Invalid for a marker the caller may not begin after, and Busy, naming the filters, if it takes too long.
        """
        self.check_may_list(caller)
        scope = rights.list_scope(caller, query)
        with self._catalogue.reading() as connection:
            return listing.select_page(connection, scope, query)

    def show(self, caller: Caller, image_id: str, *, deleted_too: bool = True) -> Image:
        """The image of this id; a deleted one, if *deleted_too*, is shown to admins only.

        Raises Refused before any look-up, and ImageNotFound both for what is not there and for what is not the caller's to see.
        """
        self._rules.check(caller, Action.SHOW_IMAGE)
        with self._catalogue.reading() as connection:
            return find(connection, caller, image_id, deleted_too=deleted_too)

    def create(self, caller: Caller, new: NewImage, *, is_complete: bool = False) -> Image:
        """A new record without data: queued, or active at once if it *is_complete* without any.

        Raises Refused, Invalid naming the field, OverLimit, and Conflict if the id was ever used.
        """
        self.check_new(caller, new)
        with self._catalogue.writing() as connection:
            image = self.insert_new(connection, new, Status.ACTIVE if is_complete else Status.QUEUED)
            usage.add_image(connection, image.owner)
            return image

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
            created_at=now,
            updated_at=now,
            properties=new.properties,
            tags=new.tags,
        )
        statements.insert_image(connection, image)
        return image

    def check_new(self, caller: Caller, new: NewImage) -> None:
        """Raises what stands against *caller* making *new*, before anything is written."""
        self._rules.check(caller, Action.ADD_IMAGE)
        if new.visibility is Visibility.PUBLIC:
            self._rules.check(caller, Action.PUBLICIZE_IMAGE)
        if new.owner != caller.project and not caller.is_admin:
            raise Refused("Only an admin may make an image for another project.")
        check_formats(new.disk_format, new.container_format, self._options)
        check_texts(new.name, new.owner, new.properties)
        check_numbers(new.size_bytes, new.min_disk_gib, new.min_ram_mib)
        self._check_property_count(new.properties)

    def update(self, caller: Caller, image_id: str, change: Change, *, purge: bool) -> Image:
        """The image after *change*; its properties take the place of all others if *purge*, and else join them.

        Raises Refused for a right that is missing, before any look-up; ImageNotFound; Refused for a deleted image, for one
        that is another's (OnlyShared unless it is public) and for what may not change; Invalid and OverLimit for what the
        image would be; Overtaken.
        """
        self.check_may_change(caller, change)
        with self._catalogue.writing() as connection:
            image = find_own(connection, caller, image_id)
            return self.write(connection, self.changed(caller, image, change, purge=purge), was=image)

    def check_may_change(self, caller: Caller, change: Change) -> None:
        """Raises Refused for rights that *caller* lacks to *change* any image at all."""
        self._rules.check(caller, Action.MODIFY_IMAGE)
        if change.is_public is True:
            self._rules.check(caller, Action.PUBLICIZE_IMAGE)
        if change.owner is not UNSET and not caller.is_admin:
            raise Refused("Only an admin may give an image to another project.")

    def changed(self, caller: Caller, image: Image, change: Change, *, purge: bool) -> Image:
        """*image* as `update` would write it. Raises Refused, Invalid and OverLimit as that does."""
        made = changed(image, change, as_admin=caller.is_admin, purge=purge)
        given = change.given()
        check_formats(given.get("disk_format"), given.get("container_format"), self._options)
        check_texts(made.name, made.owner, made.properties)
        check_numbers(given.get("size_bytes"), given.get("min_disk_gib"), given.get("min_ram_mib"))
        self._check_property_count(made.properties)
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

    def _check_property_count(self, properties: dict[str, str | None]) -> None:
        most = self._options.property_quota
        if 0 <= most < len(properties):
            raise OverLimit(f"An image may have {most} properties; these are {len(properties)}.")


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


def find_own(connection: Connection, caller: Caller, image_id: str, *, deleted_too: bool = True) -> Image:
    """The image if it is *caller*'s to change, kept from others until the transaction ends.

    Raises ImageNotFound; Refused for a deleted image (of which *deleted_too* False knows none), and OnlyShared or Refused
    for another's.
    """
    image = find(connection, caller, image_id, for_update=True, deleted_too=deleted_too)
    if image.is_deleted:
        raise Refused("A deleted image cannot be changed.")
    rights.check_may_change(caller, image.owner, image.visibility)
    return image


def check_formats(disk_format: str | None, container_format: str | None, options: ServiceOptions) -> None:
    """Raises Invalid for a format that is not offered."""
    for name, value, known in (
        ("disk_format", disk_format, options.disk_formats),
        ("container_format", container_format, options.container_formats),
    ):
        if value is not None and value not in known:
            raise Invalid(name, value, f"not one of {', '.join(known)}")


MOST_NAME_CHARACTERS = 255
LARGEST_MINIMUM = 2**31 - 1
LARGEST_SIZE = 2**63 - 1


def check_texts(name: str | None, owner: str | None, properties: dict[str, str | None]) -> None:
    """Raises Invalid for text that the catalogue cannot hold or that is too long."""
    for field_name, text in (("name", name), ("owner", owner)):
        if text is not None:
            require_storable(field_name, text, MOST_NAME_CHARACTERS)
    for key, value in properties.items():
        require_storable("property name", key, MOST_NAME_CHARACTERS)
        if not key:
            raise Invalid("property name", key, "empty")
        if value is not None:
            require_storable(key, value, MOST_PROPERTY_VALUE_BYTES)
            if len(value.encode()) > MOST_PROPERTY_VALUE_BYTES:
                raise Invalid(key, value, f"longer than {MOST_PROPERTY_VALUE_BYTES} bytes")


def check_numbers(size_bytes: int | None, min_disk_gib: int | None, min_ram_mib: int | None) -> None:
    """Raises Invalid for a number outside the bounds of its field."""
    for name, value, largest in (
        ("size", size_bytes, LARGEST_SIZE),
        ("min_disk", min_disk_gib, LARGEST_MINIMUM),
        ("min_ram", min_ram_mib, LARGEST_MINIMUM),
    ):
        if value is not None and not 0 <= value <= largest:
            raise Invalid(name, value, f"not between 0 and {largest}")
