"""The tables. Migrations end in exactly these; times are integer microseconds since 1970 in UTC, on both databases.

Text is compared and ordered by its UTF-8 bytes: that is SQLite's default and `COLLATE "C"` on PostgreSQL.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    func,
)
from sqlalchemy import Text as PlainText
from sqlalchemy.dialects import postgresql

Text = PlainText().with_variant(postgresql.TEXT(collation="C"), "postgresql")

metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    Column("only_row", Integer, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("oldest_program_revision", Text, nullable=False),
    CheckConstraint("only_row = 1", name="ck_schema_version_only_row"),
)

images = Table(
    "images",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("owner", Text),
    Column("visibility", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("disk_format", Text),
    Column("container_format", Text),
    Column("size_bytes", BigInteger),
    Column("virtual_size_bytes", BigInteger),
    Column("min_disk_gib", BigInteger, nullable=False),
    Column("min_ram_mib", BigInteger, nullable=False),
    Column("checksum", Text),
    Column("os_hash_algo", Text),
    Column("os_hash_value", Text),
    Column("is_protected", Boolean, nullable=False),
    Column("is_hidden", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("properties", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("locations", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("member_count", BigInteger, nullable=False),
    # A listing never compares with NULL: these stand in for what may be null.
    Column("sort_name", Text, Computed("coalesce(name, '')", persisted=True), nullable=False),
    Column("sort_size", BigInteger, Computed("coalesce(size_bytes, 0)", persisted=True), nullable=False),
    Column("sort_disk_format", Text, Computed("coalesce(disk_format, '')", persisted=True), nullable=False),
    Column("sort_container_format", Text, Computed("coalesce(container_format, '')", persisted=True), nullable=False),
)

IS_LIVE = images.c.deleted_at.is_(None)
IS_GONE = images.c.deleted_at.is_not(None)


def _order_index(name: str, *columns: str, where: list[ColumnElement[bool]]) -> None:
    """An index that gives a scope's images in the order of a listing; partial, since lists show few tombstones."""
    Index(
        name,
        *(images.c[column] for column in columns),
        sqlite_where=and_(*where),
        postgresql_where=and_(*where),
    )


#: The sort keys that have an index a scope; a listing by another key sorts its scope.
INDEXED_KEYS = {
    "created_at": ("created_at", "id"),
    "updated_at": ("updated_at", "created_at", "id"),
    "name": ("sort_name", "created_at", "id"),
    "size": ("sort_size", "created_at", "id"),
}
for _key, _columns in INDEXED_KEYS.items():
    _order_index(f"ix_images_all_{_key}", *_columns, where=[IS_LIVE])
    _order_index(f"ix_images_owner_{_key}", "owner", *_columns, where=[IS_LIVE])
    _order_index(f"ix_images_public_{_key}", *_columns, where=[IS_LIVE, images.c.visibility == "public"])
_order_index("ix_images_community", "created_at", "id", where=[IS_LIVE, images.c.visibility == "community"])
_order_index("ix_images_gone", "updated_at", "id", where=[IS_GONE])

#: Every id ever given, lower case without hyphens; rows outlive the image, so that no id means two images.
#: Source: OSSN-0075.
used_ids = Table("used_ids", metadata, Column("id_key", Text, primary_key=True), sqlite_with_rowid=False)

#: Look-up for filters, of live images only. `value_key` is the value, or `sha256:` and its digest when longer than 128 bytes.
image_properties = Table(
    "image_properties",
    metadata,
    Column("name", Text),
    Column("value_key", Text),
    Column("image_id", Text),
    PrimaryKeyConstraint("name", "value_key", "image_id", name="pk_image_properties"),
    Index("ix_image_properties_image_id", "image_id"),
    sqlite_with_rowid=False,
)

#: Look-up for filters, of live images only; like `value_key`, a tag of more than 128 bytes stands as its digest.
image_tags = Table(
    "image_tags",
    metadata,
    Column("tag_key", Text),
    Column("image_id", Text),
    PrimaryKeyConstraint("tag_key", "image_id", name="pk_image_tags"),
    Index("ix_image_tags_image_id", "image_id"),
    sqlite_with_rowid=False,
)

#: `created_at` is the image's, so that what is shared with a project can be read in listing order; `shared_at` is the member's own.
image_members = Table(
    "image_members",
    metadata,
    Column("image_id", Text),
    Column("member", Text),
    Column("status", Text, nullable=False),
    Column("can_share", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("shared_at", BigInteger, nullable=False, server_default="0"),
    Column("updated_at", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("image_id", "member", name="pk_image_members"),
    Index("ix_image_members_member", "member", "created_at", "image_id"),
    sqlite_with_rowid=False,
)

#: Which store holds an image's bytes under which key. `verified_at`: when they were last read and compared, NULL if never.
#: `damaged_at`: when they were first found to be others than were stored, NULL while they are not.
blobs = Table(
    "blobs",
    metadata,
    Column("key", Text, primary_key=True),
    Column("store", Text, nullable=False),
    Column("image_id", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("verified_at", BigInteger),
    Column("damaged_at", BigInteger),
    Index("ix_blobs_image_id", "image_id"),
)

#: When the bytes of a blob were last known to be right: they were digested as they came.
BLOB_SEEN_AT = func.coalesce(blobs.c.verified_at, blobs.c.created_at)
IS_DAMAGED = blobs.c.damaged_at.is_not(None)
Index("ix_blobs_seen_at", blobs.c.store, BLOB_SEEN_AT, blobs.c.key)
Index("ix_blobs_damaged", blobs.c.damaged_at, blobs.c.key, sqlite_where=IS_DAMAGED, postgresql_where=IS_DAMAGED)

#: An upload is a row before it is a byte; it goes when the upload ends, well or not.
uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("image_id", Text, nullable=False),
    Column("blob_key", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("on_failure", Text, nullable=False),
    Column("size_declared", BigInteger),
    Column("bytes_done", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("node", Text, nullable=False),
    # Of the quota of the project that owns the image; what is stored never exceeds it.
    Column("bytes_reserved", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("on_failure in ('queued', 'killed')", name="ck_uploads_on_failure"),
    UniqueConstraint("image_id", name="uq_uploads_image_id"),
)

#: Work that one process does for all nodes: `holder` does it until `lease_until`, by the database's clock, unless it renews.
#: `round_ended_at`: when it was last done from end to end, by whomever.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("round_ended_at", BigInteger),
)

#: What the images of each owner take up, whether or not there is a project of that id; kept by `catalogue/usage.py`.
usage = Table(
    "usage",
    metadata,
    Column("project", Text),
    Column("kind", Text),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "kind", name="pk_usage"),
    sqlite_with_rowid=False,
)

#: A quota that is NULL is none.
projects = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("quota_bytes", BigInteger),
    Column("quota_images", BigInteger),
    Column("description", Text),
    UniqueConstraint("name", name="uq_projects_name"),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("default_project_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("description", Text),
    Column("email", Text),
    UniqueConstraint("name", name="uq_users_name"),
)

role_assignments = Table(
    "role_assignments",
    metadata,
    Column("user_id", Text),
    Column("project_id", Text),
    Column("role", Text),
    PrimaryKeyConstraint("user_id", "project_id", "role", name="pk_role_assignments"),
    Index("ix_role_assignments_project_id", "project_id"),
    sqlite_with_rowid=False,
)

#: By which programs log in to one project without their user's password; `secret_hash` is argon2's, as a password's.
application_credentials = Table(
    "application_credentials",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("description", Text),
    Column("roles", Text, nullable=False),
    Column("is_unrestricted", Boolean, nullable=False),
    Column("expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "name", name="uq_application_credentials_user_id_name"),
    Index("ix_application_credentials_project_id", "project_id"),
)

#: Only the SHA-256 of a token is kept: a stolen database opens nothing.
#: `only_roles` is NULL, or the roles of the application credential that got the token: just these, while the user has all.
tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("project_id", Text),
    Column("methods", Text, nullable=False),
    Column("audit_id", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("application_credential_id", Text),
    Column("only_roles", Text),
    Index("ix_tokens_user_id", "user_id"),
    Index("ix_tokens_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)

#: How far each bulk load has come, written in the transaction of the lines it counts; `last_line_digest` tells whether a file
#: is still the one that was begun. `look_ups_pending`: properties, tags and secondary indexes are missing until the load, or
#: the next start, has built them. Source: docs/design/0005-bulk-load.md.
loads = Table(
    "loads",
    metadata,
    Column("source", Text, primary_key=True),
    Column("lines_done", BigInteger, nullable=False),
    Column("last_line_digest", Text, nullable=False),
    Column("look_ups_pending", Boolean, nullable=False),
)
