"""Single values of v2 as they come in: JSON to domain, Invalid for everything that is not one.

What a value may be beyond its type (how long, how large, which formats there are) is for the service to say.
Source: openstack/glance:api-ref/source/v2/images-parameters.yaml; docs/api/v2.md, "Images".
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from calotype.domain.errors import Invalid
from calotype.domain.images import Visibility

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(name, value, "not a text")
    return value


def text_or_null(name: str, value: Any) -> str | None:
    return None if value is None else text(name, value)


def boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid(name, value, "neither true nor false")
    return value


def integer(name: str, value: Any) -> int:
    """A whole number; `1.0` is one, as it is in a JSON schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(name, value, "not a whole number")
    return value


def image_id(name: str, value: Any) -> str:
    """A UUID with its hyphens, in either case."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Invalid(name, value, "not a UUID of 36 characters")
    return value


def image_id_or_null(name: str, value: Any) -> str | None:
    return None if value is None else image_id(name, value)


def visibility(name: str, value: Any) -> Visibility:
    return Visibility(one_of(name, value, tuple(Visibility)))


def one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise Invalid(name, value, f"not one of {', '.join(known)}")
    return str(value)


def tags(name: str, value: Any) -> tuple[str, ...]:
    """Each tag once, where it stood first."""
    if not isinstance(value, list):
        raise Invalid(name, value, "not a list")
    return tuple(dict.fromkeys(text(name, tag) for tag in value))


def deletion_policy(name: str, value: Any) -> str:
    return one_of(name, value, ("on_image_deletion", "do_not_delete"))


#: By the attribute's name.
READERS: Mapping[str, Callable[[str, Any], Any]] = MappingProxyType(
    {
        "name": text_or_null,
        "visibility": visibility,
        "protected": boolean,
        "os_hidden": boolean,
        "tags": tags,
        "min_disk": integer,
        "min_ram": integer,
        "owner": text_or_null,
        "container_format": text_or_null,
        "disk_format": text_or_null,
    }
)

#: Custom properties that the schema knows more of than that they are text.
_KNOWN_PROPERTIES: Mapping[str, Callable[[str, Any], str | None]] = MappingProxyType(
    {
        "kernel_id": image_id_or_null,
        "ramdisk_id": image_id_or_null,
        "cinder_encryption_key_deletion_policy": deletion_policy,
    }
)


def property_value(name: str, value: Any) -> str | None:
    """The value of a custom property: text, unless the schema knows the name."""
    return _KNOWN_PROPERTIES.get(name, text)(name, value)
