"""Application credentials, the tokens got with them, and what administrators write about projects and users."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy import Text as PlainText
from sqlalchemy.dialects import postgresql

#: A program of 0002 would give a token that was got with a credential all roles of its user.
OLDEST_PROGRAM_REVISION = "0003"

Text = PlainText().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade(operations: Operations) -> None:
    operations.create_table(
        "application_credentials",
        Column("id", Text, nullable=False),
        Column("user_id", Text, nullable=False),
        Column("project_id", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("secret_hash", Text, nullable=False),
        Column("description", Text, nullable=True),
        Column("roles", Text, nullable=False),
        Column("is_unrestricted", Boolean, nullable=False),
        Column("expires_at", BigInteger, nullable=True),
        Column("created_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("user_id", "name", name="uq_application_credentials_user_id_name"),
    )
    operations.create_index("ix_application_credentials_project_id", "application_credentials", ["project_id"])
    operations.add_column("tokens", Column("application_credential_id", Text, nullable=True))
    operations.add_column("tokens", Column("only_roles", Text, nullable=True))
    operations.add_column("projects", Column("description", Text, nullable=True))
    operations.add_column("users", Column("description", Text, nullable=True))
    operations.add_column("users", Column("email", Text, nullable=True))
