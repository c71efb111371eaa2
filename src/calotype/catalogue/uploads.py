"""Statements about uploads under way, and about the blobs they leave.

A row of `uploads` stands from before the first byte until the upload has ended, well or not; it names the key that is
written and says what becomes of the image should the upload be lost. Source: docs/design/0004-bytes.md.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from calotype.catalogue import tables
from calotype.catalogue.clock import DatabaseNow
from calotype.catalogue.times import to_micros
from calotype.domain.images import Status, StoredBlob

_uploads, _blobs = tables.uploads, tables.blobs

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """An upload that begins. *on_failure*: what the image becomes if it fails, killed or queued. *node*: who runs it."""

    id: str
    image_id: str
    blob_key: str
    store: str
    on_failure: Status
    size_declared: int | None
    node: str


def insert_upload(connection: Connection, row: UploadRow, *, lease_s: int) -> None:
    """Put *row* in with a lease of *lease_s* from now. Raises Conflict if the image has an upload under way."""
    lease = {"bytes_done": 0, "lease_until": _lease(lease_s)}
    connection.execute(insert(_uploads).values(**{**asdict(row), "on_failure": row.on_failure.value}, **lease))


def keep(connection: Connection, upload_id: str, *, bytes_done: int, lease_s: int) -> bool:
    """Note how far the upload is and renew its lease. False if it is no longer there: somebody else ended it."""
    statement = update(_uploads).where(_uploads.c.id == upload_id)
    result = connection.execute(statement.values(bytes_done=bytes_done, lease_until=_lease(lease_s)))
    return result.rowcount == 1


def delete_upload(connection: Connection, upload_id: str) -> bool:
    """End the upload. False if it was no longer there."""
    return connection.execute(delete(_uploads).where(_uploads.c.id == upload_id)).rowcount == 1


def insert_blob(connection: Connection, image_id: str, blob: StoredBlob, now: datetime) -> None:
    """Note that *blob* holds the data of the image."""
    row = {"key": blob.key, "store": blob.store, "size_bytes": blob.size_bytes}
    connection.execute(insert(_blobs).values(**row, image_id=image_id, created_at=to_micros(now)))


def find_blobs(connection: Connection, image_id: str) -> list[StoredBlob]:
    """The blobs that hold the image's data, at most one a store, the oldest first."""
    statement = select(_blobs.c.store, _blobs.c.key, _blobs.c.size_bytes).where(_blobs.c.image_id == image_id)
    rows = connection.execute(statement.order_by(_blobs.c.created_at, _blobs.c.key))
    return [StoredBlob(store=row.store, key=row.key, size_bytes=row.size_bytes) for row in rows]


def _lease(lease_s: int) -> ColumnElement[int]:
    return DatabaseNow() + lease_s * _MICROS
