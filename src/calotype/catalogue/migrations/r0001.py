"""The first schema."""

from alembic.operations import Operations
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy import Text as PlainText
from sqlalchemy.dialects import postgresql

OLDEST_PROGRAM_REVISION = "0001"

Text = PlainText().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade(operations: Operations) -> None:
    for table in (
        _blobs,
        _image_members,
        _image_properties,
        _image_tags,
        _images,
        _loads,
        _projects,
        _role_assignments,
        _schema_version,
        _tokens,
        _uploads,
        _used_ids,
        _users,
    ):
        table(operations)


def _blobs(operations: Operations) -> None:
    operations.create_table(
        "blobs",
        Column("key", Text, nullable=False),
        Column("store", Text, nullable=False),
        Column("image_id", Text, nullable=False),
        Column("size_bytes", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("key"),
    )
    operations.create_index("ix_blobs_image_id", "blobs", ["image_id"])


def _image_members(operations: Operations) -> None:
    operations.create_table(
        "image_members",
        Column("image_id", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("can_share", Boolean, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("image_id", "member", name="pk_image_members"),
        sqlite_with_rowid=False,
    )
    operations.create_index("ix_image_members_member", "image_members", ["member", "created_at", "image_id"])


def _image_properties(operations: Operations) -> None:
    operations.create_table(
        "image_properties",
        Column("name", Text, nullable=False),
        Column("value_key", Text, nullable=False),
        Column("image_id", Text, nullable=False),
        PrimaryKeyConstraint("name", "value_key", "image_id", name="pk_image_properties"),
        sqlite_with_rowid=False,
    )
    operations.create_index("ix_image_properties_image_id", "image_properties", ["image_id"])


def _image_tags(operations: Operations) -> None:
    operations.create_table(
        "image_tags",
        Column("tag_key", Text, nullable=False),
        Column("image_id", Text, nullable=False),
        PrimaryKeyConstraint("tag_key", "image_id", name="pk_image_tags"),
        sqlite_with_rowid=False,
    )
    operations.create_index("ix_image_tags_image_id", "image_tags", ["image_id"])


def _images(operations: Operations) -> None:
    operations.create_table(
        "images",
        Column("id", Text, nullable=False),
        Column("name", Text, nullable=True),
        Column("owner", Text, nullable=True),
        Column("visibility", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("disk_format", Text, nullable=True),
        Column("container_format", Text, nullable=True),
        Column("size_bytes", BigInteger, nullable=True),
        Column("virtual_size_bytes", BigInteger, nullable=True),
        Column("min_disk_gib", BigInteger, nullable=False),
        Column("min_ram_mib", BigInteger, nullable=False),
        Column("checksum", Text, nullable=True),
        Column("os_hash_algo", Text, nullable=True),
        Column("os_hash_value", Text, nullable=True),
        Column("is_protected", Boolean, nullable=False),
        Column("is_hidden", Boolean, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("deleted_at", BigInteger, nullable=True),
        Column("properties", Text, nullable=False),
        Column("tags", Text, nullable=False),
        Column("locations", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("member_count", BigInteger, nullable=False),
        Column("sort_name", Text, Computed("coalesce(name, '')", persisted=True), nullable=False),
        Column("sort_size", BigInteger, Computed("coalesce(size_bytes, 0)", persisted=True), nullable=False),
        Column("sort_disk_format", Text, Computed("coalesce(disk_format, '')", persisted=True), nullable=False),
        Column(
            "sort_container_format", Text, Computed("coalesce(container_format, '')", persisted=True), nullable=False
        ),
        PrimaryKeyConstraint("id"),
    )
    operations.create_index(
        "ix_images_all_created_at",
        "images",
        ["created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_all_name",
        "images",
        ["sort_name", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_all_size",
        "images",
        ["sort_size", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_all_updated_at",
        "images",
        ["updated_at", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_community",
        "images",
        ["created_at", "id"],
        sqlite_where=text("deleted_at IS NULL AND visibility = 'community'"),
        postgresql_where=text("deleted_at IS NULL AND visibility = 'community'"),
    )
    operations.create_index(
        "ix_images_gone",
        "images",
        ["updated_at", "id"],
        sqlite_where=text("deleted_at IS NOT NULL"),
        postgresql_where=text("deleted_at IS NOT NULL"),
    )
    operations.create_index(
        "ix_images_owner_created_at",
        "images",
        ["owner", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_owner_name",
        "images",
        ["owner", "sort_name", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_owner_size",
        "images",
        ["owner", "sort_size", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_owner_updated_at",
        "images",
        ["owner", "updated_at", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    )
    operations.create_index(
        "ix_images_public_created_at",
        "images",
        ["created_at", "id"],
        sqlite_where=text("deleted_at IS NULL AND visibility = 'public'"),
        postgresql_where=text("deleted_at IS NULL AND visibility = 'public'"),
    )
    operations.create_index(
        "ix_images_public_name",
        "images",
        ["sort_name", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL AND visibility = 'public'"),
        postgresql_where=text("deleted_at IS NULL AND visibility = 'public'"),
    )
    operations.create_index(
        "ix_images_public_size",
        "images",
        ["sort_size", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL AND visibility = 'public'"),
        postgresql_where=text("deleted_at IS NULL AND visibility = 'public'"),
    )
    operations.create_index(
        "ix_images_public_updated_at",
        "images",
        ["updated_at", "created_at", "id"],
        sqlite_where=text("deleted_at IS NULL AND visibility = 'public'"),
        postgresql_where=text("deleted_at IS NULL AND visibility = 'public'"),
    )


def _loads(operations: Operations) -> None:
    operations.create_table(
        "loads",
        Column("source", Text, nullable=False),
        Column("lines_done", BigInteger, nullable=False),
        Column("last_line_digest", Text, nullable=False),
        Column("look_ups_pending", Boolean, nullable=False),
        PrimaryKeyConstraint("source"),
    )


def _projects(operations: Operations) -> None:
    operations.create_table(
        "projects",
        Column("id", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("enabled", Boolean, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("name", name="uq_projects_name"),
    )


def _role_assignments(operations: Operations) -> None:
    operations.create_table(
        "role_assignments",
        Column("user_id", Text, nullable=False),
        Column("project_id", Text, nullable=False),
        Column("role", Text, nullable=False),
        PrimaryKeyConstraint("user_id", "project_id", "role", name="pk_role_assignments"),
        sqlite_with_rowid=False,
    )
    operations.create_index("ix_role_assignments_project_id", "role_assignments", ["project_id"])


def _schema_version(operations: Operations) -> None:
    operations.create_table(
        "schema_version",
        Column("only_row", Integer, nullable=False),
        Column("revision", Text, nullable=False),
        Column("oldest_program_revision", Text, nullable=False),
        CheckConstraint("only_row = 1", name="ck_schema_version_only_row"),
        PrimaryKeyConstraint("only_row"),
    )


def _tokens(operations: Operations) -> None:
    operations.create_table(
        "tokens",
        Column("token_hash", Text, nullable=False),
        Column("user_id", Text, nullable=False),
        Column("project_id", Text, nullable=True),
        Column("methods", Text, nullable=False),
        Column("audit_id", Text, nullable=False),
        Column("issued_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("token_hash"),
        sqlite_with_rowid=False,
    )
    operations.create_index("ix_tokens_expires_at", "tokens", ["expires_at"])
    operations.create_index("ix_tokens_user_id", "tokens", ["user_id"])


def _uploads(operations: Operations) -> None:
    operations.create_table(
        "uploads",
        Column("id", Text, nullable=False),
        Column("image_id", Text, nullable=False),
        Column("blob_key", Text, nullable=False),
        Column("store", Text, nullable=False),
        Column("on_failure", Text, nullable=False),
        Column("size_declared", BigInteger, nullable=True),
        Column("bytes_done", BigInteger, nullable=False),
        Column("lease_until", BigInteger, nullable=False),
        Column("node", Text, nullable=False),
        CheckConstraint("on_failure in ('queued', 'killed')", name="ck_uploads_on_failure"),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("image_id", name="uq_uploads_image_id"),
    )


def _used_ids(operations: Operations) -> None:
    operations.create_table(
        "used_ids", Column("id_key", Text, nullable=False), PrimaryKeyConstraint("id_key"), sqlite_with_rowid=False
    )


def _users(operations: Operations) -> None:
    operations.create_table(
        "users",
        Column("id", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("password_hash", Text, nullable=False),
        Column("enabled", Boolean, nullable=False),
        Column("default_project_id", Text, nullable=True),
        Column("created_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("name", name="uq_users_name"),
    )
