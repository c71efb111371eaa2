"""What every store says and leaves when it fills up, may not be written, or loses what it had: named errors, nothing half done."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import BlobStore
from calotype.domain.errors import BlobNotFound, Broken, NoSpace

MIB = 1 << 20


@dataclass
class Local:
    """A store of local files with room for a MiB: on a small disk of its own where we may mount one, else by a limit."""

    folder: Path
    store: BlobStore
    is_mounted: bool
    _undo: ExitStack = field(default_factory=ExitStack)

    def lock(self) -> None:
        """Nothing can be written or removed from now on."""
        if self.is_mounted:
            subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True)
            return
        for folder in (self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())):
            folder.chmod(0o500)
            self._undo.callback(folder.chmod, 0o700)

    def lose(self, key: str) -> None:
        """Somebody removes the bytes behind our back."""
        (self.folder / key[:2] / key).unlink()

    def left(self) -> list[str]:
        return [path.name for path in self.folder.rglob("*") if path.is_file()]

    def close(self) -> None:
        self._undo.close()


@contextmanager
def room_for_a_mib(folder: Path) -> Iterator[bool]:
    """True while *folder* is a disk of a MiB of its own, False while no file of ours may be longer than that."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode == 0:
        try:
            yield True
        finally:
            subprocess.run(["umount", folder], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    try:
        yield False
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    folder = tmp_path / "blobs"
    folder.mkdir()
    with room_for_a_mib(folder) as is_mounted:
        made = Local(folder, LocalStore(folder), is_mounted)
        yield made
        made.close()


@pytest.fixture(params=["local"])
def frail(request: pytest.FixtureRequest) -> Local:
    """A store with room for little, and the ways in which it fails; each driver in turn."""
    made: Local = request.getfixturevalue(request.param)
    return made


def put(store: BlobStore, key: str, data: bytes) -> None:
    writer = store.writer(key)
    writer.write(data)
    writer.commit()


def everything(store: BlobStore, key: str) -> bytes:
    blob = store.open(key)
    try:
        return blob.read(0, blob.size)
    finally:
        blob.close()


def test_a_full_store_says_so_and_takes_the_next_blob_once_there_is_room(frail: Local) -> None:
    writer = frail.store.writer("a")
    writer.write(bytes(MIB // 2))
    with pytest.raises(NoSpace):
        writer.write(bytes(MIB))
    with pytest.raises(BlobNotFound):
        frail.store.open("a")

    writer.cancel()

    assert (list(frail.store.keys()), frail.left()) == ([], [])
    put(frail.store, "b", bytes(MIB // 2))
    assert everything(frail.store, "b") == bytes(MIB // 2)


def test_a_full_store_gives_what_it_has(frail: Local) -> None:
    put(frail.store, "a", b"kept")
    writer = frail.store.writer("b")
    with pytest.raises(NoSpace):
        writer.write(bytes(2 * MIB))

    assert everything(frail.store, "a") == b"kept"
    frail.store.delete("a")
    writer.cancel()
    assert frail.left() == []


def may_lock(frail: Local, missing: Callable[[str], None]) -> None:
    if not frail.is_mounted and os.geteuid() == 0:
        missing("the right to mount a disk, without which nothing is read-only for root")


def test_a_store_that_may_not_be_written_is_broken_and_still_gives_what_it_has(
    frail: Local, missing: Callable[[str], None]
) -> None:
    may_lock(frail, missing)
    put(frail.store, "abc", b"kept")
    frail.lock()

    for work in (
        lambda: frail.store.writer("abd"),
        lambda: frail.store.writer("new"),
        lambda: frail.store.delete("abc"),
    ):
        with pytest.raises(Broken) as caught:
            work()
        assert not isinstance(caught.value, NoSpace)
        assert str(frail.folder) not in str(caught.value)
    assert everything(frail.store, "abc") == b"kept"
    assert list(frail.store.keys()) == ["abc"]


def test_bytes_that_vanished_are_not_found_and_may_be_deleted(frail: Local) -> None:
    put(frail.store, "abc", b"x")
    frail.lose("abc")

    with pytest.raises(BlobNotFound):
        frail.store.open("abc")
    frail.store.delete("abc")
    assert list(frail.store.keys()) == []


def test_bytes_that_vanish_while_they_are_read_are_read_to_their_end(frail: Local) -> None:
    put(frail.store, "abc", b"0123456789")
    blob = frail.store.open("abc")
    frail.lose("abc")

    assert blob.read(2, 8) == b"23456789"
    blob.close()


def test_a_store_emptied_behind_our_back_takes_blobs_again(frail: Local) -> None:
    put(frail.store, "abc", b"x")
    frail.lose("abc")
    for folder in [path for path in frail.folder.rglob("*") if path.is_dir()]:
        folder.rmdir()

    put(frail.store, "abd", b"y")

    assert everything(frail.store, "abd") == b"y"
