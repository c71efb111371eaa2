"""The names that mean something in v2; whatever else stands in an image's object is a custom property.

The lists are closed: no other name in a request ever reaches a field of an image.
Source: openstack/glance:glance/api/v2/images.py; docs/api/v2.md, "Images".
"""

from collections.abc import Mapping
from types import MappingProxyType

from calotype.domain.errors import Refused
from calotype.domain.properties import NEVER_SHOWN, is_reserved

#: What a client may set at any time, and the field of `domain.images.Image` it is.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "name": "name",
        "visibility": "visibility",
        "protected": "is_protected",
        "os_hidden": "is_hidden",
        "tags": "tags",
        "min_disk": "min_disk_gib",
        "min_ram": "min_ram_mib",
        "owner": "owner",
        "container_format": "container_format",
        "disk_format": "disk_format",
    }
)

WRITABLE = frozenset(FIELDS)

#: What the service alone says.
READ_ONLY = frozenset(
    {
        "status",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "self",
        "file",
        "schema",
        "direct_url",
        "stores",
    }
)

#: What no image says, and no client may.
RESERVED = frozenset({"locations", "location", "deleted", "deleted_at"})

#: What is shown under such a name is no custom property, even if v1 gave the image one.
NOT_CUSTOM = WRITABLE | READ_ONLY | RESERVED | NEVER_SHOWN | {"id"}

#: Custom properties that are null where they are, and not an empty text: the schema has them as ids.
NULLABLE = frozenset({"kernel_id", "ramdisk_id"})


def check_not_forbidden(name: str) -> None:
    """Raises Refused for a name that no client may set, whatever the value."""
    if name in READ_ONLY:
        raise Refused(f"The attribute '{name}' is read-only.")
    if name in RESERVED or is_reserved(name):
        raise Refused(f"The attribute '{name}' is reserved.")
