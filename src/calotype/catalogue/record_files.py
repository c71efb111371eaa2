"""Catalogue files by name: plain, `.gz` and `.zst` by ending, `-` for standard input and output."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, cast

from calotype.domain.errors import CalotypeError

STANDARD = "-"

#: A record with 128 properties of the longest kind, escaped at its longest, stays below; what is longer is no record.
LONGEST_LINE_BYTES = 64 << 20

_STEP_BYTES = 1 << 20


class BadFile(CalotypeError):
    """A file that cannot be read or written as what it is named."""


class LineFile:
    """The lines of one file; `share_done` tells how far into it they are."""

    def __init__(self, raw: BinaryIO, decoded: BinaryIO, size_bytes: int | None) -> None:
        self._raw = raw
        self._decoded = decoded
        self._size_bytes = size_bytes

    def __iter__(self) -> Iterator[bytes]:
        """The lines, line feeds included. Raises BadFile where the file is damaged or a line has no end."""
        try:
            while line := self._decoded.readline(LONGEST_LINE_BYTES + 1):
                if len(line) > LONGEST_LINE_BYTES:
                    raise BadFile(f"A line is longer than {LONGEST_LINE_BYTES >> 20} MiB.")
                yield line
        except (OSError, EOFError, zlib.error) as error:
            raise BadFile(f"The file cannot be read to its end: {error}.") from error

    def share_done(self) -> float | None:
        """The part of the file that has been read, 0 to 1, or None where its size is not known."""
        return self._raw.tell() / self._size_bytes if self._size_bytes else None


@contextmanager
def open_lines(name: str) -> Iterator[LineFile]:
    """The lines of the file *name*. Raises BadFile if it cannot be opened."""
    if name == STANDARD:
        yield LineFile(sys.stdin.buffer, sys.stdin.buffer, None)
        return
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise BadFile(f"{name} cannot be read: {error.strerror}.") from error
        size_bytes = os.fstat(raw.fileno()).st_size
        yield LineFile(raw, stack.enter_context(_decoded(name, raw)), size_bytes)


def write_lines(name: str, lines: Iterable[bytes]) -> int:
    """How many *lines* went into the file *name*, which is whole under its name afterwards or as it was before.

    What is no file, a pipe or a device, is written to. Raises BadFile if it cannot be written.
    """
    if name == STANDARD:
        return _write(sys.stdout.buffer, lines)
    path = Path(name).resolve()  # a link stays, what it names is replaced
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as raw, _encoded(name, raw) as file:
                return _write(file, lines)
        return _replace(path, lines, name)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadFile(f"{name} cannot be written: {error.strerror}.") from error


def _replace(path: Path, lines: Iterable[bytes], name: str) -> int:
    unfinished = path.parent / (f".{path.name}.unfinished-{os.getpid()}")
    try:
        count = _write_whole(unfinished, lines, name)
        unfinished.replace(path)
        _sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _write_whole(path: Path, lines: Iterable[bytes], name: str) -> int:
    with path.open("xb") as raw:
        with _encoded(name, raw) as file:
            count = _write(file, lines)
        raw.flush()
        os.fsync(raw.fileno())
    return count


def _write(file: BinaryIO, lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        file.write(line)
        count += 1
    file.flush()
    return count


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decoded(name: str, raw: BinaryIO) -> AbstractContextManager[BinaryIO]:
    if name.endswith(".gz"):
        return cast("AbstractContextManager[BinaryIO]", gzip.open(raw))
    if name.endswith(".zst"):
        return cast("AbstractContextManager[BinaryIO]", io.BufferedReader(_ZstdReader(raw), _STEP_BYTES))
    return nullcontext(raw)


def _encoded(name: str, raw: BinaryIO) -> AbstractContextManager[BinaryIO]:
    if name.endswith(".gz"):
        # Level 6 is twice as fast as the default 9 for hardly more bytes.
        return cast("AbstractContextManager[BinaryIO]", gzip.open(raw, "wb", compresslevel=6))
    if name.endswith(".zst"):
        import zstandard

        return cast("AbstractContextManager[BinaryIO]", zstandard.open(raw, "wb", closefd=False))
    return nullcontext(raw)


class _ZstdReader(io.RawIOBase):
    """Decompressed bytes of any number of frames. zstandard's own reader takes a file that was cut off for a whole one."""

    def __init__(self, raw: BinaryIO) -> None:
        import zstandard

        self._raw = raw
        self._begin = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._begin()
        self._is_between_frames = True
        self._compressed = self._plain = b""
        self._error = zstandard.ZstdError

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            if not self._compressed and not (compressed := self._raw.read(_STEP_BYTES)):
                if self._is_between_frames:
                    return 0
                raise EOFError("the last frame is cut off")
            self._advance(self._compressed or compressed)
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _advance(self, compressed: bytes) -> None:
        try:
            self._plain = self._frame.decompress(compressed)
        except self._error as error:
            raise OSError(str(error)) from error
        self._compressed, self._is_between_frames = self._frame.unused_data, self._frame.eof
        if self._frame.eof:
            self._frame = self._begin()
