"""The listings that are measured, as v1 asks for them."""

from dataclasses import dataclass
from urllib.parse import quote

import data
from calotype.domain.query import HasTag, ImageQuery

HALF_OF_SIZES = 10 << 30
_LAST_HOUR = quote(f"{data.END - data.HOUR:%Y-%m-%dT%H:%M:%SZ}")


@dataclass(frozen=True, slots=True)
class Shape:
    """One listing: who asks (`ordinary` or `admin`) for what.

    *must_be_flat*: its time at the largest size may be 1.3 times that at the smallest.
    *query*: for what v1 cannot ask; then the service is measured without HTTP. `{marker}` in *raw_query* is an image in
    the middle of what the caller sees.
    """

    name: str
    who: str
    raw_query: str = ""
    must_be_flat: bool = True
    query: ImageQuery | None = None


def _tenant(name: str, raw_query: str, *, flat: bool = True) -> Shape:
    return Shape(name, "ordinary", raw_query, flat)


def _admin(name: str, raw_query: str, *, flat: bool = True) -> Shape:
    return Shape(name, "admin", f"is_public=none&{raw_query}".rstrip("&"), flat)


SHAPES = (
    _tenant("default page", ""),
    _tenant("deep marker", "marker={marker}"),
    _tenant("name", f"name={data.RARE_NAME}"),
    _tenant("property, rare", f"property-channel={data.RARE_VALUE}"),
    _tenant("property, common", "property-os_distro=debian"),
    Shape("tag (service)", "ordinary", query=ImageQuery(conditions=(HasTag(("golden",)),))),
    _tenant("status + size_min", f"status=active&size_min={HALF_OF_SIZES}"),
    _tenant("changes-since, last hour", f"changes-since={_LAST_HOUR}"),
    *(_tenant(f"sort by {key}", f"sort_key={key}") for key in ("created_at", "updated_at", "name", "size")),
    _admin("default page", ""),
    _admin("name", f"name={data.RARE_NAME}"),
    _admin("property, rare", f"property-channel={data.RARE_VALUE}"),
    _admin("changes-since, last hour", f"changes-since={_LAST_HOUR}"),
    _tenant("the seed's: disk_format + status + size_min", "disk_format=qcow2&status=active&size_min=1", flat=False),
    *(
        _tenant(f"sort by {key}", f"sort_key={key}", flat=False)
        for key in ("status", "disk_format", "container_format", "id")
    ),
    _tenant("sort by size, ascending", "sort_key=size&sort_dir=asc", flat=False),
    _tenant("limit 1000", "limit=1000", flat=False),
    _tenant("name, unmatched", "name=nothing-has-this-name", flat=False),
    _tenant("property, unmatched", "property-channel=nobody", flat=False),
    _tenant("status, unmatched", "status=saving", flat=False),
    _tenant("size_min, unmatched", f"size_min={1 << 50}", flat=False),
    _admin("deep marker", "marker={marker}", flat=False),
    _admin("property, common", "property-os_distro=debian", flat=False),
    _admin("sort by name", "sort_key=name", flat=False),
    _admin("sort by size, ascending", "sort_key=size&sort_dir=asc", flat=False),
    _admin("sort by disk_format", "sort_key=disk_format", flat=False),
    _admin("status + size_min", f"status=active&size_min={HALF_OF_SIZES}", flat=False),
    _admin("status, unmatched", "status=saving", flat=False),
    _admin("size_min, unmatched", f"size_min={1 << 50}", flat=False),
)
