"""Who keeps house for all nodes, and what the digest scrub knows about each blob."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, text
from sqlalchemy import Text as PlainText
from sqlalchemy.dialects import postgresql

#: A program of 0004 knows nothing of what is new here, and needs to know nothing.
OLDEST_PROGRAM_REVISION = "0004"

Text = PlainText().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade(operations: Operations) -> None:
    operations.create_table(
        "leases",
        Column("name", Text, nullable=False),
        Column("holder", Text, nullable=False),
        Column("lease_until", BigInteger, nullable=False),
        Column("taken_at", BigInteger, nullable=False),
        Column("round_ended_at", BigInteger, nullable=True),
        PrimaryKeyConstraint("name"),
    )
    operations.add_column("blobs", Column("verified_at", BigInteger, nullable=True))
    operations.add_column("blobs", Column("damaged_at", BigInteger, nullable=True))
    seen_at = text("coalesce(verified_at, created_at)")
    operations.create_index("ix_blobs_seen_at", "blobs", ["store", seen_at, "key"])
    is_damaged = text("damaged_at IS NOT NULL")
    operations.create_index(
        "ix_blobs_damaged", "blobs", ["damaged_at", "key"], sqlite_where=is_damaged, postgresql_where=is_damaged
    )
