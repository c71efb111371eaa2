"""Digests of bytes that pass by, side by side in threads: one after the other they would halve the speed of an upload."""

import hashlib
from concurrent.futures import Executor, Future

CHECKSUM = "md5"
OS_HASH = "sha512"

#: Below this many bytes handing the work over takes longer than it saves: two hops cost as much as 128 KiB of both.
_WORTH_A_HOP = 128 * 1024


class Digests:
    """MD5 and SHA-512 of all steps so far. *threads* are shared by the uploads of a process: two keep two cores busy.

    Each goes on by itself: one may be at a step while the other is at the one before, and neither waits for who writes.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        # Not for security: a checksum is compared, never trusted; and MD5 for it must work on a FIPS host.
        self._running = {name: hashlib.new(name, usedforsecurity=False) for name in (CHECKSUM, OS_HASH)}
        self._under_way: dict[str, Future[None]] = {}

    def take(self, step: bytes) -> None:
        """Digest *step*, which must not change; the step before is done when this returns, *step* itself perhaps not."""
        for name, digest in self._running.items():
            self._wait(name)
            if len(step) < _WORTH_A_HOP:
                digest.update(step)
            else:
                self._under_way[name] = self._threads.submit(digest.update, step)

    def hexdigest(self, name: str) -> str:
        """The digest of all steps; waits for the last one."""
        self._wait(name)
        return self._running[name].hexdigest()

    def _wait(self, name: str) -> None:
        before = self._under_way.pop(name, None)
        if before is not None:
            before.result()
