"""Choosing a version by `Accept` where the path names none."""

import re

_VENDOR_TYPE = re.compile(r"application/vnd\.openstack\.images-([^\s,;]*)")


def named_version(accept: str | None) -> str | None:
    """The version, like `v1.1` or `v2.3`, of the vendor's type that *accept* begins with; None where it does not.

    Asked only for paths that name no version. Source: docs/api/v1.md, "Versions"; docs/api/v2.md, "Versions".
    """
    named = _VENDOR_TYPE.match(accept or "")
    return None if named is None else named[1]
