"""Answers on their way out: the head we write ourselves, and the bytes of blobs."""

import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO, Protocol

from calotype.domain.ranges import Part
from calotype.http import request_ids
from calotype.http.errors import BrokenBlob
from calotype.http.messages import Blob, Response
from calotype.http.meter import Direction, Meter
from calotype.http.pools import Pools

#: Read in 64 KiB steps through a thread pool a cached file gave a tenth of what 1 MiB steps give.
STEP_BYTES = 1024 * 1024

#: What the kernel sends of a file before it is counted. A piece more costs 0.2 ms, beside 70 for its bytes at 1,800 MB/s.
_COUNTED_BYTES = 128 * STEP_BYTES

Count = Callable[[int], None]
"""Told of so many bytes of a body that went by."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Wire(Protocol):
    """What a connection offers to those who write to it; each raises OSError when the client is gone.

    `send_file` raises BrokenBlob when the file cannot be read as far as it should; it must not be called where
    *sends_files* is False.
    """

    @property
    def sends_files(self) -> bool: ...

    async def send(self, data: bytes) -> None: ...

    async def send_file(self, file: BinaryIO, first: int, length: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Download:
    """*length* bytes of a blob from *first*, ready to leave: its file where there is a real one, else the first step, read.

    So what is wrong with a blob mostly shows while an error can still be answered.
    """

    blob: Blob
    first: int
    length: int
    file: BinaryIO | None
    first_step: bytes


def open_download(blob: Blob, part: Part | None = None) -> Download:
    """*blob*, or *part* of it, ready to leave; called on a thread. Raises what reading it raises, and has closed it then."""
    first, length = (0, blob.size) if part is None else (part.first, part.length)
    try:
        file = blob.file()
        first_step = b"" if file is not None or length == 0 else blob.read(first, min(STEP_BYTES, length))
    except BaseException:
        blob.close()
        raise
    return Download(blob, first, length, file, first_step)


def head_bytes(response: Response, length: int, request_id: str, connection: str | None) -> bytes:
    """Status line and headers. *length* is the body's, sent or (HEAD) not; *connection* is that header's value.

    Control characters in values become blanks, so that no value can end its header (RFC 9110, 5.5).
    """
    lines = [_STATUS_LINES[response.status]]
    lines += [
        f"{name}: {value if value.isprintable() else _CONTROL.sub(' ', value)}\r\n" for name, value in response.headers
    ]
    if response.status != HTTPStatus.NO_CONTENT and response.status != HTTPStatus.NOT_MODIFIED:
        lines.append(f"Content-Length: {length}\r\n")
    if connection is not None:
        lines.append(f"Connection: {connection}\r\n")
    lines.append(f"{request_ids.HEADER}: {request_id}\r\nDate: {_now()}\r\n\r\n")
    return "".join(lines).encode(errors="replace")


_date = (0, "")


def _now() -> str:
    """The time as HTTP writes it; made once a second. Two threads that make it at once make the same."""
    global _date
    second = int(time.time())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True))
    return _date[1]


async def send_download(wire: Wire, head: bytes, download: Download, pools: Pools, meter: Meter, count: Count) -> None:
    """Send *head* and the bytes of *download*, whose blob is closed whatever happens.

    *count* is told of bytes as they leave.

    Raises OSError when the client is gone, BrokenBlob or the blob's own error when the rest cannot be read:
    then nothing but hanging up tells the client.
    """
    meter.transfers(Direction.SENT, +1)
    try:
        if download.file is not None and wire.sends_files:
            with closing(download.blob):  # a file that was only read: to close it takes no time
                await wire.send(head)
                await _send_file(wire, download.file, download, meter, count)
            return
        try:
            await wire.send(head)
            await _send_steps(wire, download, pools, count)
        finally:
            await pools.step(download.blob.close)
    finally:
        meter.transfers(Direction.SENT, -1)


async def _send_file(wire: Wire, file: BinaryIO, download: Download, meter: Meter, count: Count) -> None:
    """In pieces, so that an hour's transfer is not counted at its end alone."""
    sent = 0
    while sent < download.length:
        length = min(_COUNTED_BYTES, download.length - sent)
        await wire.send_file(file, download.first + sent, length)
        sent += length
        count(length)
        meter.file_left(download.blob, length)


async def _send_steps(wire: Wire, download: Download, pools: Pools, count: Count) -> None:
    step, sent, length = download.first_step, 0, download.length
    if download.file is not None and length:
        step = await pools.step(download.blob.read, download.first, min(STEP_BYTES, length))
    while sent < length:
        if not step:
            raise BrokenBlob(f"the blob ended after {sent} of {length} bytes")
        sent += len(step)
        await wire.send(step)
        count(len(step))
        if sent < length:
            step = await pools.step(download.blob.read, download.first + sent, min(STEP_BYTES, length - sent))
