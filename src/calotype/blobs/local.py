"""Blobs as files of a local folder: FOLDER/ab/abcdef…, and abcdef….part beside it while one is being written.

Files are spread over sub-folders by the first two characters of the key: 256 of them, for random hexadecimal keys.
The order of a durable write is that of docs/design/0004-bytes.md: write, flush the file, rename, flush the folder.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from calotype.blobs.stores import Blob, BlobStore, BlobWriter, Traits, is_key, require_inside, require_key
from calotype.domain.errors import BlobNotFound, Broken, NoSpace

_PREFIX_LENGTH = 2

#: A key has no dot, so no blob has such a name.
_UNFINISHED = ".part"

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LocalStore(BlobStore):
    """A store in *folder*, which is made if it is absent.

    *is_durable* False leaves the flushing to the system: for data that need not survive a power cut.
    """

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self._folder = folder
        self._is_durable = is_durable
        self._known: set[Path] = set()
        with _translated():
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def traits(self) -> Traits:
        return Traits()

    def writer(self, key: str) -> BlobWriter:
        path = self._path(key)
        with _translated():
            self._make_folder(path.parent)
            try:
                return LocalWriter(key, path, is_durable=self._is_durable)
            except FileNotFoundError:
                # Somebody tidied an empty sub-folder away that was there before.
                self._known.discard(path.parent)
                self._make_folder(path.parent)
                return LocalWriter(key, path, is_durable=self._is_durable)

    def open(self, key: str) -> Blob:
        if not is_key(key):
            raise BlobNotFound(key)
        with _translated():
            try:
                return LocalBlob(self._path(key).open("rb", buffering=0))
            except FileNotFoundError as error:
                raise BlobNotFound(key) from error

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _translated():
            _unfinished(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def keys(self, *, unchanged_for_s: float = 0.0) -> Iterator[str]:
        latest = time.time() - unchanged_for_s if unchanged_for_s else None
        for folder in _listed(self._folder):
            if len(folder.name) <= _PREFIX_LENGTH:
                files = [path for path in _listed(folder) if latest is None or _is_unchanged_since(latest, path)]
                names = [path.name.removesuffix(_UNFINISHED) for path in files]
                # A set, since at the moment of a rename both names of a key may be met.
                yield from {name for name in names if is_key(name)}

    def check(self) -> None:
        with _translated(), os.scandir(self._folder):
            pass

    def _path(self, key: str) -> Path:
        require_key(key)
        return self._folder / key[:_PREFIX_LENGTH] / key

    def _make_folder(self, folder: Path) -> None:
        """Make *folder* and its name durable; once a process, since who made it may have had no time to flush."""
        if folder in self._known:
            return
        folder.mkdir(exist_ok=True)
        if self._is_durable:
            _flush_folder(self._folder)
        self._known.add(folder)


class LocalWriter(BlobWriter):
    """Writes KEY.part, which `commit` renames to KEY."""

    def __init__(self, key: str, path: Path, *, is_durable: bool) -> None:
        self._key = key
        self._path = path
        self._is_durable = is_durable
        self._size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor: int | None = os.open(_unfinished(path), flags, 0o600)

    def write(self, step: bytes) -> None:
        descriptor = self._open_descriptor()
        rest = memoryview(step)
        with _translated():
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        self._size += len(step)

    def commit(self) -> int:
        descriptor = self._open_descriptor()
        try:
            with _translated():
                if self._is_durable:
                    os.fsync(descriptor)
                self._close()
                self._rename()
        except BaseException:
            with suppress(OSError):
                self._remove(self._path)
            raise
        return self._size

    def cancel(self) -> None:
        if self._descriptor is not None:
            with _translated():
                self._remove()

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise ValueError("the writer is spent")
        return self._descriptor

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _rename(self) -> None:
        try:
            _unfinished(self._path).rename(self._path)
        except FileNotFoundError as error:
            raise BlobNotFound(self._key) from error
        if self._is_durable:
            _flush_folder(self._path.parent)

    def _remove(self, *more: Path) -> None:
        try:
            self._close()
        finally:
            for path in (_unfinished(self._path), *more):
                path.unlink(missing_ok=True)


class LocalBlob(Blob):
    """An open file; its name may be gone meanwhile, its bytes stay."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    @property
    def size(self) -> int:
        return self._size

    def read(self, first: int, length: int) -> bytes:
        require_inside(self._size, first, length)
        parts: list[bytes] = []
        while length:
            with _translated():
                part = os.pread(self._file.fileno(), length, first)
            if not part:
                raise Broken("The store holds less of the image's data than it should.")
            parts.append(part)
            first += len(part)
            length -= len(part)
        return b"".join(parts)

    def file(self) -> BinaryIO | None:
        return self._file

    def close(self) -> None:
        self._file.close()


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + _UNFINISHED)


def _listed(folder: Path) -> list[Path]:
    with _translated():
        return list(folder.iterdir())


def _is_unchanged_since(moment: float, path: Path) -> bool:
    """True if *path* was written to at *moment* (seconds since 1970) or before; False if it is gone meanwhile."""
    with _translated():
        try:
            return path.lstat().st_mtime <= moment
        except FileNotFoundError:
            return False


def _flush_folder(folder: Path) -> None:
    """Make the names in *folder* durable: after a power cut a renamed file may else have its old name, or none."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the system as ours, without the paths they name; the foreign one stays the cause, for the log only."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace("The store is full.") from error
        raise Broken("The store cannot be used at the moment.") from error
