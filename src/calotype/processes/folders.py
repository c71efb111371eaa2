"""The data folder, and the one that goes when an ephemeral service ends."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calotype.processes.exits import CannotStart, Exit

EPHEMERAL_PREFIX = "calotype-ephemeral-"
LOCK_NAME = "owner.lock"


def make(folder: Path) -> Path:
    """*folder*, absolute, there and writable; raises CannotStart otherwise."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(Exit.FOLDER, f"Cannot use the data folder {folder}: {_reason(error)}.") from error
    return folder.absolute()


def _reason(error: OSError) -> str:
    if error.errno == errno.EEXIST:
        return "it is not a folder"
    return error.strerror or str(error)


@contextmanager
def ephemeral() -> Iterator[Path]:
    """A private folder under the system's folder for temporary files; it and all in it go with the block.

    Folders of services that were killed before they could clean up are swept first.
    """
    sweep()
    try:
        lock = None
        while lock is None:  # A sweep of another start may have been faster; then that folder is gone.
            folder = Path(tempfile.mkdtemp(prefix=EPHEMERAL_PREFIX))
            lock = _locked(folder)
    except OSError as error:
        raise CannotStart(Exit.FOLDER, f"Cannot make a temporary folder: {_reason(error)}.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep() -> None:
    """Remove ephemeral folders of ours whose service is gone: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(EPHEMERAL_PREFIX + "*"):
        try:
            is_mine = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
            lock = _locked(folder) if is_mine and (folder / LOCK_NAME).exists() else None
        except OSError:
            continue
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """The descriptor that holds *folder*'s lock, or None while somebody else has it.

    The kernel drops the lock when the last process of the service is gone, however it ended.
    """
    lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
