"""What a caller wants changed about an image, and the image that comes of it: pure functions."""

from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, Final

from calotype.domain import formats
from calotype.domain.errors import Refused
from calotype.domain.images import Image, Status, Visibility
from calotype.domain.properties import is_reserved


class Unset(Enum):
    """The type of UNSET, which stands for what a change does not speak of."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a caller says about an image that is there; what is not said stays as it is.

    *id*, *status*: cannot be changed, only agreed with.
    *is_public*: True makes the image public; False takes that back and leaves any other visibility alone.
    *size_bytes*, *checksum*: of a queued image they are promises about data to come, as in a `NewImage`.
    """

    id: str | Unset = UNSET
    status: str | Unset = UNSET
    name: str | Unset | None = UNSET
    owner: str | Unset | None = UNSET
    is_public: bool | Unset = UNSET
    disk_format: str | Unset = UNSET
    container_format: str | Unset = UNSET
    size_bytes: int | Unset = UNSET
    checksum: str | Unset | None = UNSET
    min_disk_gib: int | Unset = UNSET
    min_ram_mib: int | Unset = UNSET
    is_protected: bool | Unset = UNSET
    properties: dict[str, str | None] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """The values that are said, without the properties, by the names they have here."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "properties"}
        return {name: value for name, value in values.items() if value is not UNSET}


#: What never changes, whoever asks.
_FIXED = ("id", "status")

#: What the data were judged by, or told, while they passed.
_SETTLED = ("size_bytes", "checksum", "disk_format", "container_format")

#: States in which no data have come yet, or none that were kept.
_WITHOUT_DATA = frozenset({Status.QUEUED, Status.KILLED})


def changed(image: Image, change: Change, *, as_admin: bool, purge: bool) -> Image:
    """*image* after *change*, whose properties take the place of all others if *purge*, and else join them.

    Raises Refused for a value that stays as it is and is given otherwise: id and status always, and what the data settled
    unless *as_admin*; Invalid for formats that do not go together. Source: docs/api/v1.md, "Change".
    """
    given = change.given()
    _check_unchanged(image, given, _FIXED)
    if image.status not in _WITHOUT_DATA and not as_admin:
        _check_unchanged(image, given, _SETTLED)
    plain = {name: value for name, value in given.items() if name not in (*_FIXED, "is_public")}
    kept = {name: value for name, value in image.properties.items() if not purge or is_reserved(name)}
    properties = {**kept, **change.properties}
    made = replace(image, **plain, visibility=_visibility(image, change), properties=properties)
    if not {"disk_format", "container_format"} & given.keys():
        return made
    disk_format, container_format = formats.paired(made.disk_format, made.container_format)
    return replace(made, disk_format=disk_format, container_format=container_format)


def _check_unchanged(image: Image, given: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if name in given and given[name] != getattr(image, name):
            raise Refused(f"Forbidden to change '{name.removesuffix('_bytes')}' of an image that is {image.status}.")


def _visibility(image: Image, change: Change) -> Visibility:
    if change.is_public is True:
        return Visibility.PUBLIC
    if change.is_public is False and image.visibility is Visibility.PUBLIC:
        return Visibility.SHARED
    return image.visibility
