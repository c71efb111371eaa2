"""The audit log as a file: one JSON object a line, appended by every process that changes something.

Source: docs/operate/logs.md, "The audit log"; docs/design/0006-logs.md.
"""

import getpass
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from calotype.domain.audit import Actor, Event, Kind, Said
from calotype.domain.errors import Broken
from calotype.logs import json_line, printable

log = logging.getLogger("calotype.audit")

#: In the place of a file's name: standard output.
STANDARD: Final = "-"

#: Of a line: what a pipe takes in one piece (PIPE_BUF), so that no line is written into another.
MOST_BYTES: Final = 4096

#: Of a text in a line, in UTF-8.
MOST_TEXT_BYTES: Final = 128

#: Of the items in a list.
_MOST_ITEMS = 8

_FOR_OWNER_ONLY = 0o600

_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY


def uncounted() -> None:
    """Counts no lost lines."""


class AuditLog:
    """Appends to the file *path*, or to the *descriptor* of what is no file of ours; any number of threads.

    A file that was moved away is begun anew by the next line, whoever has moved it. One that cannot be opened or written to
    holds up nobody: the first line that is lost is told in the log, and how many were, once one is kept again.
    """

    def __init__(
        self, path: str | None, descriptor: int | None = None, note_lost: Callable[[], None] = uncounted
    ) -> None:
        self._path = path
        self._node = socket.gethostname()
        self._lock = threading.Lock()
        self._lost = 0
        self._is_torn = False
        self._descriptor = descriptor
        self._count_lost = note_lost

    def check(self) -> None:
        """Raises Broken, naming the file, if it cannot be opened."""
        try:
            self._follow()
        except OSError as error:
            raise Broken(f"The audit log {self._path} cannot be written: {error.strerror}.") from error

    @property
    def lost(self) -> int:
        """How many lines could not be written since one last could."""
        return self._lost

    def write(self, event: Event) -> None:
        """Append *event*, in one write; it is the system's then, and on the disk when the system writes it there."""
        line = line_of(event, datetime.now(UTC), self._node, os.getpid())
        with self._lock:
            try:
                self._append(self._follow(), line)
            except OSError as error:
                self._note_lost(event, error)
                return
            if self._lost:
                log.warning("The audit log is written again; lines lost meanwhile: %d", self._lost)
                self._lost = 0

    def close(self) -> None:
        if self._path is not None and self._descriptor is not None:
            os.close(self._descriptor)

    def _follow(self) -> int:
        """The descriptor of the file, opened anew where another one, or none, has its name now. Raises OSError."""
        if self._descriptor is not None and (self._path is None or _is_named(self._descriptor, self._path)):
            return self._descriptor
        if self._path is None:
            raise OSError("it was closed")
        descriptor = os.open(self._path, _APPENDING, _FOR_OWNER_ONLY)
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._is_torn = False
        return descriptor

    def _append(self, descriptor: int, line: bytes) -> None:
        """Raises OSError, also for a line of which only a part found room; the next one does not continue that."""
        if self._is_torn:
            line = b"\n" + line
        written = os.write(descriptor, line)
        self._is_torn = 0 < written < len(line)
        if self._is_torn:
            raise OSError(0, "only a part of a line found room")

    def _note_lost(self, event: Event, error: OSError) -> None:
        self._lost += 1
        self._count_lost()
        if self._lost == 1:
            log.critical("The audit log cannot be written: %s; lost is %s of %s", error, event.act, event.target)


def _is_named(descriptor: int, path: str) -> bool:
    """True if the file that is open is the one at *path*."""
    ours = os.fstat(descriptor)
    try:
        named = os.stat(path)  # noqa: PTH116 -- half of what pathlib takes
    except FileNotFoundError:
        return False
    return (named.st_ino, named.st_dev) == (ours.st_ino, ours.st_dev)


@contextmanager
def opened(
    name: str | None, standard: int, *, is_needed: bool, note_lost: Callable[[], None] = uncounted
) -> Iterator[Callable[[Event], None] | None]:
    """What keeps events where the option `audit_log` says, None: nowhere. *standard*: the descriptor that `-` stands for.

    *is_needed*: raises Broken if it cannot be opened; else that is tried again with each event. *note_lost*: is called for each that is lost.
    """
    if name is None:
        yield None
        return
    kept = AuditLog(None, standard, note_lost) if name == STANDARD else AuditLog(name, note_lost=note_lost)
    if is_needed:
        kept.check()
    try:
        yield kept.write
    finally:
        kept.close()


def operator() -> Actor:
    """Who has called a command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        name = str(os.getuid())
    return Actor(kind=Kind.COMMAND, os_user=name)


def line_of(event: Event, moment: datetime, node: str, pid: int) -> bytes:
    """*event* as a line of `MOST_BYTES` at most: first old and new values are left out for want of room, then names."""
    actor, occasion = event.actor, event.occasion
    values = {
        "time": moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z",
        "action": event.act.value,
        "outcome": event.outcome.value,
        "reason": event.reason,
        "right": event.right,
        "actor": actor.kind.value,
        "user": actor.user,
        "project": actor.project,
        "roles": actor.roles or None,
        "credential": actor.credential,
        "os_user": actor.os_user,
        "request_id": occasion.request_id,
        "client": occasion.client,
        "target_kind": event.act.value.partition(".")[0],
        "target": event.target,
        "owner": event.owner,
        "node": node,
        "pid": pid,
    }
    line = {name: _bounded(value) for name, value in values.items() if value is not None}
    changed = {_text(name): _shown(said) for name, said in event.changed.items()}
    if not changed:
        return json_line(line).encode() + b"\n"
    whole = json_line({**line, "changed": changed}).encode() + b"\n"
    return whole if len(whole) <= MOST_BYTES else json_line({**line, **_shortened(line, changed)}).encode() + b"\n"


def _shortened(line: Mapping[str, object], changed: Mapping[str, object]) -> dict[str, object]:
    """As much of *changed* as there is room for behind *line*, and how much is left out."""
    room = MOST_BYTES - len(json_line(line).encode()) - len(',"changed":{},"changed_more":999999\n')
    kept: dict[str, object] = {}
    for name, shown in changed.items():
        for one in (shown, {}):
            size = len(json_line({name: one}).encode())
            if size <= room:
                kept[name] = one
                room -= size
                break
    return {"changed": kept, "changed_more": len(changed) - len(kept)}


def _shown(said: Said) -> dict[str, object]:
    return {} if said is None else {"from": _bounded(said[0]), "to": _bounded(said[1])}


def _bounded(value: object) -> object:
    match value:
        case None | bool() | float():
            return value
        case int() if abs(value) < 1 << 63:
            return value
        case str():
            return _text(value)
        case Iterable():
            items = list(value)
            more = [f"… {len(items) - _MOST_ITEMS} more"] if len(items) > _MOST_ITEMS else []
            return [*(_bounded(item) for item in items[:_MOST_ITEMS]), *more]
    return _text(str(value))


def _text(text: str) -> str:
    """*text* in characters that can be seen, cut where somebody sends a book."""
    shown = printable(text)
    encoded = shown.encode()
    if len(encoded) <= MOST_TEXT_BYTES:
        return shown
    return encoded[: MOST_TEXT_BYTES - 3].decode(errors="ignore") + "…"
