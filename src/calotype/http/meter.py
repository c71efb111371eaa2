"""What the door tells of its work while it does it; who counts is handed to it like the log.

Everything is called on the loop's thread, so that counting needs no lock. Source: docs/design/0015-metrics.md.
"""

from enum import StrEnum
from typing import Protocol

from calotype.http.messages import Blob


class Direction(StrEnum):
    """Which way bytes go, as we see it."""

    RECEIVED = "received"
    SENT = "sent"


class Meter(Protocol):
    """*face* and *route* are None where a request found none.

    *route*: the face's first prefix and a path as its table has it, never as a client has sent it.
    """

    def connections(self, change: int) -> None:
        """So many more connections are open."""
        ...

    def began(self) -> None:
        """A request is being answered from now on."""
        ...

    def answered(self, face: str | None, method: str, route: str | None, status: int, took_s: float) -> None:
        """The request that began was answered, to its last byte or as far as the client stayed."""
        ...

    def refused(self, status: int) -> None:
        """Bytes that were no request were answered."""
        ...

    def moved(self, direction: Direction, face: str | None, route: str | None, length: int) -> None:
        """So many bytes of a body went by."""
        ...

    def transfers(self, direction: Direction, change: int) -> None:
        """So many more transfers of image data are under way."""
        ...

    def file_left(self, blob: Blob, length: int) -> None:
        """So many bytes of *blob*'s file were sent by the kernel, past its `read`."""
        ...

    def threads(self, pool: str, busy: int, waiting: int) -> None:
        """So many threads of *pool* are at work, and so many calls wait for one."""
        ...


class Unmetered:
    """Counts nothing."""

    def connections(self, change: int) -> None: ...

    def began(self) -> None: ...

    def answered(self, face: str | None, method: str, route: str | None, status: int, took_s: float) -> None: ...

    def refused(self, status: int) -> None: ...

    def moved(self, direction: Direction, face: str | None, route: str | None, length: int) -> None: ...

    def transfers(self, direction: Direction, change: int) -> None: ...

    def file_left(self, blob: Blob, length: int) -> None: ...

    def threads(self, pool: str, busy: int, waiting: int) -> None: ...


UNMETERED = Unmetered()
