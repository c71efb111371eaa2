"""Custom properties that only the service's own work gives to images, changes and takes away.

No request may name one, in no dialect: such a property once told a node where to send a caller's token.
Source: openstack/glance:glance/api/v2/images.py; docs/api/v2.md, "Images".
"""

from collections.abc import Iterable, Mapping

from calotype.domain.errors import Refused

RESERVED_PREFIX = "os_glance"

#: Those that tell the service's nodes of each other, and nobody else: they are neither shown nor found by.
NEVER_SHOWN = frozenset({"os_glance_stage_host", "os_glance_hash_op_host"})

Properties = Mapping[str, str | None]


def is_reserved(name: str) -> bool:
    """True if *name* is one that a caller may not give."""
    return name.startswith(RESERVED_PREFIX)


def shown(properties: Properties) -> Properties:
    """*properties* without those that nobody is shown."""
    if NEVER_SHOWN.isdisjoint(properties):
        return properties
    return {name: value for name, value in properties.items() if name not in NEVER_SHOWN}


def check_not_reserved(names: Iterable[str]) -> None:
    """Raises Refused, naming it, for a name that is reserved."""
    for name in names:
        if is_reserved(name):
            raise Refused(f"The property '{name}' is reserved.")
