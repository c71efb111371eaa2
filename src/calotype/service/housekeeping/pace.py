"""Work held back to so much a second, so that what callers wait for comes first."""

import time
from collections.abc import Callable

Wait = Callable[[float], None]
"""Waits so many seconds; may raise to end the work."""


class Pace:
    """Lets *per_second* of something pass, counting from when it was first asked; *wait* None: all at once."""

    def __init__(self, per_second: float, wait: Wait | None) -> None:
        self._per_second = per_second
        self._wait = wait
        self._free_at = time.monotonic()

    def take(self, amount: float = 1) -> None:
        """Returns when what was taken before, and *amount*, have had their time; nothing is saved up while nobody asks."""
        if self._wait is None:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + amount / self._per_second
        self._wait(self._free_at - now)
