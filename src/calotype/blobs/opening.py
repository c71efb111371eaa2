"""Configured stores, opened: the one place that knows which driver is behind which kind."""

from collections.abc import Mapping, Sequence
from typing import Any

from calotype.blobs.local import LocalStore
from calotype.blobs.options import NamedStore
from calotype.blobs.s3.parts import FIRST_MIB
from calotype.blobs.s3.place import SENDERS, Place
from calotype.blobs.stores import BlobStore, Stores
from calotype.domain.errors import Broken
from calotype.domain.stores import Store

#: Bytes that go to a file in one write, about: a step of an upload.
_STEP_BYTES = 1 << 20


def open_stores(named: Sequence[NamedStore], *, is_durable: bool, is_checked: bool = False) -> Stores:
    """The stores *named*; folders are made where they are absent, buckets are asked for a key if *is_checked*.

    Raises Broken, naming the place and what is wrong, for one that cannot be used.
    """
    by_name = {one.name: _open(one, is_durable=is_durable, is_checked=is_checked) for one in named}
    default = next(one.name for one in named if one.is_default)
    return Stores(by_name, default, tuple(map(_described, named)))


def _open(one: NamedStore, *, is_durable: bool, is_checked: bool) -> BlobStore:
    if one.place is not None:
        return _open_bucket(one.place, is_checked=is_checked)
    try:
        return LocalStore(one.folder, is_durable=is_durable)
    except Broken as error:
        raise Broken(f"Cannot use the store {one.folder}: {error.__cause__}") from error


def _open_bucket(place: Place, *, is_checked: bool) -> BlobStore:
    # Here: the library takes 20 MiB and half a second, which no service without such a store should spend.
    from calotype.blobs.s3 import errors
    from calotype.blobs.s3.store import S3Store

    store = S3Store(place)
    if is_checked:
        try:
            store.ask()
        except errors.FOREIGN as error:
            raise Broken(f"Cannot use the store {place.told}: {errors.sentence(error)}.") from error
    return store


def _described(one: NamedStore) -> Store:
    """*one* as callers may know it; the properties are those the reference has for its kind."""
    return Store(
        name=one.name,
        kind=one.kind,
        weight=one.weight,
        description=one.description,
        is_default=one.is_default,
        is_read_only=one.is_read_only,
        properties=_properties(one),
    )


def _properties(one: NamedStore) -> Mapping[str, Any]:
    """Source: openstack/glance:api-ref/source/v2/discovery.inc and glance/api/v2/discovery.py; the sizes of S3 are in MiB."""
    if one.place is None:
        return {"data_dir": str(one.folder), "chunk_size": _STEP_BYTES, "thin_provisioning": False}
    part_mib = one.place.part_mib or FIRST_MIB
    return {
        "s3_store_large_object_size": part_mib,
        "s3_store_large_object_chunk_size": part_mib,
        "s3_store_thread_pools": SENDERS,
    }
