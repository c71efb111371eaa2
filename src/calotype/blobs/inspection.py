"""What disk image data are, and whether they are safe to hand to a hypervisor, judged while they pass by.

The recognising is done by the format inspectors of oslo.utils, which read bounded pieces and follow no pointer out of
them. What is made of their findings is docs/api/v1.md, "What data may be".
"""

import logging
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from calotype.domain.errors import WrongFormat
from calotype.domain.formats import INSPECTED_CONTAINER

if TYPE_CHECKING:
    from oslo_utils.imageutils.format_inspector import FileInspector

log = logging.getLogger(__name__)

RAW = "raw"
ISO = "iso"

#: A bootable ISO begins with a partition table for the firmware that boots it from a stick; it is an ISO all the same.
_BOOTABLE_ISO = {ISO, "gpt"}

#: Formats whose virtual size is the number of bytes there are.
_SIZE_IS_BYTE_COUNT = (RAW, ISO)

_SECTOR = 512

#: A description of a VMDK in plain text may be this long, and the inspector judges it by what the first step holds.
_LONGEST_DESCRIPTOR = 1 << 20

_MOST_BYTES = (1 << 63) - 1


class Inspection(Protocol):
    """Watches an image's data pass."""

    def feed(self, step: bytes) -> None:
        """Look at the next step. Raises WrongFormat as soon as it is certain that the data are refused."""
        ...

    def finish(self) -> int | None:
        """The virtual size in bytes, or None where the format has none that we know, or no byte came. Raises WrongFormat."""
        ...


def inspection_of(disk_format: str, container_format: str, *, require_match: bool) -> Inspection:
    """The inspection that data declared like this need; what is inside other containers than `bare` is not looked at."""
    if container_format != INSPECTED_CONTAINER:
        return _Unseen()
    return _Seen(disk_format, require_match=require_match)


class _Unseen:
    def feed(self, step: bytes) -> None:
        """Let it pass."""

    def finish(self) -> int | None:
        return None


class _Seen:
    """*require_match* False only logs data of another format than *declared*; unsafe data are refused all the same."""

    def __init__(self, declared: str, *, require_match: bool) -> None:
        self._declared = declared
        self._require_match = require_match
        self._formats = _library().ALL_FORMATS
        self._inspectors: list[FileInspector] = [make() for name, make in self._formats.items() if name != RAW]
        self._failed: set[FileInspector] = set()
        self._head: bytearray | None = bytearray()
        self._size = 0
        self._is_judged = False
        self._found: FileInspector | None = None

    def feed(self, step: bytes) -> None:
        self._size += len(step)
        if self._head is None:
            self._show(step)
        elif not self._head and _is_head(step):
            self._head = None
            self._show(step)
        else:
            self._head += step
            if _is_head(self._head):
                self._show_head()
        if not self._is_judged and self._is_certain():
            self._judge()

    def finish(self) -> int | None:
        if self._head is not None:
            _fill_up(self._head)
            self._show_head()
        for inspector in self._inspectors:
            inspector.finish()
        if not self._is_judged:
            self._judge()
        return self._virtual_size()

    def _show_head(self) -> None:
        head, self._head = self._head, None
        if head:
            self._show(bytes(head))

    def _show(self, step: bytes) -> None:
        for inspector in self._inspectors:
            if inspector not in self._failed:
                try:
                    inspector.eat_chunk(step)
                except Exception:  # noqa: BLE001 - on hostile bytes it may be any; whether it matters is judged later
                    self._failed.add(inspector)

    def _is_certain(self) -> bool:
        """True when more bytes cannot change what was found."""
        return self._head is None and all(one.complete or one in self._failed for one in self._inspectors)

    def _judge(self) -> None:
        """Settle what the data are. Raises WrongFormat unless that is what was declared, and safe."""
        self._is_judged = True
        self._found = self._one_format()
        self._compare()
        if self._found is not None:
            self._check_safety(self._found)

    def _one_format(self) -> "FileInspector | None":
        """The inspector of the one format the data have, or None for data of no known format."""
        try:
            found = {inspector.NAME: inspector for inspector in self._inspectors if inspector.format_match}
        except Exception as error:
            raise self._refusal("the data cannot be inspected") from error
        if found.keys() == _BOOTABLE_ISO:
            return found[ISO]
        if len(found) > 1:
            raise self._refusal(f"the data are of several formats at once: {', '.join(sorted(found))}")
        return next(iter(found.values()), None)

    def _compare(self) -> None:
        found = RAW if self._found is None else self._found.NAME
        # A format that nobody can recognise must at least not look like another.
        expected = self._declared if self._declared in self._formats else RAW
        if self._declared == RAW or found == expected:
            return
        if self._require_match:
            raise self._refusal(f"the data are of format {found}")
        log.warning("Data declared as %s are of format %s.", self._declared, found)

    def _check_safety(self, inspector: "FileInspector") -> None:
        if inspector in self._failed:
            raise self._refusal(f"the data cannot be inspected as {inspector.NAME}")
        try:
            inspector.safety_check()
        except _library().SafetyCheckFailed as error:
            failures = ", ".join(sorted(error.failures))
            raise self._refusal(f"the data fail these safety checks of {inspector.NAME}: {failures}") from error
        except Exception as error:
            raise self._refusal(f"the data cannot be inspected as {inspector.NAME}") from error
        if inspector.NAME == "qcow2" and _names_data_file(inspector.region("header").data):
            raise self._refusal("the data fail these safety checks of qcow2: data_file")

    def _virtual_size(self) -> int | None:
        if self._declared not in self._formats:
            return None
        if self._declared == RAW or self._found is None or self._found.NAME in _SIZE_IS_BYTE_COUNT:
            return self._size or None
        try:
            size = self._found.virtual_size
        except Exception as error:
            raise self._refusal("the data cannot be inspected") from error
        if not 0 <= size <= _MOST_BYTES:
            raise self._refusal("the data claim a virtual size that no disk has")
        return size

    def _refusal(self, reason: str) -> WrongFormat:
        return WrongFormat("disk_format", self._declared, reason)


def _is_head(head: bytes | bytearray) -> bool:
    """True if *head* is long enough to be shown at once: whoever sends the data chooses the steps they come in.

    The inspectors judge a sector, and a text as far as it may be the description of a VMDK, by the step they meet it in.
    """
    if len(head) < _SECTOR:
        return False
    return len(head) >= _LONGEST_DESCRIPTOR or not _is_text(head[:_SECTOR])


def _fill_up(head: bytearray) -> None:
    """Make whole the sector that data of less than one leave open, as readers that work in sectors see it.

    QEMU opens a QCOW2 of 400 bytes, backing file and all; as it stands, no inspector takes it for one. Text is filled with
    empty lines instead of zeros, so that a short description of a VMDK stays one.
    """
    if head:
        head += (b"\n" if _is_text(head) else b"\0") * (_SECTOR - len(head))


def _is_text(sector: bytes | bytearray) -> bool:
    return sector.isascii() and all(character.isprintable() or character.isspace() for character in sector.decode())


_QCOW2_EXTENSION = struct.Struct(">II")
_QCOW2_HEADER_LENGTH_AT = 100
_DATA_FILE_EXTENSION = 0x44415441


def _names_data_file(header: bytes | bytearray) -> bool:
    """True if a QCOW2 header's extensions name an external data file, whether or not the feature bit for it is set."""
    version, length = (
        struct.unpack_from(">I", header, 4)[0],
        struct.unpack_from(">I", header, _QCOW2_HEADER_LENGTH_AT)[0],
    )
    at = length if version > 2 else 72
    while at + _QCOW2_EXTENSION.size <= len(header):
        kind, size = _QCOW2_EXTENSION.unpack_from(header, at)
        if kind == _DATA_FILE_EXTENSION:
            return True
        if kind == 0:
            return False
        at += _QCOW2_EXTENSION.size + -(-size // 8) * 8
    return False


@cache
def _library() -> Any:
    """The inspectors, imported when the first data come: an idle server does without them."""
    from oslo_utils.imageutils import format_inspector

    # It logs what it dislikes, lines of a MiB out of the data among them; our refusal names the check.
    logging.getLogger(format_inspector.__name__).disabled = True
    return format_inspector
