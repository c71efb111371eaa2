"""An image as v2 says it: one flat object. Source: docs/api/v2.md, "Images"."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from calotype.domain import locations
from calotype.domain.images import Image, Location
from calotype.faces.v2.attributes import NOT_CUSTOM, NULLABLE
from calotype.http.messages import Headers, Response, json_response

IMAGES = "/v2/images"


def answer(value: Any, status: int = 200, headers: Headers = ()) -> Response:
    """*value* as JSON; v2's type names no charset."""
    return json_response(value, status, headers, names_charset=False)


def write_image(image: Image) -> dict[str, Any]:
    """*image* with its custom properties beside its base attributes, a null one as '' unless the schema allows a null.

    v1 lets properties have the names of attributes; here the attribute is meant.
    """
    path = f"{IMAGES}/{image.id}"
    shown: dict[str, Any] = {
        "id": image.id,
        "name": image.name,
        "status": image.status.value,
        "visibility": image.visibility.value,
        "protected": image.is_protected,
        "os_hidden": image.is_hidden,
        "owner": image.owner,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "size": image.size_bytes,
        "virtual_size": image.virtual_size_bytes,
        "checksum": image.checksum,
        "os_hash_algo": image.os_hash_algo,
        "os_hash_value": image.os_hash_value,
        "tags": list(image.tags),
        "created_at": write_time(image.created_at),
        "updated_at": write_time(image.updated_at),
        "self": path,
        "file": f"{path}/file",
        "schema": "/v2/schemas/image",
    }
    if image.stores:
        shown["stores"] = ",".join(image.stores)
    if image.places is not None:
        shown["locations"] = write_locations(image.places)
    if image.direct_url is not None:
        shown["direct_url"] = image.direct_url
    for name, value in image.properties.items():
        if name not in NOT_CUSTOM:
            shown[name] = "" if value is None and name not in NULLABLE else value
    return shown


def write_choice(stores: Sequence[str]) -> Headers:
    """What a new image is told of the stores it may be put into, where there is a choice."""
    return (("OpenStack-image-store-ids", ",".join(stores)),) if stores else ()


def write_time(moment: datetime) -> str:
    """UTC in whole seconds, with the letter that says so."""
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % parts  # noqa: UP031 -- 1.0 µs; isoformat takes 1.5, an f-string 1.8


def write_locations(places: Iterable[Location]) -> list[dict[str, Any]]:
    return [{"url": place.url, "metadata": locations.shown_metadata(place)} for place in places]
