"""What is known of an image's bytes, and whether a blob's are like that."""

import hashlib
from typing import Any

from calotype.blobs import digests
from calotype.catalogue.scrubbing import DueBlob

#: Digests that need not be told how long they are.
_KNOWN = frozenset(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake"))


class Expectations:
    """Feed it all bytes of a blob in order, then ask."""

    def __init__(self, due: DueBlob) -> None:
        self._expected = _digests_of(due)
        # Not for security: bytes are compared with themselves, and MD5 for it must work on a FIPS host.
        self._running: dict[str, Any] = {name: hashlib.new(name, usedforsecurity=False) for name in self._expected}

    @property
    def are_any(self) -> bool:
        """False where no digest is known, so that there is nothing to read the bytes for."""
        return bool(self._expected)

    def feed(self, step: bytes) -> None:
        for digest in self._running.values():
            digest.update(step)

    def difference(self) -> str | None:
        """What is other than it should be, in words; None if all is as it should be."""
        other = [name for name, digest in self._running.items() if digest.hexdigest() != self._expected[name]]
        return f"their {' and '.join(other)} is another" if other else None


def _digests_of(due: DueBlob) -> dict[str, str]:
    """The digests that are known, by the names `hashlib` has: loaded records may lack them, or have what is none."""
    said = {digests.CHECKSUM: due.checksum, (due.os_hash_algo or "").lower(): due.os_hash_value}
    return {name: value.lower() for name, value in said.items() if value and name in _KNOWN}
