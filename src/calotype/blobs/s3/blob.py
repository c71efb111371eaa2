"""An object open for reading: ranges on demand, and a stream that goes on where the reading goes on."""

import threading
from dataclasses import dataclass
from typing import Any, BinaryIO

from calotype.blobs.s3 import errors
from calotype.blobs.s3.place import Place
from calotype.blobs.stores import Blob, require_inside
from calotype.domain.errors import Broken

#: What is asked for at once where reading goes on; a client that leaves or falls asleep holds up no more than this.
_AHEAD_BYTES = 32 << 20

#: How often in a row a reading that breaks is begun again without a byte having come.
_ATTEMPTS = 3


@dataclass(slots=True)
class _Stream:
    """The body of an answer from offset *at* to *end*."""

    body: Any
    at: int
    end: int

    def close(self) -> None:
        self.body.close()


class S3Blob(Blob):
    """The object of *name* as it was when it had *etag*; once deleted it can be read no more."""

    def __init__(self, place: Place, client: Any, name: str, size: int, etag: str) -> None:
        self._place = place
        self._client = client
        self._wanted = {"Bucket": place.bucket, "Key": name, "IfMatch": etag}
        self._size = size
        self._lock = threading.Lock()
        self._stream: _Stream | None = None
        self._next = -1
        self._is_closed = False

    @property
    def size(self) -> int:
        return self._size

    def read(self, first: int, length: int) -> bytes:
        require_inside(self._size, first, length)
        if length == 0:
            return b""
        stream, ahead = self._taken(first, length)
        data, failures = bytearray(), 0
        while len(data) < length:
            at = first + len(data)
            try:
                if stream is None:
                    stream = self._open(at, max(first + length, min(at + ahead, self._size)))
                piece = stream.body.read(min(first + length, stream.end) - at)
                if not piece:
                    raise OSError("the answer ended early")
            except errors.FOREIGN as error:
                failures += 1
                if stream is not None:
                    stream.close()
                    stream = None
                if failures == _ATTEMPTS or errors.says_gone(error) or errors.says_changed(error):
                    raise errors.broken(self._place, error) from error
                continue
            data += piece
            failures = 0
            stream.at = at + len(piece)
            if stream.at == stream.end:
                stream.close()
                stream = None
        self._put_back(stream, first + length)
        return bytes(data)

    def file(self) -> BinaryIO | None:
        return None

    def close(self) -> None:
        with self._lock:
            stream, self._stream, self._is_closed = self._stream, None, True
        if stream is not None:
            stream.close()

    def _taken(self, first: int, length: int) -> tuple[_Stream | None, int]:
        """The stream if it is at *first*, this thread's alone from now on; and how much to ask for where there is none.

        A single read gets what it asks for: only one that goes on where another ended shows that more will be wanted.
        """
        with self._lock:
            stream = self._stream
            if stream is not None and stream.at == first:
                self._stream = None
                return stream, _AHEAD_BYTES
            return None, _AHEAD_BYTES if first == self._next else length

    def _put_back(self, stream: _Stream | None, at: int) -> None:
        """Keep *stream* for whoever goes on at *at*, in the place of the one before."""
        with self._lock:
            self._next = at
            if not self._is_closed and stream is not None:
                stream, self._stream = self._stream, stream
        if stream is not None:
            stream.close()

    def _open(self, first: int, end: int) -> _Stream:
        answer = self._client.get_object(**self._wanted, Range=f"bytes={first}-{end - 1}")
        expected = f"bytes {first}-{end - 1}/{self._size}"
        if answer.get("ContentRange", expected if (first, end) == (0, self._size) else "") != expected:
            answer["Body"].close()
            raise Broken("The store gives another range than it was asked for.")
        return _Stream(answer["Body"], first, end)
