"""What a store of bytes promises. tests/contract/test_stores.py holds every driver to it, sentence by sentence."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from calotype.domain.stores import Store

_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Traits:
    """What stores do differently.

    *begins_at_bytes*: an unfinished blob takes room, and a deletion of its key is noticed, once so many bytes were written;
    before, a deletion does not keep the blob from being committed, and whoever deletes the key must know that.
    *keeps_what_is_open*: an open blob can be read even if its key is deleted.
    """

    begins_at_bytes: int = 0
    keeps_what_is_open: bool = True


class BlobWriter(Protocol):
    """One blob on its way in. It is spent after `commit` or `cancel`, and takes no room then but what was committed."""

    def write(self, step: bytes) -> None:
        """Append *step*; it cannot be read yet. Raises NoSpace when the store is full, Broken when it does not work."""
        ...

    def commit(self) -> int:
        """Make the blob readable under its key, whole and durable, and return its size in bytes.

        After a crash half way the key is absent or whole, never part. Raises NoSpace and Broken like `write`, and
        BlobNotFound when the key was deleted after the blob began to take room; all of them leave nothing to read.
        """
        ...

    def cancel(self) -> None:
        """Remove what was written. Does nothing on a spent writer. Raises Broken if something may be left."""
        ...


class Blob(Protocol):
    """Committed bytes, open for reading: these and no others, even if the key is deleted; see `Traits.keeps_what_is_open`."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read(self, first: int, length: int) -> bytes:
        """Exactly *length* bytes from offset *first*, which must lie inside the blob. Safe from several threads.

        Raises Broken if the store cannot give them all: fewer than promised is an error, never an end.
        """
        ...

    def file(self) -> BinaryIO | None:
        """A real file with these bytes and no others, for `sendfile`, or None; it is closed by `close`."""
        ...

    def close(self) -> None:
        """Let go of it; a second time does nothing."""
        ...


class BlobStore(Protocol):
    """Bytes at rest under keys. A blob is readable after `commit`, whole, or not at all.

    A key is 1 to 128 ASCII letters, digits, '-' and '_'. Whoever writes makes a new random one for each attempt; a key
    is written once.
    """

    @property
    def traits(self) -> Traits:
        """What this store does differently."""
        ...

    def writer(self, key: str) -> BlobWriter:
        """A writer of a blob under *key*. Raises NoSpace, Broken, and ValueError for a text that is no key."""
        ...

    def open(self, key: str) -> Blob:
        """The blob under *key*. Raises BlobNotFound if there is none that was committed, Broken."""
        ...

    def delete(self, key: str) -> None:
        """Remove what is kept under *key*, committed or still being written; nothing there is fine. Raises Broken."""
        ...

    def keys(self, *, unchanged_for_s: float = 0.0) -> Iterator[str]:
        """Each key under which anything takes room, committed or not, once, in no order. Raises Broken.

        Unfinished ones are named so that what a crash left can be found and deleted. *unchanged_for_s*: only those to
        which nothing was written for so many seconds by the store's clock.
        """
        ...

    def check(self) -> None:
        """Raises Broken, within seconds, if the store does not answer."""
        ...


def is_key(text: str) -> bool:
    """True for what a blob may be kept under."""
    return _KEY.fullmatch(text) is not None


def require_key(text: str) -> None:
    """Raises ValueError for a text that is no key."""
    if not is_key(text):
        raise ValueError("not a key of a blob")


def require_inside(size: int, first: int, length: int) -> None:
    """Raises ValueError for a range that does not lie inside a blob of *size* bytes."""
    if first < 0 or length < 0 or first + length > size:
        raise ValueError("outside the blob")


@dataclass(frozen=True, slots=True)
class Stores:
    """The configured stores that hold bytes of ours, and the name of the one that takes new ones unless another is asked for.

    *described*: every configured store, in the operator's order; where it is left out, those in *by_name*.
    """

    by_name: Mapping[str, BlobStore]
    default: str
    described: tuple[Store, ...] = ()
    _ranks: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.default not in self.by_name:
            raise ValueError(f"the default store {self.default!r} is not among the stores")
        if not self.described:
            described = tuple(Store(name=name, is_default=name == self.default) for name in self.by_name)
            object.__setattr__(self, "described", described)
        ordered = sorted(self.described, key=lambda store: (-store.weight, store.name))
        object.__setattr__(self, "_ranks", {store.name: rank for rank, store in enumerate(ordered)})

    @property
    def has_several(self) -> bool:
        """True if there is a choice of stores, so that callers hear of them."""
        return len(self.described) > 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all stores, in the operator's order."""
        return tuple(store.name for store in self.described)

    def is_read_only(self, name: str) -> bool:
        """True if nothing is put into the store *name*, and nothing of ours is removed from it."""
        return any(store.is_read_only for store in self.described if store.name == name)

    def heaviest_first(self, names: Iterable[str]) -> list[str]:
        """Those of *names* that are stores, the heaviest first, equal ones by name."""
        return sorted({name for name in names if name in self._ranks}, key=self._ranks.__getitem__)

    def weight(self, name: str) -> int:
        """The weight of the store *name*; 0 where there is none of that name."""
        return next((store.weight for store in self.described if store.name == name), 0)

    def delete(self, name: str, key: str) -> None:
        """Remove the blob, absent or not, from the store *name*; one that is not configured, or read-only, has nothing of ours."""
        store = self.by_name.get(name)
        if store is not None and not self.is_read_only(name):
            store.delete(key)


class EmptyBlob:
    """The data of an image that has none: zero bytes, kept nowhere."""

    size = 0

    def read(self, first: int, length: int) -> bytes:
        require_inside(self.size, first, length)
        return b""

    def file(self) -> BinaryIO | None:
        return None

    def close(self) -> None:
        """There is nothing to let go of."""
