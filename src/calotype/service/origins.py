"""Data at URLs: how large they are, and read as a blob. Every hop on the way is judged before anything is sent there.

A name is resolved once, each of its addresses is judged, and one that passed is connected to; so is each redirect's. What
goes wrong is told in one way, whatever it was, and in detail to the log alone. Source: docs/design/0010-locations.md.
"""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import BinaryIO, Self

from calotype.blobs.stores import Blob, require_inside
from calotype.domain import addresses
from calotype.domain.addresses import Address, Filter, Forbidden, Target
from calotype.domain.errors import Broken, Invalid, Throttled
from calotype.fetch import exchanges, names
from calotype.fetch.exchanges import Reply

log = logging.getLogger(__name__)

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host; raises Broken."""

_MOST_HOPS = 5
_MOST_ADDRESSES = 8

#: For all hops and addresses together; beyond it no further one is asked.
_OPENING_S = 20.0

_REDIRECTS = (301, 302, 303, 307, 308)


class Origins:
    """Of this process *most_waiting* calls may wait for a host elsewhere at once, *most_open* have a blob open.

    *trusting* None: whom the system trusts.
    """

    def __init__(
        self,
        judge: Filter,
        *,
        most_waiting: int,
        most_open: int,
        resolve: Resolve = names.resolve,
        trusting: ssl.SSLContext | None = None,
    ) -> None:
        self._filter = judge
        self._resolve = resolve
        self._trusting = trusting or ssl.create_default_context()
        self._opening = threading.BoundedSemaphore(most_waiting)
        self._reading = threading.BoundedSemaphore(most_open)

    def sizes_of(self, urls: Iterable[str]) -> dict[str, int]:
        """How many bytes are at each of *urls*, at least one; asked for one after the other, in _OPENING_S together.

        Raises Invalid with the same text whatever stands against one of them or happened on the way, and Throttled.
        """
        end = time.monotonic() + _OPENING_S
        try:
            with _Turn(self._opening):
                return {url: self._size_of(url, end) for url in urls}
        except (Forbidden, Broken) as error:
            log.info("A URL was refused: %s (%s)", error, error.__cause__ or "no more is known")
            raise Invalid("url", "***", UNFIT) from error

    def open(self, url: str, size_bytes: int | None) -> Blob:
        """The data at *url*, which are to have *size_bytes*, for a caller. Raises Broken and Throttled."""
        with ExitStack() as undo:
            reading = undo.enter_context(_Turn(self._reading))
            opening = undo.enter_context(_Turn(self._opening))
            blob = self._open(url, size_bytes, opening, reading)
            undo.pop_all()
            return blob

    def open_in_background(self, url: str, size_bytes: int | None) -> "OriginBlob":
        """The same for a thread of its own. Raises Broken."""
        return self._open(url, size_bytes)

    def _open(self, url: str, size_bytes: int | None, *turns: "_Turn") -> "OriginBlob":
        try:
            reply = self.ask("GET", url, {})
        except Forbidden as error:
            log.warning("A URL is not followed any more: %s", error)
            raise Broken(_UNREADABLE) from error
        declared = _number(reply.header("content-length"))
        expected = size_bytes if declared is None else declared
        if reply.status != 200 or expected is None or size_bytes not in (None, expected):
            reply.close()
            log.warning("A URL gave %s with %s bytes, not 200 with %s", reply.status, expected, size_bytes)
            raise Broken(_UNREADABLE)
        return OriginBlob(self, url, reply, expected, turns)

    def _size_of(self, url: str, end: float) -> int:
        """By HEAD; by a GET of one byte for those that know no HEAD, or no length without a body."""
        for method, headers in (("HEAD", {}), ("GET", {"Range": "bytes=0-0"})):
            reply = self.ask(method, url, headers, end)
            try:
                size = _whole_size(reply)
            finally:
                reply.close()
            if size:
                return size
        raise Broken("there is nothing at the URL, or it does not say how much")

    def ask(self, method: str, url: str, headers: Mapping[str, str], end: float | None = None) -> Reply:
        """The answer at the end of all redirects; nobody is asked after *end*, or _OPENING_S. Raises Forbidden and Broken."""
        end = end or time.monotonic() + _OPENING_S
        target = addresses.read(url)
        for _ in range(_MOST_HOPS + 1):
            reply = self._ask_one(method, target, headers, end)
            location = reply.header("location")
            if reply.status not in _REDIRECTS or location is None:
                return reply
            reply.close()
            target = addresses.read_redirect(target, location)
        raise Forbidden(f"it redirects more than {_MOST_HOPS} times")

    def _ask_one(self, method: str, target: Target, headers: Mapping[str, str], end: float) -> Reply:
        """The answer of the first address that gives one."""
        reason = Broken(_UNREADABLE)
        for address in self._judged(target)[:_MOST_ADDRESSES]:
            if time.monotonic() >= end:
                break
            try:
                return exchanges.send(method, target, address, headers, self._trusting)
            except Broken as error:
                reason = error
        raise reason

    def _judged(self, target: Target) -> list[Address]:
        self._filter.check(target)
        found = [str(target.address)] if target.address else self._resolve(target.host, target.port)
        return self._filter.judged(target, found)


class OriginBlob(Blob):
    """Reads on in one answer as long as it is asked for what comes next, and asks for a range else.

    *turns* are ended with it, the first of them as soon as something was read: until then a call waits.
    """

    def __init__(self, origins: Origins, url: str, reply: Reply, size: int, turns: "Sequence[_Turn]") -> None:
        self._origins = origins
        self._url = url
        self._reply: Reply | None = reply
        self._etag = reply.header("etag")
        self._size = size
        self._at = 0
        self._lock = threading.Lock()
        self._turns = turns

    @property
    def size(self) -> int:
        return self._size

    def read(self, first: int, length: int) -> bytes:
        require_inside(self._size, first, length)
        try:
            with self._lock:
                data = self._read(first, length)
        finally:
            for turn in self._turns[:1]:
                turn.end()
        if len(data) < length:
            raise Broken("What a URL leads to ended before it should.")
        return data

    def file(self) -> BinaryIO | None:
        return None

    def cut(self) -> None:
        """Have a `read` that another thread waits for raise Broken."""
        reply = self._reply
        if reply is not None:
            reply.cut()

    def close(self) -> None:
        self._let_go()
        for turn in self._turns:
            turn.end()

    def _read(self, first: int, length: int) -> bytes:
        if self._reply is None or first != self._at:
            self._reply = self._from(first)
            self._at = first
        data = self._reply.read(length)
        self._at += len(data)
        return data

    def _let_go(self) -> None:
        if self._reply is not None:
            self._reply.close()
            self._reply = None

    def _from(self, first: int) -> Reply:
        """An answer that begins at *first*. Raises Invalid where the origin gives all or nothing, and Broken."""
        self._let_go()
        try:
            reply = self._origins.ask("GET", self._url, {"Range": f"bytes={first}-{self._size - 1}"})
        except Forbidden as error:
            raise Broken(_UNREADABLE) from error
        problem: Invalid | Broken | None = None
        if reply.status == 200 and first > 0:
            problem = Invalid("range", f"{first}-", "the image's store cannot read a part of its data")
        elif (
            (reply.status == 206 and reply.header("content-range") != f"bytes {first}-{self._size - 1}/{self._size}")
            or reply.status not in (200, 206)
            or reply.header("etag") != self._etag
        ):
            problem = Broken(_UNREADABLE)
        if problem is not None:
            reply.close()
            raise problem
        return reply


#: Uniform on purpose: whoever may name URLs must not learn what answers behind them (OSSN-0078).
UNFIT = "it does not pass filtering, or there are no data of a known size at it"

_UNREADABLE = "The data of the image cannot be read at the moment."


def _whole_size(reply: Reply) -> int | None:
    """The size of everything, of which *reply* may be a part; None if it does not say."""
    if reply.status == 200:
        return _number(reply.header("content-length"))
    if reply.status == 206:
        return _number((reply.header("content-range") or "").rpartition("/")[2])
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else None


class _Turn:
    """One of so many at once. Raises Throttled on entering if there is none left."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns
        self._is_held = False

    def __enter__(self) -> Self:
        if not self._turns.acquire(blocking=False):
            raise Throttled("Too many URLs are asked at once; try again.", retry_after_s=5)
        self._is_held = True
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let another one in; a second time does nothing."""
        if self._is_held:
            self._is_held = False
            self._turns.release()
