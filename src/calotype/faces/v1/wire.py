"""The shapes of v1: a listing's parameters in, images out as JSON or headers. Source: docs/api/v1.md."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from calotype.domain.errors import Invalid
from calotype.domain.images import Image, Visibility
from calotype.domain.properties import shown
from calotype.domain.query import Compare, Comparison, Condition, Field, HasProperty, ImageQuery, OneOf, Sort, SortKey
from calotype.faces.v1 import values
from calotype.http import literals, queries
from calotype.http.messages import Headers
from calotype.service.options import ServiceOptions

Parameters = dict[str, str]

META_PREFIX = "x-image-meta-"
PROPERTY_PREFIX = "x-image-meta-property-"

#: The type an answer without a body has had in v1 since Diablo; clients compare it.
NO_BODY_TYPE = ("Content-Type", "text/html; charset=UTF-8")

#: Parameters that must equal a field to the letter; no operators, so that a name with a colon is a name.
_TEXTS = {
    "name": Field.NAME,
    "status": Field.STATUS,
    "container_format": Field.CONTAINER_FORMAT,
    "disk_format": Field.DISK_FORMAT,
}

_PROPERTY = "property-"
_DIRECTIONS = ("asc", "desc")


def read_list_query(raw_query: str, options: ServiceOptions, *, as_admin: bool) -> ImageQuery:
    """What the query string of either list asks for; of a repeated parameter the last counts, unknown ones are ignored.

    Raises Invalid, whoever asks, for a value that cannot be one. *as_admin*: `is_public` has a say.
    Source: docs/api/v1.md, "Lists".
    """
    sent: Parameters = dict(queries.parse(raw_query))
    is_public = values.boolean_or_none("is_public", sent.get("is_public", "true"))
    with_gone = "changes-since" in sent
    return ImageQuery(
        conditions=tuple(_conditions(sent)),
        visibilities=_visibilities(is_public=is_public) if as_admin else None,
        everything=as_admin and is_public is not True,
        hidden=None if with_gone else False,
        with_gone=with_gone,
        sort=(_sort(sent),),
        marker=_marker(sent),
        admin_marker_may_be_deleted=True,
        limit=_limit(sent, options),
    )


def _visibilities(*, is_public: bool | None) -> frozenset[Visibility] | None:
    """The visibilities an admin's `is_public` selects: all, all but public, or None for an ordinary caller's view."""
    if is_public is None:
        return frozenset(Visibility)
    return None if is_public else frozenset(Visibility) - {Visibility.PUBLIC}


def _conditions(sent: Parameters) -> Iterator[Condition]:
    for parameter, field in _TEXTS.items():
        if parameter in sent:
            yield OneOf(field, (sent[parameter],))
    yield from _numbers(sent)
    if "protected" in sent:
        yield OneOf(Field.PROTECTED, (values.boolean("protected", sent["protected"]),))
    if "changes-since" in sent:
        yield Compare(Field.UPDATED_AT, Comparison.GT, literals.moment("changes-since", sent["changes-since"]))
    for parameter, value in sent.items():
        if parameter.startswith(_PROPERTY):
            yield HasProperty(parameter.removeprefix(_PROPERTY), value)


def _numbers(sent: Parameters) -> Iterator[Condition]:
    """Sizes are bounds, both inclusive; the minima are equalities, as v1 always had them."""
    if "size_min" in sent:
        yield Compare(Field.SIZE, Comparison.GTE, literals.not_negative("size_min", sent["size_min"]))
    if "size_max" in sent:
        yield Compare(Field.SIZE, Comparison.LTE, literals.not_negative("size_max", sent["size_max"]))
    if "min_ram" in sent:
        yield OneOf(Field.MIN_RAM, (literals.not_negative("min_ram", sent["min_ram"]),))
    if "min_disk" in sent:
        yield OneOf(Field.MIN_DISK, _unchecked_number("min_disk", sent["min_disk"]))


def _unchecked_number(parameter: str, text: str) -> tuple[int, ...]:
    """The number, or none at all: alone among its kin `min_disk` was never checked, and no image equals a word."""
    try:
        return (literals.integer(parameter, text),)
    except Invalid:
        return ()


def _sort(sent: Parameters) -> Sort:
    key, direction = sent.get("sort_key", "created_at"), sent.get("sort_dir", "desc")
    if key not in list(SortKey):
        raise Invalid("sort_key", key, f"must be one of {', '.join(SortKey)}")
    if direction not in _DIRECTIONS:
        raise Invalid("sort_dir", direction, f"must be one of {', '.join(_DIRECTIONS)}")
    return Sort(SortKey(key), descending=direction == "desc")


def _marker(sent: Parameters) -> str | None:
    marker = sent.get("marker")
    if marker == "":
        raise Invalid("marker", marker, "marker image not found")
    if marker is not None and not values.is_uuid_like(marker):
        raise Invalid("marker", marker, "has not the format of an image id")
    return marker


def _limit(sent: Parameters, options: ServiceOptions) -> int:
    if "limit" not in sent:
        return options.limit_default
    return min(literals.not_negative("limit", sent["limit"]), options.limit_max)


def write_brief(image: Image) -> dict[str, Any]:
    """The six fields of the brief list."""
    return {
        "id": image.id,
        "name": image.name,
        "size": image.size_bytes,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "checksum": image.checksum,
    }


def write_detail(image: Image) -> dict[str, Any]:
    """All 18 fields, always, in the order in which the first v1.1 client we know of got them.

    A deleted image's properties count as deleted with it.
    """
    return {
        "status": image.status.value,
        "deleted_at": _time(image.deleted_at),
        "name": image.name,
        "deleted": image.is_deleted,
        "container_format": image.container_format,
        "created_at": _time(image.created_at),
        "disk_format": image.disk_format,
        "updated_at": _time(image.updated_at),
        "min_disk": image.min_disk_gib,
        "protected": image.is_protected,
        "id": image.id,
        "min_ram": image.min_ram_mib,
        "checksum": image.checksum,
        "owner": image.owner,
        "is_public": image.visibility is Visibility.PUBLIC,
        "virtual_size": image.virtual_size_bytes,
        "properties": {} if image.is_deleted else shown(image.properties),
        "size": image.size_bytes,
    }


def _time(moment: datetime | None) -> str | None:
    """UTC with six digits of a second and no zone, which is how Python writes it before the zone."""
    return None if moment is None else moment.isoformat("T", "microseconds")[: len("YYYY-MM-DDTHH:MM:SS.ffffff")]


def write_headers(image: Image) -> Headers:
    """The 17 plain fields and the properties as headers, nulls left out, and the checksum as an unquoted `ETag`.

    Values are text as stored; the door sends control characters as blanks. A property whose name no header can carry is
    left out. Source: docs/api/v1.md, "Metadata in headers".
    """
    fields = write_detail(image)
    properties: dict[str, str | None] = fields.pop("properties")
    headers = {META_PREFIX + name: str(value) for name, value in fields.items() if value is not None}
    for name, text in properties.items():
        if text is not None and _TOKEN.fullmatch(name):
            headers[PROPERTY_PREFIX + name.lower()] = text
    if image.checksum is not None:
        headers["ETag"] = image.checksum
    return tuple(headers.items())


#: A header's name as RFC 9110 allows it.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
