"""What only the store of local files does: its folder, its order of writing, the system's errors."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from calotype.blobs.local import LocalStore
from calotype.domain.errors import Broken, NoSpace


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def failing(code: int) -> Callable[..., Any]:
    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise OSError(code, os.strerror(code), "/secret/path")

    return fail


def test_a_blob_lies_in_the_folder_named_by_the_first_characters_of_its_key(tmp_path: Path) -> None:
    writer = LocalStore(tmp_path).writer("cafe01")
    writer.write(b"x")
    during = files(tmp_path)

    writer.commit()

    assert (during, files(tmp_path)) == (["ca/cafe01.part"], ["ca/cafe01"])


def test_only_the_owner_may_read_a_blob(tmp_path: Path) -> None:
    LocalStore(tmp_path).writer("cafe01").commit()

    assert (tmp_path / "ca" / "cafe01").stat().st_mode & 0o777 == 0o600


def test_the_order_of_a_durable_write_is_flush_rename_flush_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    flush, rename = os.fsync, Path.rename

    def note_flush(descriptor: int) -> None:
        calls.append(f"flush {os.path.relpath(Path(f'/proc/self/fd/{descriptor}').readlink(), tmp_path)}")
        flush(descriptor)

    def note_rename(self: Path, target: Path) -> Path:
        calls.append(f"rename {self.name} {target.name}")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", note_flush)
    monkeypatch.setattr(Path, "rename", note_rename)
    store = LocalStore(tmp_path)
    for key in ("cafe01", "cafe02"):
        store.writer(key).commit()

    assert calls == [
        "flush .",
        "flush ca/cafe01.part",
        "rename cafe01.part cafe01",
        "flush ca",
        "flush ca/cafe02.part",
        "rename cafe02.part cafe02",
        "flush ca",
    ]


def test_a_store_that_need_not_be_durable_never_flushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))

    LocalStore(tmp_path, is_durable=False).writer("cafe01").commit()

    assert files(tmp_path) == ["ca/cafe01"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    writer = LocalStore(tmp_path).writer("cafe01")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(code))

        with pytest.raises(NoSpace) as caught:
            writer.write(b"x")

    writer.cancel()
    assert "secret" not in str(caught.value)
    assert files(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE])
def test_a_disk_that_does_not_work_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    store = LocalStore(tmp_path)
    monkeypatch.setattr(os, "open", failing(code))

    with pytest.raises(Broken) as caught:
        store.writer("cafe01")

    assert not isinstance(caught.value, NoSpace)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS])
def test_a_disk_that_fails_under_a_step_is_broken_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    writer = LocalStore(tmp_path).writer("cafe01")
    writer.write(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(code))

        with pytest.raises(Broken) as caught:
            writer.write(b"y")

    writer.cancel()
    assert not isinstance(caught.value, NoSpace)
    assert files(tmp_path) == []


@pytest.mark.parametrize("call", ["fsync", "close"])
def test_a_disk_that_fails_at_the_last_moment_leaves_no_blob(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    writer = LocalStore(tmp_path).writer("cafe01")
    writer.write(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(errno.EIO))

        with pytest.raises(Broken):
            writer.commit()

    assert files(tmp_path) == []


def test_a_disk_that_fails_under_a_reader_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    writer = store.writer("cafe01")
    writer.write(b"x")
    writer.commit()
    blob = store.open("cafe01")
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing(errno.EIO))

        with pytest.raises(Broken) as caught:
            blob.read(0, 1)

    blob.close()
    assert "secret" not in str(caught.value)


def test_a_disk_that_fills_up_at_the_last_moment_leaves_no_blob(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LocalStore(tmp_path).writer("cafe01")
    writer.write(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(errno.ENOSPC))

        with pytest.raises(NoSpace):
            writer.commit()

    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_flushed_leaves_no_blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LocalStore(tmp_path).writer("cafe01")
    flush = os.fsync

    def flush_files_only(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EIO, "")
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", flush_files_only)

        with pytest.raises(Broken):
            writer.commit()

    assert files(tmp_path) == []


def test_a_store_whose_folder_vanished_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    store = LocalStore(folder)
    folder.rmdir()

    with pytest.raises(Broken):
        store.writer("cafe01")
    with pytest.raises(Broken):
        list(store.keys())


def test_a_file_cut_short_while_it_is_read_is_broken(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    writer = store.writer("cafe01")
    writer.write(b"0123456789")
    writer.commit()
    blob = store.open("cafe01")
    os.truncate(tmp_path / "ca" / "cafe01", 4)

    with pytest.raises(Broken, match="less"):
        blob.read(0, 10)
    blob.close()


@pytest.mark.parametrize("name", ["cafe01", "cafe01.part"])
def test_the_age_of_a_key_is_that_of_its_file(tmp_path: Path, name: str) -> None:
    store = LocalStore(tmp_path)
    for key in ("cafe01", "cafe02"):
        store.writer(key).commit()
    (tmp_path / "ca" / "cafe01").rename(tmp_path / "ca" / name)
    an_hour_ago = time.time() - 3600
    os.utime(tmp_path / "ca" / name, (an_hour_ago, an_hour_ago))

    assert list(store.keys(unchanged_for_s=3500)) == ["cafe01"]
    assert list(store.keys(unchanged_for_s=3700)) == []


def test_what_a_crash_left_is_among_the_keys_and_can_be_deleted(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "cafe01.part").write_bytes(b"half")
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "cafe02").write_bytes(b"not ours")

    assert list(store.keys()) == ["cafe01"]
    store.delete("cafe01")
    assert list(store.keys()) == []
