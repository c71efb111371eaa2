"""Metadata as v1 takes them in: request headers to a new image or to a change. Source: docs/api/v1.md, "Create", "Change"."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from calotype.domain import formats
from calotype.domain.callers import Caller
from calotype.domain.errors import Invalid
from calotype.domain.images import Visibility
from calotype.domain.texts import require_storable
from calotype.faces.v1.wire import META_PREFIX, PROPERTY_PREFIX
from calotype.http import literals
from calotype.http.messages import Headers
from calotype.service.bounds import LARGEST_MINIMUM
from calotype.service.changes import UNSET, Change
from calotype.service.images import NewImage
from calotype.service.options import ServiceOptions

Fields = Mapping[str, str]
"""Fields by name, in lower case with underscores; an empty value says null."""

FIELDS = frozenset(
    {
        "location", "size", "is_public", "disk_format", "container_format", "name", "status", "copy_from", "uri",
        "checksum", "created_at", "updated_at", "deleted_at", "min_ram", "min_disk", "owner", "store", "id", "protected",
        "deleted", "virtual_size",
    }
)  # fmt: skip

COPY_FROM = "x-glance-api-copy-from"
PURGE = "x-glance-registry-purge-props"

_TIMES = ("created_at", "updated_at", "deleted_at")
_FIRST_YEAR = 1900
_TRUE = ("1", "t", "true", "on", "y", "yes")
_LONGEST_CHECKSUM = 32
_Value = TypeVar("_Value")
_Absent = TypeVar("_Absent")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """What a request to create says. *is_complete*: a size of 0 is declared, so without a body none will follow."""

    new: NewImage
    store: str | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What a request to change says. *purge*: properties that are not in it are to go, if it has no data."""

    change: Change
    store: str | None
    purge: bool


def read_creation(headers: Headers, caller: Caller, options: ServiceOptions, stores: Collection[str]) -> Creation:
    """The image that *headers* describe. Raises Invalid naming the header's field, its value and the reason.

    Fields that are read-only are checked and left aside, as is an owner that only an admin may choose.
    """
    fields, properties = _fields_and_properties(headers)
    _refuse_sources(headers, fields)
    _check_ignored(fields)
    disk_format, container_format = formats.paired(
        _value(fields, "disk_format", _not_empty, None), _value(fields, "container_format", _not_empty, None)
    )
    size_bytes = _value(fields, "size", partial(_size, most=options.image_size_cap_bytes), None)
    new = NewImage(
        id=_value(fields, "id", _id, None),
        name=_value(fields, "name", _text, None),
        owner=_value(fields, "owner", _text, None) if _may_choose_owner(fields, caller) else caller.project,
        visibility=Visibility.PUBLIC if _value(fields, "is_public", _truth, False) else Visibility.SHARED,
        disk_format=disk_format,
        container_format=container_format,
        size_bytes=size_bytes or 0,
        checksum=_value(fields, "checksum", _checksum, None),
        min_disk_gib=_value(fields, "min_disk", _minimum, 0),
        min_ram_mib=_value(fields, "min_ram", _minimum, 0),
        is_protected=_value(fields, "protected", _truth, False),
        properties=properties,
    )
    return Creation(new=new, store=_store(fields.get("store"), stores), is_complete=size_bytes == 0)


def read_update(headers: Headers, caller: Caller, options: ServiceOptions, stores: Collection[str]) -> Update:
    """What *headers* change. Raises Invalid naming the header's field, its value and the reason.

    Fields that are read-only are checked and left aside, as is an owner that only an admin may choose; id and status are
    for the service to compare, and empty ones say nothing.
    """
    fields, properties = _fields_and_properties(headers)
    _refuse_sources(headers, fields)
    _check_ignored(fields)
    change = Change(
        id=fields.get("id") or UNSET,
        status=fields.get("status") or UNSET,
        name=_value(fields, "name", _text, UNSET),
        owner=_value(fields, "owner", _text, UNSET) if _may_choose_owner(fields, caller) else UNSET,
        is_public=_value(fields, "is_public", _truth, UNSET),
        disk_format=_value(fields, "disk_format", _not_empty, UNSET),
        container_format=_value(fields, "container_format", _not_empty, UNSET),
        size_bytes=_value(fields, "size", partial(_size, most=options.image_size_cap_bytes), UNSET),
        checksum=_value(fields, "checksum", _checksum, UNSET),
        min_disk_gib=_value(fields, "min_disk", _minimum, UNSET),
        min_ram_mib=_value(fields, "min_ram", _minimum, UNSET),
        is_protected=_value(fields, "protected", _truth, UNSET),
        properties=properties,
    )
    purge = _value(dict(headers), PURGE, _truth, True)
    return Update(change=change, store=_store(fields.get("store"), stores), purge=purge)


def _fields_and_properties(headers: Headers) -> tuple[Fields, dict[str, str | None]]:
    """The meta headers, sorted; behind the prefix a hyphen is an underscore. Raises Invalid for an unknown field."""
    fields: dict[str, str] = {}
    properties: dict[str, str] = {}
    for header, value in headers:
        if not header.startswith(META_PREFIX):
            continue
        is_property = header.startswith(PROPERTY_PREFIX)
        name = header.removeprefix(PROPERTY_PREFIX if is_property else META_PREFIX).replace("-", "_")
        table = properties if is_property else fields
        if name in table:
            raise Invalid(header, value, "it is given twice, perhaps in two spellings")
        if is_property and not name:
            raise Invalid(header, value, "the property has no name")
        if not is_property and name not in FIELDS:
            raise Invalid(header, value, "there is no such field")
        table[name] = value
    return fields, {name: value or None for name, value in properties.items()}


def _refuse_sources(headers: Headers, fields: Fields) -> None:
    """Raises Invalid if data are to come from elsewhere: not offered so far."""
    if "location" in fields:
        raise Invalid("location", fields["location"], "locations of data outside are not offered")
    for name, value in headers:
        if name == COPY_FROM:
            raise Invalid(COPY_FROM, value, "copying data from elsewhere is not offered")


def _check_ignored(fields: Fields) -> None:
    """Raises Invalid for values that are none, in fields that nobody but we may set."""
    for name in _TIMES:
        text = fields.get(name)
        if text and literals.moment(name, text).year < _FIRST_YEAR:
            raise Invalid(name, text, f"before the year {_FIRST_YEAR}")
    virtual_size = fields.get("virtual_size")
    if virtual_size and virtual_size != "None":
        literals.not_negative("virtual_size", virtual_size)


def _value(fields: Fields, name: str, read: Callable[[str, str], _Value], absent: _Absent) -> _Value | _Absent:
    """What *read* makes of the field's name and text, or *absent*."""
    return read(name, fields[name]) if name in fields else absent


def _not_empty(name: str, text: str) -> str:
    if not text:
        raise Invalid(name, "", "it is empty")
    return text


def _text(_name: str, text: str) -> str | None:
    return text or None


def _size(name: str, text: str, *, most: int) -> int:
    size_bytes = literals.not_negative(name, text)
    if size_bytes > most:
        raise Invalid(name, text, f"image data may have {most} bytes at most")
    return size_bytes


def _minimum(name: str, text: str) -> int:
    number = literals.not_negative(name, text)
    if number > LARGEST_MINIMUM:
        raise Invalid(name, text, f"larger than {LARGEST_MINIMUM}")
    return number


def _id(name: str, text: str) -> str | None:
    if text and not _ID.fullmatch(text):
        raise Invalid(name, text, "not a UUID of 36 characters, or of 32 without hyphens")
    return text or None


def _may_choose_owner(fields: Fields, caller: Caller) -> bool:
    """False too where no owner is named: an admin's images are its project's unless it says otherwise."""
    return "owner" in fields and caller.is_admin


def _checksum(name: str, text: str) -> str | None:
    return require_storable(name, text, _LONGEST_CHECKSUM) if text else None


def _store(text: str | None, stores: Collection[str]) -> str | None:
    if text and text not in stores:
        raise Invalid("store", text, f"not one of {', '.join(stores)}")
    return text or None


def _truth(_name: str, text: str) -> bool:
    """True for the words that say so, in any case; every other word is false, never an error."""
    return text.strip().lower() in _TRUE
