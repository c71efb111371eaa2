"""Images as they are once their data have come."""

import hashlib
from datetime import datetime
from typing import Any

from calotype.domain.images import Image, Status


def image_with(data: bytes, moment: datetime, **telling: Any) -> Image:
    """An active image with the length and the digests of *data*, which came at *moment*; *telling*: its id, and more."""
    plain: dict[str, Any] = {
        "status": Status.ACTIVE,
        "size_bytes": len(data),
        "checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(data).hexdigest(),
        "created_at": moment,
        "updated_at": moment,
    }
    return Image(**plain | telling)
