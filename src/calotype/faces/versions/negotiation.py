"""Choosing a version by `Accept` where the path names none."""

import re

_VENDOR_TYPE = re.compile(r"application/vnd\.openstack\.images-([^\s,;]*)")

_V1_NAMES = ("v1", "v1.0", "v1.1")


def names_v1(accept: str | None) -> bool:
    """True if *accept* begins with the vendor's type for v1, v1.0 or v1.1; another version in it counts as none at all.

    Asked only for paths whose first segment nothing else claims. Source: docs/api/v1.md, "Versions".
    """
    named = _VENDOR_TYPE.match(accept or "")
    return named is not None and named[1] in _V1_NAMES
