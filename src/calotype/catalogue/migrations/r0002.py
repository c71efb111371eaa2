"""Quotas: what each project may have, what it has, and what its uploads have reserved of it."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint
from sqlalchemy import Text as PlainText
from sqlalchemy.dialects import postgresql

#: A program of 0001 would change images without counting them.
OLDEST_PROGRAM_REVISION = "0002"

Text = PlainText().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade(operations: Operations) -> None:
    operations.create_table(
        "usage",
        Column("project", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("value", BigInteger, nullable=False),
        PrimaryKeyConstraint("project", "kind", name="pk_usage"),
        sqlite_with_rowid=False,
    )
    operations.add_column("uploads", Column("bytes_reserved", BigInteger, nullable=False, server_default="0"))
    operations.add_column("projects", Column("quota_bytes", BigInteger, nullable=True))
    operations.add_column("projects", Column("quota_images", BigInteger, nullable=True))
    for statement in (_RESERVED, _IMAGES, _BYTES):
        operations.execute(statement)


#: Uploads that an older program left: as many bytes as they may have stored.
_RESERVED = "UPDATE uploads SET bytes_reserved = coalesce(size_declared, bytes_done)"

_IMAGES = """
INSERT INTO usage (project, kind, value)
SELECT owner, 'images', count(*) FROM images WHERE owner IS NOT NULL AND deleted_at IS NULL GROUP BY owner
"""

_BYTES = """
INSERT INTO usage (project, kind, value)
SELECT images.owner, 'bytes', sum(held.size_bytes)
FROM (SELECT image_id, size_bytes FROM blobs UNION ALL SELECT image_id, bytes_reserved FROM uploads) held
JOIN images ON images.id = held.image_id
WHERE images.owner IS NOT NULL
GROUP BY images.owner
"""
