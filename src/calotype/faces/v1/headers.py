"""Metadata as v1 takes them in: request headers to a new image. Source: docs/api/v1.md, "Create"."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from calotype.domain.callers import Caller
from calotype.domain.errors import Invalid
from calotype.domain.formats import AMAZON_FORMATS
from calotype.domain.images import Visibility
from calotype.domain.texts import require_storable
from calotype.faces.v1 import values
from calotype.faces.v1.wire import META_PREFIX, PROPERTY_PREFIX
from calotype.http.messages import Headers
from calotype.service.images import LARGEST_MINIMUM, NewImage
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

_TIMES = ("created_at", "updated_at", "deleted_at")
_FIRST_YEAR = 1900
_TRUE = ("1", "t", "true", "on", "y", "yes")
_LONGEST_CHECKSUM = 32
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """What a request to create says. *is_complete*: a size of 0 is declared, so without a body none will follow."""

    new: NewImage
    store: str | None
    is_complete: bool


def read_creation(headers: Headers, caller: Caller, options: ServiceOptions, stores: Collection[str]) -> Creation:
    """The image that *headers* describe. Raises Invalid naming the header's field, its value and the reason.

    Fields that are read-only are checked and left aside, as is an owner that only an admin may choose.
    """
    fields, properties = _fields_and_properties(headers)
    _refuse_sources(headers, fields)
    _check_ignored(fields)
    disk_format, container_format = _formats(fields)
    size_bytes = _size(fields, options.image_size_cap_bytes)
    new = NewImage(
        id=_id(fields.get("id")),
        name=fields.get("name") or None,
        owner=_owner(fields, caller),
        visibility=Visibility.PUBLIC if _is_true(fields.get("is_public")) else Visibility.SHARED,
        disk_format=disk_format,
        container_format=container_format,
        size_bytes=size_bytes or 0,
        checksum=_checksum(fields.get("checksum")),
        min_disk_gib=_minimum(fields, "min_disk"),
        min_ram_mib=_minimum(fields, "min_ram"),
        is_protected=_is_true(fields.get("protected")),
        properties=properties,
    )
    return Creation(new=new, store=_store(fields.get("store"), stores), is_complete=size_bytes == 0)


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
        if text and values.moment(name, text).year < _FIRST_YEAR:
            raise Invalid(name, text, f"before the year {_FIRST_YEAR}")
    virtual_size = fields.get("virtual_size")
    if virtual_size and virtual_size != "None":
        values.not_negative("virtual_size", virtual_size)


def _formats(fields: Fields) -> tuple[str | None, str | None]:
    """Disk and container format; of Amazon's formats, which are both, one may be left out but none may differ."""
    disk_format, container_format = (_not_empty(fields, name) for name in ("disk_format", "container_format"))
    if not {disk_format, container_format} & AMAZON_FORMATS:
        return disk_format, container_format
    if disk_format and container_format and disk_format != container_format:
        raise Invalid("container_format", container_format, f"does not go together with disk_format {disk_format}")
    return disk_format or container_format, container_format or disk_format


def _not_empty(fields: Fields, name: str) -> str | None:
    if fields.get(name) == "":
        raise Invalid(name, "", "it is empty")
    return fields.get(name)


def _size(fields: Fields, most: int) -> int | None:
    text = fields.get("size")
    if text is None:
        return None
    size_bytes = values.not_negative("size", text)
    if size_bytes > most:
        raise Invalid("size", text, f"image data may have {most} bytes at most")
    return size_bytes


def _minimum(fields: Fields, name: str) -> int:
    text = fields.get(name)
    if text is None:
        return 0
    number = values.not_negative(name, text)
    if number > LARGEST_MINIMUM:
        raise Invalid(name, text, f"larger than {LARGEST_MINIMUM}")
    return number


def _id(text: str | None) -> str | None:
    if text and not _ID.fullmatch(text):
        raise Invalid("id", text, "not a UUID of 36 characters, or of 32 without hyphens")
    return text or None


def _owner(fields: Fields, caller: Caller) -> str | None:
    if "owner" in fields and caller.is_admin:
        return fields["owner"] or None
    return caller.project


def _checksum(text: str | None) -> str | None:
    return require_storable("checksum", text, _LONGEST_CHECKSUM) if text else None


def _store(text: str | None, stores: Collection[str]) -> str | None:
    if text and text not in stores:
        raise Invalid("store", text, f"not one of {', '.join(stores)}")
    return text or None


def _is_true(text: str | None) -> bool:
    """True for the words that say so, in any case; every other word is false, never an error."""
    return text is not None and text.strip().lower() in _TRUE
