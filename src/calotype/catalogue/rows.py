"""Rows of `images` as Images, and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from calotype.catalogue.keys import value_key
from calotype.catalogue.tables import images
from calotype.catalogue.times import from_micros, to_micros
from calotype.domain.images import Image, Location, Status, Visibility

#: The stored columns in the order `to_image` takes them; the computed ones only serve the order of listings.
STORED = tuple(column.name for column in images.columns if column.computed is None)

#: The same as SQL.
COLUMNS = ", ".join(f"images.{name}" for name in STORED)

_DECODE_PROPERTIES = msgspec.json.Decoder(dict[str, str | None]).decode
_DECODE_TAGS = msgspec.json.Decoder(tuple[str, ...]).decode
_DECODE_LOCATIONS = msgspec.json.Decoder(tuple[Location, ...]).decode

_STATUSES = {status.value: status for status in Status}
_VISIBILITIES = {visibility.value: visibility for visibility in Visibility}


def to_image(row: Sequence[Any]) -> Image:
    """The image of a row whose first columns are those of `STORED`."""
    (
        id_,
        name,
        owner,
        visibility,
        status,
        disk_format,
        container_format,
        size_bytes,
        virtual_size_bytes,
        min_disk_gib,
        min_ram_mib,
        checksum,
        os_hash_algo,
        os_hash_value,
        is_protected,
        is_hidden,
        created_at,
        updated_at,
        deleted_at,
        properties,
        tags,
        locations,
        version,
        member_count,
        *_,
    ) = row
    return Image(
        id=id_,
        name=name,
        owner=owner,
        visibility=_VISIBILITIES[visibility],
        status=_STATUSES[status],
        disk_format=disk_format,
        container_format=container_format,
        size_bytes=size_bytes,
        virtual_size_bytes=virtual_size_bytes,
        min_disk_gib=min_disk_gib,
        min_ram_mib=min_ram_mib,
        checksum=checksum,
        os_hash_algo=os_hash_algo,
        os_hash_value=os_hash_value,
        is_protected=bool(is_protected),
        is_hidden=bool(is_hidden),
        created_at=from_micros(created_at),
        updated_at=from_micros(updated_at),
        deleted_at=None if deleted_at is None else from_micros(deleted_at),
        properties=_DECODE_PROPERTIES(properties),
        tags=_DECODE_TAGS(tags) if tags != "[]" else (),
        locations=_DECODE_LOCATIONS(locations) if locations != "[]" else (),
        version=version,
        member_count=member_count,
    )


def to_row(image: Image) -> Mapping[str, Any]:
    """The stored columns of *image* by name."""
    return {
        "id": image.id,
        "name": image.name,
        "owner": image.owner,
        "visibility": image.visibility.value,
        "status": image.status.value,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "size_bytes": image.size_bytes,
        "virtual_size_bytes": image.virtual_size_bytes,
        "min_disk_gib": image.min_disk_gib,
        "min_ram_mib": image.min_ram_mib,
        "checksum": image.checksum,
        "os_hash_algo": image.os_hash_algo,
        "os_hash_value": image.os_hash_value,
        "is_protected": image.is_protected,
        "is_hidden": image.is_hidden,
        "created_at": to_micros(image.created_at),
        "updated_at": to_micros(image.updated_at),
        "deleted_at": None if image.deleted_at is None else to_micros(image.deleted_at),
        "properties": msgspec.json.encode(image.properties).decode(),
        "tags": msgspec.json.encode(image.tags).decode(),
        "locations": msgspec.json.encode([_location(location) for location in image.locations]).decode(),
        "version": image.version,
        "member_count": image.member_count,
    }


def property_keys(image: Image) -> Iterator[tuple[str, str]]:
    """Name and `value_key` of each property that filters can find: a null equals nothing."""
    return ((name, value_key(value)) for name, value in image.properties.items() if value is not None)


def tag_keys(image: Image) -> Iterable[str]:
    """The key of each tag, once."""
    return dict.fromkeys(map(value_key, image.tags))


def _location(location: Location) -> dict[str, Any]:
    return {"url": location.url, "store": location.store, "metadata": location.metadata}
