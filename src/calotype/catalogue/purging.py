"""Statements that take tombstones away: images that were deleted long ago, with all that is left of them.

Their ids stay in `used_ids`, for no id ever means two images.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from calotype.catalogue import uploads, usage
from calotype.catalogue.tables import IS_GONE, image_members, image_properties, image_tags, images
from calotype.catalogue.times import to_micros
from calotype.domain.images import StoredBlob

#: Tombstones in one transaction: docs/design/0014-housekeeping.md has how long that takes.
BATCH = 50

Position = tuple[int, str]
"""A tombstone's place in the walk: its `updated_at`, and its id."""

START: Position = (0, "")


@dataclass(frozen=True, slots=True)
class Purged:
    """How many tombstones went, the bytes that nothing names any more, and where the walk goes on; None at its end."""

    count: int
    blobs: list[StoredBlob]
    goes_on_at: Position | None


def purge(connection: Connection, *, deleted_before: datetime, after: Position) -> Purged:
    """Take away the next tombstones of images that were deleted, and not changed since, before that moment: `BATCH` at most.

    Nine statements, and one for each owner whose bytes count less.
    """
    column = images.c
    behind = and_(
        column.updated_at >= after[0],
        or_(column.updated_at > after[0], column.id > after[1]),
    )
    walk = (
        select(column.id, column.owner, column.updated_at)
        .where(_is_due(deleted_before), behind)
        .order_by(column.updated_at, column.id)
        .limit(BATCH)
    )
    found = connection.execute(walk.with_for_update()).all()
    if not found:
        return Purged(0, [], None)
    forgotten = _forget(connection, {row.id: row.owner for row in found})
    last = found[-1]
    return Purged(len(found), forgotten, (last.updated_at, last.id) if len(found) == BATCH else None)


def count_due(connection: Connection, *, deleted_before: datetime) -> int:
    """How many tombstones `purge` would take away in the end. One statement over the tombstones."""
    return connection.execute(select(func.count()).select_from(images).where(_is_due(deleted_before))).scalar_one()


def _is_due(deleted_before: datetime) -> ColumnElement[bool]:
    moment = to_micros(deleted_before)
    return and_(IS_GONE, images.c.updated_at < moment, images.c.deleted_at < moment)


def _forget(connection: Connection, owners: dict[str, str | None]) -> list[StoredBlob]:
    """Remove the images that *owners* names, deleted ones, and all rows about them; their bytes count for nobody then."""
    ids = list(owners)
    forgotten = uploads.forget_bytes_of(connection, ids)
    for table in (image_members, image_properties, image_tags):
        connection.execute(delete(table).where(table.c.image_id.in_(ids)))
    connection.execute(delete(images).where(images.c.id.in_(ids), IS_GONE))
    counted: Counter[str] = Counter()
    for image_id, blob in forgotten:
        if (owner := owners[image_id]) is not None:
            counted[owner] += blob.size_bytes
    for owner in sorted(counted):
        usage.release(connection, owner, counted[owner])
    return [blob for _, blob in forgotten]
