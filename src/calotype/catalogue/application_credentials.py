"""Statements over application credentials; each is one unless it says otherwise. Roles are kept as words with a space between."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from calotype.catalogue.tables import application_credentials as table
from calotype.catalogue.tables import tokens
from calotype.catalogue.times import from_micros, to_micros
from calotype.domain.application_credentials import ApplicationCredential

#: What tells one application credential from the others: its id, or its user's id and its name.
Key = str | tuple[str, str]


def insert_credential(connection: Connection, credential: ApplicationCredential, secret_hash: str) -> None:
    """Add *credential*; the user has no other of its name: the caller has looked, a race ends in Conflict."""
    connection.execute(
        insert(table).values(
            id=credential.id,
            user_id=credential.user_id,
            project_id=credential.project_id,
            name=credential.name,
            secret_hash=secret_hash,
            description=credential.description,
            roles=" ".join(credential.roles),
            is_unrestricted=credential.is_unrestricted,
            expires_at=None if credential.expires_at is None else to_micros(credential.expires_at),
            created_at=to_micros(credential.created_at),
        )
    )


def select_credential(
    connection: Connection, key: Key, *, is_held: bool = False
) -> tuple[ApplicationCredential, str] | None:
    """The application credential and the hash of its secret.

    *is_held*: on PostgreSQL the row stays as it is until this transaction ends; on SQLite a writing one does that anyway.
    """
    statement = select(table).where(_is(key))
    if is_held:
        statement = statement.with_for_update(read=True)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (_credential(row), row.secret_hash)


def select_credentials(
    connection: Connection, user_id: str | None, name: str | None = None
) -> list[ApplicationCredential]:
    """Those of the user, or of everybody; all, or the one of this name; by name."""
    statement = select(table).order_by(table.c.name, table.c.id)
    if user_id is not None:
        statement = statement.where(table.c.user_id == user_id)
    if name is not None:
        statement = statement.where(table.c.name == name)
    return [_credential(row) for row in connection.execute(statement)]


def delete_credential(connection: Connection, credential: ApplicationCredential) -> bool:
    """Remove it, and then the tokens got with it, so that none escapes a login that held the row; False if it is not there.

    Two statements.
    """
    found = connection.execute(delete(table).where(table.c.id == credential.id)).rowcount == 1
    got_with_it = and_(
        tokens.c.user_id == credential.user_id,  # the column with an index
        tokens.c.application_credential_id == credential.id,
    )
    connection.execute(delete(tokens).where(got_with_it))
    return found


def delete_of_user(connection: Connection, user_id: str) -> None:
    connection.execute(delete(table).where(table.c.user_id == user_id))


def delete_of_project(connection: Connection, project_id: str) -> None:
    connection.execute(delete(table).where(table.c.project_id == project_id))


def _is(key: Key) -> ColumnElement[bool]:
    if isinstance(key, str):
        return table.c.id == key
    user_id, name = key
    return and_(table.c.user_id == user_id, table.c.name == name)


def _credential(row: Any) -> ApplicationCredential:
    return ApplicationCredential(
        id=row.id,
        name=row.name,
        user_id=row.user_id,
        project_id=row.project_id,
        roles=tuple(row.roles.split()),
        description=row.description,
        is_unrestricted=row.is_unrestricted,
        expires_at=None if row.expires_at is None else from_micros(row.expires_at),
        created_at=from_micros(row.created_at),
    )
