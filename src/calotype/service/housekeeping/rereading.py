"""One blob read again from its first byte to its last, and compared with what was noted when it came."""

import os
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from calotype.blobs.stores import Blob, BlobStore
from calotype.catalogue.scrubbing import DueBlob
from calotype.domain.errors import BlobNotFound, Broken
from calotype.service.housekeeping.expectations import Expectations

#: Read at once: a quarter of a second's share at the default pace.
STEP_BYTES = 4 << 20


class Verdict(StrEnum):
    """What came of reading a blob. GONE: it was removed meanwhile. UNREAD: its store did not give it."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    GONE = "gone"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Read:
    """A stretch of a blob that was read; *verdict* comes alone, after its last one."""

    size_bytes: int
    verdict: Verdict | None = None


def compare(store: BlobStore, due: DueBlob) -> Generator[Read, None, str | None]:
    """Reads *due* step by step, and gives what is other than it should be, in words; None if nothing is.

    Only the length is looked at where no digest is known. Raises Broken if the store does not give the bytes, and if it
    seems to hold nothing at all: then it is not the one it was, and nothing is known about any blob.
    """
    try:
        with closing(store.open(due.key)) as blob:
            return (yield from _compare(blob, due))
    except BlobNotFound as error:  # of a store whose open blobs go with their key, in the middle too
        if next(store.keys(), None) is None:
            raise Broken("The store holds nothing at all.") from error
        return "they are missing"


def _compare(blob: Blob, due: DueBlob) -> Generator[Read, None, str | None]:
    if blob.size != due.size_bytes:
        return f"there are {blob.size} of them instead of {due.size_bytes}"
    expectations = Expectations(due)
    if not expectations.are_any:
        return None
    _forget(blob, 0, 0)
    for first in range(0, blob.size, STEP_BYTES):
        step = blob.read(first, min(STEP_BYTES, blob.size - first))
        expectations.feed(step)
        _forget(blob, first, len(step))
        yield Read(len(step))
    return expectations.difference()


def _forget(blob: Blob, first: int, length: int) -> None:
    """Have the system keep no copy of these bytes of a file; a length of 0 stands for all.

    What memory still had would say nothing about the disk, and what is read here once a month is in the way of what callers
    read now.
    """
    file = blob.file()
    if file is not None:
        os.posix_fadvise(file.fileno(), first, length, os.POSIX_FADV_DONTNEED)
