"""What the fields of an image may hold, and how much of it, whatever the dialect."""

from collections.abc import Collection, Mapping
from typing import Any

from calotype.domain.errors import Invalid, OverLimit
from calotype.domain.texts import MOST_PROPERTY_VALUE_BYTES, require_storable
from calotype.service.options import ServiceOptions

MOST_NAME_CHARACTERS = 255
LARGEST_MINIMUM = 2**31 - 1
LARGEST_SIZE = 2**63 - 1


def check_fields(given: Mapping[str, Any], options: ServiceOptions) -> None:
    """Raises Invalid for a value, by the name its field has in `Image`, that no image may have."""
    check_formats(given.get("disk_format"), given.get("container_format"), options)
    check_texts(given.get("name"), given.get("owner"), {})
    check_tags(given.get("tags", ()))
    check_numbers(given.get("size_bytes"), given.get("min_disk_gib"), given.get("min_ram_mib"))


def check_formats(disk_format: str | None, container_format: str | None, options: ServiceOptions) -> None:
    """Raises Invalid for a format that is not offered."""
    for name, value, known in (
        ("disk_format", disk_format, options.disk_formats),
        ("container_format", container_format, options.container_formats),
    ):
        if value is not None and value not in known:
            raise Invalid(name, value, f"not one of {', '.join(known)}")


def check_texts(name: str | None, owner: str | None, properties: Mapping[str, str | None]) -> None:
    """Raises Invalid for text that the catalogue cannot hold or that is too long. A property's name may be empty."""
    for field_name, text in (("name", name), ("owner", owner)):
        if text is not None:
            require_storable(field_name, text, MOST_NAME_CHARACTERS)
    for key, value in properties.items():
        require_storable("property name", key, MOST_NAME_CHARACTERS)
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


def check_tags(tags: Collection[str]) -> None:
    """Raises Invalid for a tag that the catalogue cannot hold or that is too long. It may be empty."""
    for tag in tags:
        require_storable("tag", tag, MOST_NAME_CHARACTERS)


def check_count(what: str, count: int, most: int, *, had: int = 0) -> None:
    """Raises OverLimit for more of *what* than *most*, where that is not negative; *had*: as many are no more than before."""
    if 0 <= most < count and count > had:
        raise OverLimit(f"An image may have {most} {what}; these are {count}.")
