"""A store with its bytes and failures counted; otherwise the store that it is made of, sentence by sentence."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from calotype.blobs.stores import Blob, BlobStore, BlobWriter, Stores, Traits
from calotype.domain.errors import Broken
from calotype.metrics.board import Count
from calotype.metrics.layout import OPERATIONS, Layout


def metered(stores: Stores, count: Count, layout: Layout) -> Stores:
    """*stores*, each of which counts what it does by *count*."""
    return replace(
        stores,
        by_name={name: MeteredStore(store, Tally(count, layout, name)) for name, store in stores.by_name.items()},
    )


class Tally:
    """What one process counts of one store."""

    def __init__(self, count: Count, layout: Layout, store: str) -> None:
        self._count = count
        self._written = layout.store_written.place(store)
        self._read = layout.store_read.place(store)
        errors = layout.store_errors.place(store)
        self._errors: Mapping[str, int] = {name: errors + column for column, name in enumerate(OPERATIONS)}

    def wrote(self, length: int) -> None:
        self._count.add(self._written, length)

    def read(self, length: int) -> None:
        self._count.add(self._read, length)

    @contextmanager
    def watching(self, operation: str) -> Iterator[None]:
        """Count the failure if *operation* fails; that there is no such blob is none."""
        try:
            yield
        except Broken:
            self._count.add(self._errors[operation])
            raise


class MeteredStore:
    def __init__(self, store: BlobStore, tally: Tally) -> None:
        self._store = store
        self._tally = tally

    @property
    def traits(self) -> Traits:
        return self._store.traits

    def writer(self, key: str) -> BlobWriter:
        with self._tally.watching("open"):
            return MeteredWriter(self._store.writer(key), self._tally)

    def open(self, key: str) -> Blob:
        with self._tally.watching("open"):
            return MeteredBlob(self._store.open(key), self._tally)

    def delete(self, key: str) -> None:
        with self._tally.watching("delete"):
            self._store.delete(key)

    def keys(self, *, unchanged_for_s: float = 0.0) -> Iterator[str]:
        with self._tally.watching("list"):
            yield from self._store.keys(unchanged_for_s=unchanged_for_s)

    def check(self) -> None:
        with self._tally.watching("list"):
            self._store.check()


class MeteredWriter:
    def __init__(self, writer: BlobWriter, tally: Tally) -> None:
        self._writer = writer
        self._tally = tally

    def write(self, step: bytes) -> None:
        with self._tally.watching("write"):
            self._writer.write(step)
        self._tally.wrote(len(step))

    def commit(self) -> int:
        with self._tally.watching("commit"):
            return self._writer.commit()

    def cancel(self) -> None:
        with self._tally.watching("delete"):
            self._writer.cancel()


class MeteredBlob:
    def __init__(self, blob: Blob, tally: Tally) -> None:
        self._blob = blob
        self._tally = tally

    @property
    def size(self) -> int:
        return self._blob.size

    def read(self, first: int, length: int) -> bytes:
        with self._tally.watching("read"):
            step = self._blob.read(first, length)
        self._tally.read(len(step))
        return step

    def file(self) -> BinaryIO | None:
        return self._blob.file()

    def note_read(self, length: int) -> None:
        """Count what the kernel read of the file by itself."""
        self._tally.read(length)

    def close(self) -> None:
        self._blob.close()
