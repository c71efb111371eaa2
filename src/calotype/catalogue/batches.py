"""Lines of a catalogue file in batches: read, numbered, with those that are not records set apart."""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from calotype.catalogue.records import BadRecord, Entry, read_entry
from calotype.domain.errors import CalotypeError


class BadLine(CalotypeError):
    """A line that cannot be loaded: *number* counts from 1, *key* is '' for the line as a whole."""

    def __init__(self, number: int, text: bytes, error: BadRecord) -> None:
        super().__init__(f"line {number}: {error}")
        self.number = number
        self.text = text
        self.key = error.key
        self.reason = error.reason


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: bytes
    entry: Entry


@dataclass(slots=True)
class Batch:
    """Successive lines: those that read as records, and those that do not. *last* is the number of the last one."""

    lines: list[Line] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    last: int = 0
    last_digest: str = ""


class Reader:
    """The lines of a file, cut into batches. Blank lines count, and are nothing else."""

    def __init__(self, lines: Iterator[bytes], now: datetime) -> None:
        self._lines = lines
        self._now = now
        self._number = 0

    def skip(self, count: int, digest: str) -> None:
        """Pass over *count* lines. Raises CalotypeError unless the last of them has *digest*."""
        last = deque(islice(self._lines, count), maxlen=1)
        self._number = count
        if not last or line_digest(last[0]) != digest:
            raise CalotypeError(f"line {count} is not the one the load had come to: the file has changed since")

    def take(self, most_bytes: int) -> Batch | None:
        """The next lines, until *most_bytes* are reached; None at the end. A bad line is set apart, not raised."""
        batch = Batch()
        taken_bytes = 0
        text = None
        for text in self._lines:
            self._number += 1
            if not text.isspace():
                self._sort_in(batch, text)
            taken_bytes += len(text)
            if taken_bytes >= most_bytes:
                break
        if text is None:
            return None
        batch.last, batch.last_digest = self._number, line_digest(text)
        return batch

    def _sort_in(self, batch: Batch, text: bytes) -> None:
        try:
            batch.lines.append(Line(self._number, text, read_entry(text, self._now)))
        except BadRecord as error:
            batch.bad.append(BadLine(self._number, text, error))


def line_digest(text: bytes) -> str:
    """What stands for a line where a load remembers it; the line feed, which a last line may lack, does not count."""
    return hashlib.sha256(text.rstrip(b"\r\n")).hexdigest()
