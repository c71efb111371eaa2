"""Statements about when blobs were verified, and which are damaged. Source: docs/design/0014-housekeeping.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from calotype.catalogue.tables import BLOB_SEEN_AT, IS_DAMAGED, blobs, images
from calotype.catalogue.times import from_micros, to_micros

_blob, _image, _seen_at = blobs.c, images.c, BLOB_SEEN_AT

#: Rows in one statement: some milliseconds.
BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBlob:
    """A blob that is to be read again, and what is known of the data of its image; digests are hexadecimal.

    *seen_at*: when it was last known to be right, as the tables hold times. *is_damaged*: it was not.
    """

    seen_at: int
    store: str
    key: str
    image_id: str
    size_bytes: int
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    is_damaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedBlob:
    """A blob whose bytes are others than were stored, or gone. *owner*: of the image."""

    image_id: str
    owner: str | None
    store: str
    key: str
    size_bytes: int
    damaged_at: datetime
    verified_at: datetime


_DUE: Select[Any] = select(
    _seen_at.label("seen_at"),
    _blob.store,
    _blob.key,
    _blob.image_id,
    _blob.size_bytes,
    _image.checksum,
    _image.os_hash_algo,
    _image.os_hash_value,
    IS_DAMAGED.label("is_damaged"),
).join(images, _image.id == _blob.image_id)


def select_due(connection: Connection, store: str, *, before: datetime, after: tuple[int, str]) -> list[DueBlob]:
    """Blobs of *store* last seen *before* that moment, the longest ago first, behind *after*: a `seen_at` and a key.

    At most `BATCH`; one statement.
    """
    seen_at, key = after
    behind = and_(_seen_at >= seen_at, or_(_seen_at > seen_at, _blob.key > key))
    due = _DUE.where(_blob.store == store, _seen_at <= to_micros(before), behind)
    return _due(connection, due.order_by(_seen_at, _blob.key).limit(BATCH))


def select_damaged_due(connection: Connection, stores: Sequence[str], *, before: datetime) -> list[DueBlob]:
    """Damaged blobs of these stores that were last read *before* that moment, the first found first, at most `BATCH`."""
    # Not the column itself, or SQLite would look through all blobs of the stores: 60 ms instead of none for 50,000.
    among = func.coalesce(_blob.store, "").in_(stores)
    due = _DUE.where(IS_DAMAGED, _blob.verified_at <= to_micros(before), among)
    return _due(connection, due.order_by(_blob.damaged_at, _blob.key).limit(BATCH))


def is_there(connection: Connection, key: str) -> bool:
    """True if an image still has the blob."""
    return connection.execute(select(_blob.key).where(_blob.key == key)).first() is not None


def mark_whole(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Note that these blobs were read and are as they were stored. One that is gone, or in others' hands, is passed over."""
    held = select(_blob.key).where(_blob.key.in_(keys)).order_by(_blob.key).with_for_update(skip_locked=True)
    mine = connection.execute(held).scalars().all()
    if mine:
        seen = update(blobs).where(_blob.key.in_(mine))
        connection.execute(seen.values(verified_at=to_micros(now), damaged_at=None))


def mark_damaged(connection: Connection, due: DueBlob, now: datetime) -> bool:
    """Note that *due* was read and is not as it was stored. False if it is gone, or if its image says now what it did not."""
    of_image = (_image.checksum, _image.os_hash_algo, _image.os_hash_value)
    as_expected = [
        column.is_not_distinct_from(value)
        for column, value in zip(of_image, (due.checksum, due.os_hash_algo, due.os_hash_value), strict=True)
    ]
    is_as_expected = select(_image.id).where(_image.id == due.image_id, *as_expected).exists()
    read = update(blobs).where(_blob.key == due.key, _blob.store == due.store, is_as_expected)
    micros = to_micros(now)
    values = {"verified_at": micros, "damaged_at": func.coalesce(_blob.damaged_at, micros)}
    return connection.execute(read.values(values)).rowcount == 1


def count_damaged(connection: Connection) -> int:
    """How many blobs are damaged. One statement over those alone."""
    return connection.execute(select(func.count()).select_from(blobs).where(IS_DAMAGED)).scalar_one()


def select_damaged(connection: Connection) -> Iterator[DamagedBlob]:
    """All damaged blobs, the first found first. One statement."""
    statement = (
        select(blobs, _image.owner)
        .join(images, _image.id == _blob.image_id)
        .where(IS_DAMAGED)
        .order_by(_blob.damaged_at, _blob.key)
    )
    for row in connection.execute(statement):
        yield DamagedBlob(
            image_id=row.image_id,
            owner=row.owner,
            store=row.store,
            key=row.key,
            size_bytes=row.size_bytes,
            damaged_at=from_micros(row.damaged_at),
            verified_at=from_micros(row.verified_at),
        )


def _due(connection: Connection, statement: Select[Any]) -> list[DueBlob]:
    return [_to_due(row) for row in connection.execute(statement)]


def _to_due(row: Row[Any]) -> DueBlob:
    return DueBlob(**{**row._asdict(), "is_damaged": bool(row.is_damaged)})
