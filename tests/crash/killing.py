"""`calotype` that kills all of its own processes, or one worker, at the point of its code whose name a file holds.

    python killing.py FILE all|worker serve …

Every child is forked from the process that was changed here, so the program itself knows nothing of it.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calotype import cli
from calotype.blobs.local import LocalStore, LocalWriter
from calotype.catalogue import images, uploads, usage
from calotype.service.deletions import Deletions
from calotype.service.upload import Upload


@dataclass(frozen=True)
class Point:
    """The moment before or after the *nth* call of a function. *then*: what becomes of the image that was in work."""

    place: Any
    name: str
    is_after: bool
    then: str
    nth: int = 1


def before(place: Any, name: str, then: str) -> Point:
    return Point(place, name, is_after=False, then=then)


def after(place: Any, name: str, then: str, nth: int = 1) -> Point:
    return Point(place, name, is_after=True, then=then, nth=nth)


#: Of an upload that would have gone well, in the order in which it passes them.
UPLOAD = {
    "before its row": before(uploads, "insert_upload", "absent"),
    "after its row, before the commit": after(uploads, "insert_upload", "absent"),
    "after the commit, before the file": before(LocalStore, "writer", "killed"),
    "after the file was made": after(LocalStore, "writer", "killed"),
    "in the middle of the body": after(LocalWriter, "write", "killed", nth=2),
    "before the flush": before(LocalWriter, "commit", "killed"),
    "before the rename": before(LocalWriter, "_rename", "killed"),
    "after the rename": after(LocalWriter, "_rename", "killed"),
    "before the image is active": before(images, "mark_active", "killed"),
    "after the image is active": after(images, "mark_active", "killed"),
    "after the row of the blob": after(uploads, "insert_blob", "killed"),
    "before the last commit": after(uploads, "delete_upload", "killed"),
    "after the last commit": after(Upload, "finish", "active"),
}

#: Of an upload whose checksum was not kept.
FAILURE = {
    "before the bytes of a failure are removed": before(Upload, "_remove_bytes", "killed"),
    "after the bytes of a failure are removed": after(Upload, "_remove_bytes", "killed"),
    "after the image is killed, before the commit": after(uploads, "delete_upload", "killed"),
    "after the commit of a failure": after(Upload, "_mark_failed", "killed"),
}

#: Of a deletion.
DELETION = {
    "before the tombstone": before(images, "mark_deleted", "active"),
    "after the tombstone": after(images, "mark_deleted", "active"),
    "after the rows of its bytes are gone": after(uploads, "forget_bytes", "active"),
    "before the commit of a deletion": after(usage, "drop_image", "active"),
    "after the commit, before the bytes go": before(LocalStore, "delete", "absent"),
    "after the bytes are gone": after(LocalStore, "delete", "absent"),
    "before a deletion is answered": after(Deletions, "delete", "absent"),
}

POINTS = UPLOAD | FAILURE | DELETION


def arm(name: str, file: Path, die: Callable[[], None]) -> None:
    """Have *die* called at the point of that *name* while *file* says it."""
    point = POINTS[name]
    original = getattr(point.place, point.name)
    calls = 0

    @functools.wraps(original)
    def deadly(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += _says(file, name)
        is_now = calls == point.nth
        if is_now and not point.is_after:
            die()
        result = original(*arguments, **options)
        if is_now:
            die()
        return result

    setattr(point.place, point.name, deadly)


def _says(file: Path, name: str) -> bool:
    try:
        return file.read_text() == name
    except FileNotFoundError:
        return False


def die_all() -> None:
    """The parent first, so that it replaces nobody; the others end when they miss it, or here."""
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def die_alone(file: Path) -> None:
    """The worker that came here; the others may come here afterwards."""
    file.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    file, who, *arguments = sys.argv[1:]
    for name in POINTS:
        arm(name, Path(file), die_all if who == "all" else functools.partial(die_alone, Path(file)))
    sys.exit(cli.run(arguments))
