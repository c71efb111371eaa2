"""Digests of bytes that pass by, side by side in threads: one after the other they would halve the speed of an upload."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, wait
from contextlib import contextmanager

CHECKSUM = "md5"
OS_HASH = "sha512"

#: Below this many bytes handing the work over takes longer than it saves: two hops cost as much as 128 KiB of both.
_WORTH_A_HOP = 128 * 1024


class Digests:
    """MD5 and SHA-512 of all steps so far. *threads* are shared by the uploads of a process: two keep two cores busy."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        # Not for security: a checksum is compared, never trusted; and MD5 for it must work on a FIPS host.
        self._running = {name: hashlib.new(name, usedforsecurity=False) for name in (CHECKSUM, OS_HASH)}

    @contextmanager
    def taking(self, step: bytes) -> Iterator[None]:
        """Digest *step* while the block runs; both are done when it ends."""
        if len(step) < _WORTH_A_HOP:
            for digest in self._running.values():
                digest.update(step)
            yield
            return
        under_way = [self._threads.submit(digest.update, step) for digest in self._running.values()]
        try:
            yield
        finally:
            wait(under_way)

    def hexdigest(self, name: str) -> str:
        return self._running[name].hexdigest()
