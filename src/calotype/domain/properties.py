"""Custom properties that only the service's own work gives to images, changes and takes away.

No request may name one, in no dialect: such a property once told a node where to send a caller's token.
Source: openstack/glance:glance/api/v2/images.py; docs/api/v2.md, "Images".
"""

from collections.abc import Iterable

from calotype.domain.errors import Refused

RESERVED_PREFIX = "os_glance"


def is_reserved(name: str) -> bool:
    """True if *name* is one that a caller may not give."""
    return name.startswith(RESERVED_PREFIX)


def check_not_reserved(names: Iterable[str]) -> None:
    """Raises Refused, naming it, for a name that is reserved."""
    for name in names:
        if is_reserved(name):
            raise Refused(f"The property '{name}' is reserved.")
