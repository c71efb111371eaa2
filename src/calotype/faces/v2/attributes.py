"""The names that mean something in v2; whatever else stands in an image's object is a custom property.

Source: openstack/glance:glance/api/v2/images.py; docs/api/v2.md, "Images".
"""

#: What a client may set at any time.
WRITABLE = frozenset(
    {
        "name",
        "visibility",
        "protected",
        "os_hidden",
        "tags",
        "min_disk",
        "min_ram",
        "owner",
        "container_format",
        "disk_format",
    }
)

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

#: Names that only jobs of the service give to properties.
RESERVED_PREFIX = "os_glance"

#: Custom properties that are null where they are, and not an empty text: the schema has it so.
NULLABLE = frozenset({"kernel_id", "ramdisk_id"})

NOT_CUSTOM = WRITABLE | READ_ONLY | RESERVED | {"id"}


def is_custom(name: str) -> bool:
    """True if *name* is one a client may give to a custom property."""
    return name not in NOT_CUSTOM and not name.startswith(RESERVED_PREFIX)
