"""The listings that are measured, as v1 and v2 ask for them."""

from dataclasses import dataclass
from urllib.parse import quote

import population

HALF_OF_SIZES = 10 << 30
_LAST_HOUR = quote(f"{population.END - population.HOUR:%Y-%m-%dT%H:%M:%SZ}")


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing through one face: who asks (`ordinary` or `admin`) for what.

    *must_be_flat*: its time at the largest size may be 1.3 times that at the smallest. `{marker}` in *raw_query* is an image
    in the middle of what the caller sees.
    """

    name: str
    who: str
    face: str
    raw_query: str
    must_be_flat: bool


Shape = tuple[Listing, ...]
"""The same listing through every face that can ask for it."""


def _tenant(name: str, v1: str | None, v2: str | None = None, *, flat: bool = True) -> Shape:
    """*v2*: where it has other words than v1; *v1* None: where it has none."""
    return _through(name, "ordinary", v1, v1 if v2 is None else v2, flat=flat)


def _admin(name: str, v1: str, v2: str | None = None, *, flat: bool = True) -> Shape:
    """Over everything, other projects' community images too."""
    return _through(
        name,
        "admin",
        f"is_public=none&{v1}".rstrip("&"),
        f"visibility=all&{v1 if v2 is None else v2}".rstrip("&"),
        flat=flat,
    )


def _through(name: str, who: str, v1: str | None, v2: str | None, *, flat: bool) -> Shape:
    asked = {"v1": v1, "v2": v2}
    return tuple(Listing(name, who, face, query, flat) for face, query in asked.items() if query is not None)


SHAPES: tuple[Shape, ...] = (
    _tenant("default page", ""),
    _tenant("deep marker", "marker={marker}"),
    _tenant("name", f"name={population.RARE_NAME}"),
    _tenant("name, one of three", None, f"name=in:{population.RARE_NAME},no-such,nor-such"),
    _tenant("property, rare", f"property-channel={population.RARE_VALUE}", f"channel={population.RARE_VALUE}"),
    _tenant("property, common", "property-os_distro=debian", "os_distro=debian"),
    _tenant("tag", None, "tag=golden"),
    _tenant("two tags", None, "tag=golden&tag=team-7", flat=False),
    _tenant("status + size_min", f"status=active&size_min={HALF_OF_SIZES}"),
    _tenant("changed in the last hour", f"changes-since={_LAST_HOUR}", f"updated_at=gt:{_LAST_HOUR}"),
    *(_tenant(f"sort by {key}", f"sort_key={key}") for key in ("created_at", "updated_at", "name", "size")),
    _tenant("visibility=public", None, "visibility=public"),
    _tenant("visibility=shared", None, "visibility=shared", flat=False),
    _tenant("visibility=all", None, "visibility=all"),
    _admin("default page", ""),
    _admin("name", f"name={population.RARE_NAME}"),
    _admin("property, rare", f"property-channel={population.RARE_VALUE}", f"channel={population.RARE_VALUE}"),
    _admin("changed in the last hour", f"changes-since={_LAST_HOUR}", f"updated_at=gt:{_LAST_HOUR}"),
    _tenant("the seed's: disk_format + status + size_min", "disk_format=qcow2&status=active&size_min=1", flat=False),
    *(
        _tenant(f"sort by {key}", f"sort_key={key}", flat=False)
        for key in ("status", "disk_format", "container_format", "id")
    ),
    _tenant("sort by size, ascending", "sort_key=size&sort_dir=asc", flat=False),
    _tenant("limit 1000", "limit=1000", flat=False),
    _tenant("name, unmatched", "name=nothing-has-this-name", flat=False),
    _tenant("property, unmatched", "property-channel=nobody", "channel=nobody", flat=False),
    _tenant("status, unmatched", "status=saving", flat=False),
    _tenant("size_min, unmatched", f"size_min={1 << 50}", flat=False),
    _admin("deep marker", "marker={marker}", flat=False),
    _admin("property, common", "property-os_distro=debian", "os_distro=debian", flat=False),
    _admin("sort by name", "sort_key=name", flat=False),
    _admin("sort by size, ascending", "sort_key=size&sort_dir=asc", flat=False),
    _admin("sort by disk_format", "sort_key=disk_format", flat=False),
    _admin("status + size_min", f"status=active&size_min={HALF_OF_SIZES}", flat=False),
    _admin("status, unmatched", "status=saving", flat=False),
    _admin("size_min, unmatched", f"size_min={1 << 50}", flat=False),
)
