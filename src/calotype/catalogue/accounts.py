"""Statements over projects, users and roles. Each is one statement unless it says otherwise."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, insert, select, update

from calotype.catalogue import application_credentials, tokens
from calotype.catalogue.tables import images, projects, role_assignments, usage, users
from calotype.catalogue.times import from_micros, to_micros
from calotype.domain.accounts import ById, Project, Reference, User

_COMMON = ("id", "name", "enabled", "description", "created_at")
PROJECT_COLUMNS = tuple(projects.c[name] for name in _COMMON)
USER_COLUMNS = tuple(users.c[name] for name in (*_COMMON, "email", "default_project_id"))


def insert_project(connection: Connection, project: Project) -> None:
    """Add *project*. Its name is free: the caller has looked; a race ends in Conflict by the unique constraint."""
    connection.execute(
        insert(projects).values(
            id=project.id,
            name=project.name,
            enabled=project.is_enabled,
            description=project.description or None,
            created_at=to_micros(project.created_at),
        )
    )


def insert_user(connection: Connection, user: User, password_hash: str) -> None:
    """Add *user*. Its name is free, as for projects."""
    connection.execute(
        insert(users).values(
            id=user.id,
            name=user.name,
            enabled=user.is_enabled,
            default_project_id=user.default_project_id,
            description=user.description or None,
            email=user.email or None,
            created_at=to_micros(user.created_at),
            password_hash=password_hash,
        )
    )


def select_project(connection: Connection, reference: Reference) -> Project | None:
    row = connection.execute(select(*PROJECT_COLUMNS).where(_is(projects, reference))).one_or_none()
    return None if row is None else to_project(row)


def select_user(connection: Connection, reference: Reference, *, is_held: bool = False) -> tuple[User, str] | None:
    """The user and the hash of the password.

    *is_held*: on PostgreSQL the row stays as it is until this transaction ends; on SQLite a writing one does that anyway.
    """
    statement = select(*USER_COLUMNS, users.c.password_hash).where(_is(users, reference))
    if is_held:
        statement = statement.with_for_update(read=True)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (to_user(row), row.password_hash)


def select_projects(connection: Connection) -> list[Project]:
    """Every project, by name."""
    rows = connection.execute(select(*PROJECT_COLUMNS).order_by(projects.c.name))
    return [to_project(row) for row in rows]


def select_users(connection: Connection) -> list[User]:
    """Every user, by name."""
    rows = connection.execute(select(*USER_COLUMNS).order_by(users.c.name))
    return [to_user(row) for row in rows]


def select_projects_of(connection: Connection, user_id: str) -> list[Project]:
    """The enabled projects in which the user has a role, by name."""
    statement = select(*PROJECT_COLUMNS).where(projects.c.enabled, has_role(user_id)).order_by(projects.c.name)
    return [to_project(row) for row in connection.execute(statement)]


def has_role(user_id: str) -> ColumnElement[bool]:
    """The condition that the user has a role in the project of the row."""
    return exists().where(role_assignments.c.user_id == user_id, role_assignments.c.project_id == projects.c.id)


def has_users(connection: Connection) -> bool:
    return connection.execute(select(users.c.id).limit(1)).first() is not None


def owns_images(connection: Connection, project_id: str) -> bool:
    """True if an image that is not deleted belongs to the project."""
    statement = select(images.c.id).where(images.c.owner == project_id, images.c.deleted_at.is_(None)).limit(1)
    return connection.execute(statement).first() is not None


def delete_project(connection: Connection, project_id: str) -> None:
    """Remove the project with its roles, credentials, tokens and usage, and as anybody's default: six statements."""
    connection.execute(delete(role_assignments).where(role_assignments.c.project_id == project_id))
    application_credentials.delete_of_project(connection, project_id)
    tokens.delete_tokens_for(connection, project_id)
    connection.execute(update(users).where(users.c.default_project_id == project_id).values(default_project_id=None))
    connection.execute(delete(projects).where(projects.c.id == project_id))
    connection.execute(delete(usage).where(usage.c.project == project_id))


def delete_user(connection: Connection, user_id: str) -> None:
    """Remove the user with all tokens, roles and credentials: four statements."""
    tokens.delete_tokens_of(connection, user_id)
    connection.execute(delete(role_assignments).where(role_assignments.c.user_id == user_id))
    application_credentials.delete_of_user(connection, user_id)
    connection.execute(delete(users).where(users.c.id == user_id))


def set_password_hash(connection: Connection, user_id: str, password_hash: str) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


def select_quotas(connection: Connection) -> dict[str, tuple[int | None, int | None]]:
    """Bytes and images that each project may have, by the project's id."""
    rows = connection.execute(select(projects.c.id, projects.c.quota_bytes, projects.c.quota_images))
    return {row.id: (row.quota_bytes, row.quota_images) for row in rows}


def set_quota(connection: Connection, project_id: str, quota: Mapping[str, object]) -> None:
    """Let the project have so many, by the name of the column; None: any number. What is over already stays."""
    if quota:
        connection.execute(update(projects).where(projects.c.id == project_id).values(**quota))


def set_enabled(connection: Connection, user_id: str, *, is_enabled: bool) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(enabled=is_enabled))


def select_roles(connection: Connection, user_id: str, project_id: str) -> tuple[str, ...]:
    """The roles the user has been given in the project, by name."""
    statement = select(role_assignments.c.role).where(
        role_assignments.c.user_id == user_id, role_assignments.c.project_id == project_id
    )
    return tuple(sorted(connection.execute(statement).scalars()))


def insert_role(connection: Connection, user_id: str, project_id: str, role: str) -> None:
    """Give the user the role in the project; the caller has looked that it is not there yet."""
    connection.execute(insert(role_assignments).values(user_id=user_id, project_id=project_id, role=role))


def delete_role(connection: Connection, user_id: str, project_id: str, role: str) -> bool:
    """Take the role away; False if the user did not have it."""
    statement = delete(role_assignments).where(
        role_assignments.c.user_id == user_id,
        role_assignments.c.project_id == project_id,
        role_assignments.c.role == role,
    )
    return connection.execute(statement).rowcount == 1


def _is(table: Table, reference: Reference) -> ColumnElement[bool]:
    return table.c.id == reference.id if isinstance(reference, ById) else table.c.name == reference.name


def to_project(row: Any) -> Project:
    """The project of a row of `PROJECT_COLUMNS`."""
    return Project(
        id=row.id,
        name=row.name,
        is_enabled=row.enabled,
        description=row.description or "",
        created_at=from_micros(row.created_at),
    )


def to_user(row: Any) -> User:
    """The user of a row of `USER_COLUMNS`."""
    return User(
        id=row.id,
        name=row.name,
        is_enabled=row.enabled,
        default_project_id=row.default_project_id,
        description=row.description or "",
        email=row.email or "",
        created_at=from_micros(row.created_at),
    )
