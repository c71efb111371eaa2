"""Where the services are, as a token's body lists them.

`imagev1` is for clients that ask for version 1 by a type of its own; Debian's fog does, and puts the version behind the URL
by itself. Source: docs/api/identity.md, "Service catalogue".
"""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

REGION = "RegionOne"
INTERFACES = ("public", "internal", "admin")

#: Type, name, and what follows scheme and host in its URL.
SERVICES = (
    ("identity", "keystone", "/identity/v3"),
    ("image", "glance", ""),
    ("imagev1", "glance-v1", ""),
)

_V1 = "imagev1"


def write_services(base_url: str, *, v1_enabled: bool) -> list[dict[str, Any]]:
    """Every service that is offered at *base_url*, each interface with the same URL."""
    return [
        {
            "id": _id(kind),
            "type": kind,
            "name": name,
            "endpoints": [_endpoint(kind, interface, base_url + path) for interface in INTERFACES],
        }
        for kind, name, path in SERVICES
        if v1_enabled or kind != _V1
    ]


def _endpoint(kind: str, interface: str, url: str) -> dict[str, str]:
    identity = _id(f"{kind}/{interface}")
    return {"id": identity, "interface": interface, "region": REGION, "region_id": REGION, "url": url}


def _id(of: str) -> str:
    """The same on every node and after every start."""
    return uuid5(NAMESPACE_URL, f"calotype:{of}").hex
