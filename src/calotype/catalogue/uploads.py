"""Statements about uploads under way, and about the blobs they leave.

A row of `uploads` stands from before the first byte until the upload has ended, well or not; it names the key that is
written and says what becomes of the image should the upload be lost. Source: docs/design/0004-bytes.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    bindparam,
    delete,
    insert,
    select,
    union_all,
    update,
)

from calotype.catalogue import tables
from calotype.catalogue.clock import DatabaseNow
from calotype.catalogue.conditions import Binds
from calotype.catalogue.engine import ask, is_sqlite
from calotype.catalogue.prepared import Prepared
from calotype.catalogue.times import to_micros
from calotype.domain.images import Status, StoredBlob

_uploads, _blobs = tables.uploads, tables.blobs

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """An upload that begins. *on_failure*: what the image becomes if it fails, killed or queued. *node*: who runs it.

    *bytes_reserved*: what counts for the owner of the image, whatever has come of it; `usage` is kept by the caller.
    """

    id: str
    image_id: str
    blob_key: str
    store: str
    on_failure: Status
    size_declared: int | None
    node: str
    bytes_reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedUpload:
    """An upload nobody has renewed in time: whoever ran it is taken for dead."""

    id: str
    image_id: str
    blob_key: str
    store: str
    on_failure: Status


_LAPSED = select(*(_uploads.c[field.name] for field in fields(LapsedUpload))).where(
    _uploads.c.lease_until <= DatabaseNow()
)


_ROW = tuple(field.name for field in fields(UploadRow))
_LEASE = DatabaseNow() + bindparam("lease", type_=BigInteger)
_THIS = _uploads.c.id == bindparam("upload_id")
_INSERT_UPLOAD = Prepared(
    insert(_uploads).values(**{name: bindparam(name) for name in _ROW}, bytes_done=0, lease_until=_LEASE)
)
_KEEP = Prepared(update(_uploads).where(_THIS).values(bytes_done=bindparam("done"), lease_until=_LEASE))
_SET_RESERVED = Prepared(update(_uploads).where(_THIS).values(bytes_reserved=bindparam("reserved")))
_DELETE_UPLOAD = Prepared(delete(_uploads).where(_THIS).returning(_uploads.c.bytes_reserved))
_BLOB = ("key", "store", "image_id", "size_bytes", "created_at")
_INSERT_BLOB = Prepared(insert(_blobs).values({name: bindparam(name) for name in _BLOB}))
_FIND_BLOBS = Prepared(
    select(_blobs.c.store, _blobs.c.key, _blobs.c.size_bytes, _blobs.c.damaged_at)
    .where(_blobs.c.image_id == bindparam("image_id"))
    .order_by(_blobs.c.created_at, _blobs.c.key)
)


def insert_upload(connection: Connection, row: UploadRow, *, lease_s: int) -> None:
    """Put *row* in with a lease of *lease_s* from now. Raises Conflict if the image has an upload under way."""
    values = {field: getattr(row, field) for field in _ROW}
    _INSERT_UPLOAD.run(connection, **{**values, "on_failure": row.on_failure.value, "lease": lease_s * _MICROS})


def keep(connection: Connection, upload_id: str, *, bytes_done: int, lease_s: int) -> bool:
    """Note how far the upload is and renew its lease. False if it is no longer there: somebody else ended it."""
    return _KEEP.run(connection, upload_id=upload_id, done=bytes_done, lease=lease_s * _MICROS) == 1


def set_reserved(connection: Connection, upload_id: str, size_bytes: int) -> bool:
    """Note how much the upload has reserved. False as in `keep`."""
    return _SET_RESERVED.run(connection, upload_id=upload_id, reserved=size_bytes) == 1


def select_reserved(connection: Connection, upload_id: str) -> int | None:
    """What is reserved for the upload; None if it is gone."""
    reserved: int | None = connection.execute(
        select(_uploads.c.bytes_reserved).where(_uploads.c.id == upload_id)
    ).scalar_one_or_none()
    return reserved


def delete_upload(connection: Connection, upload_id: str) -> int | None:
    """End the upload: the bytes it had reserved, to be released by the caller. None if it was no longer there."""
    rows = _DELETE_UPLOAD.rows(connection, upload_id=upload_id)
    return rows[0][0] if rows else None


def select_lapsed(connection: Connection) -> list[LapsedUpload]:
    """The uploads whose lease ran out, the longest gone first; never more than were under way at once."""
    statement = _LAPSED.order_by(_uploads.c.lease_until, _uploads.c.id)
    return [_to_lapsed(row) for row in connection.execute(statement)]


def hold_lapsed(connection: Connection, upload_id: str) -> LapsedUpload | None:
    """The upload, kept from others until the transaction ends, if its lease has run out; None if it was renewed or ended.

    To be asked when the image is held already: whoever takes both takes the image first.
    """
    row = connection.execute(_LAPSED.where(_uploads.c.id == upload_id).with_for_update()).one_or_none()
    return None if row is None else _to_lapsed(row)


def select_named(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of *keys* that hold an image's data or belong to an upload under way, in whichever store: one statement."""
    blobs = select(_blobs.c.key).where(_blobs.c.key.in_(keys))
    under_way = select(_uploads.c.blob_key).where(_uploads.c.blob_key.in_(keys))
    return set(connection.execute(union_all(blobs, under_way)).scalars())


def insert_blob(connection: Connection, image_id: str, blob: StoredBlob, now: datetime) -> None:
    """Note that *blob* holds the data of the image."""
    where = {"store": blob.store, "key": blob.key, "size_bytes": blob.size_bytes}
    _INSERT_BLOB.run(connection, **where, image_id=image_id, created_at=to_micros(now))


def find_blobs(connection: Connection, image_id: str) -> list[StoredBlob]:
    """The blobs that hold the image's data, at most one a store, the oldest first."""
    rows = _FIND_BLOBS.rows(connection, image_id=image_id)
    return [StoredBlob(store, key, size, damaged_at is not None) for store, key, size, damaged_at in rows]


def select_stores(connection: Connection, image_ids: Sequence[str]) -> dict[str, list[str]]:
    """The names of the stores that hold the data of each of the images, in no order; one without data is left out.

    One statement, none without images. SQLAlchemy's way to the stores of a page took as long again as the page.
    """
    found: dict[str, list[str]] = {}
    if image_ids:
        binds = Binds(is_sqlite(connection))
        sql = f"SELECT image_id, store FROM blobs WHERE {binds.among('image_id', image_ids)}"  # noqa: S608 -- values are bound
        for image_id, store in ask(connection, sql, binds.values):
            found.setdefault(image_id, []).append(store)
    return found


def delete_blobs_in(connection: Connection, image_id: str, store: str) -> list[StoredBlob]:
    """Take from the image the data it has in this store: the blobs that nothing names any more."""
    blob = _blobs.c
    mine = delete(_blobs).where(blob.image_id == image_id, blob.store == store)
    rows = connection.execute(mine.returning(blob.store, blob.key, blob.size_bytes))
    return [StoredBlob(name, key, size_bytes) for name, key, size_bytes in rows]


def _to_lapsed(row: Row[Any]) -> LapsedUpload:
    return LapsedUpload(**{**row._asdict(), "on_failure": Status(row.on_failure)})


def forget_bytes(connection: Connection, image_id: str) -> list[StoredBlob]:
    """As `forget_bytes_of`, of one image."""
    return [blob for _, blob in forget_bytes_of(connection, [image_id])]


def forget_bytes_of(connection: Connection, image_ids: Sequence[str]) -> list[tuple[str, StoredBlob]]:
    """End the images' uploads and take their data from them: the blobs that nothing names any more, half ones too.

    Each with the id of its image. The size of a half one is what the upload had reserved: each as it counts for the owner,
    to be released by the caller.
    """
    up, blob = _uploads.c, _blobs.c
    arriving = delete(_uploads).where(up.image_id.in_(image_ids))
    held = delete(_blobs).where(blob.image_id.in_(image_ids))
    rows = [
        *connection.execute(arriving.returning(up.image_id, up.store, up.blob_key, up.bytes_reserved)),
        *connection.execute(held.returning(blob.image_id, blob.store, blob.key, blob.size_bytes)),
    ]
    return [(image_id, StoredBlob(store, key, size_bytes)) for image_id, store, key, size_bytes in rows]
