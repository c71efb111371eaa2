"""Configured stores, opened: the one place that knows which driver is behind which kind."""

from collections.abc import Sequence

from calotype.blobs.local import LocalStore
from calotype.blobs.options import NamedStore
from calotype.blobs.stores import BlobStore, Stores
from calotype.domain.errors import Broken
from calotype.domain.stores import Store

#: Bytes that go to a file in one write, about: a step of an upload.
_STEP_BYTES = 1 << 20


def open_stores(named: Sequence[NamedStore], *, is_durable: bool) -> Stores:
    """The stores *named*, made where they are absent. Raises Broken, naming the folder, for one that cannot be."""
    by_name = {one.name: _open(one, is_durable=is_durable) for one in named}
    default = next(one.name for one in named if one.is_default)
    return Stores(by_name, default, tuple(map(_described, named)))


def _open(one: NamedStore, *, is_durable: bool) -> BlobStore:
    try:
        return LocalStore(one.folder, is_durable=is_durable)
    except Broken as error:
        raise Broken(f"Cannot use the store {one.folder}: {error.__cause__}") from error


def _described(one: NamedStore) -> Store:
    """*one* as callers may know it; the properties are those the reference has for its kind.

    Source: openstack/glance:api-ref/source/v2/discovery.inc.
    """
    return Store(
        name=one.name,
        kind=one.kind,
        weight=one.weight,
        description=one.description,
        is_default=one.is_default,
        is_read_only=one.is_read_only,
        properties={"data_dir": str(one.folder), "chunk_size": _STEP_BYTES, "thin_provisioning": False},
    )
