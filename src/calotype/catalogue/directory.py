"""Statements over projects, users and role assignments as they are listed and changed. Each is one unless it says otherwise."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, update

from calotype.catalogue import accounts
from calotype.catalogue.tables import projects, role_assignments, users
from calotype.domain.accounts import Named, Project, User
from calotype.domain.directory import Assignment, AssignmentQuery, DirectoryQuery, ProjectChange, UserChange


def select_projects_page(
    connection: Connection, query: DirectoryQuery, *, after: str | None = None, of_user: str | None = None
) -> list[Project]:
    """The projects *query* asks for, by name, at most one more than its limit.

    *after*: the name before the first. *of_user*: only those in which the user has a role, disabled ones too.
    """
    conditions = _conditions(projects, query, after)
    if of_user is not None:
        conditions.append(accounts.has_role(of_user))
    statement = select(*accounts.PROJECT_COLUMNS).where(*conditions).order_by(projects.c.name)
    return [accounts.to_project(row) for row in connection.execute(statement.limit(_most(query)))]


def select_users_page(connection: Connection, query: DirectoryQuery, *, after: str | None = None) -> list[User]:
    """The users *query* asks for, by name, at most one more than its limit. *after*: the name before the first."""
    statement = select(*accounts.USER_COLUMNS).where(*_conditions(users, query, after)).order_by(users.c.name)
    return [accounts.to_user(row) for row in connection.execute(statement.limit(_most(query)))]


def update_project(connection: Connection, project_id: str, change: ProjectChange) -> bool:
    """Change what *change* names, at least one thing; False if there is no such project.

    Raises IntegrityError, which becomes Overtaken, if the name is another's.
    """
    return _update(connection, projects, project_id, _common(change))


def update_user(connection: Connection, user_id: str, change: UserChange, password_hash: str | None) -> bool:
    """The same for a user; *password_hash* None leaves the password as it is."""
    values = _common(change)
    if change.email is not None:
        values["email"] = change.email or None
    if change.default_project_id is not None:
        values["default_project_id"] = change.default_project_id or None
    if password_hash is not None:
        values["password_hash"] = password_hash
    return _update(connection, users, user_id, values)


def select_assignments(connection: Connection, query: AssignmentQuery) -> list[Assignment]:
    """The role assignments *query* asks for, by the names of project, user and role."""
    statement = (
        select(
            users.c.id.label("user_id"),
            users.c.name.label("user_name"),
            projects.c.id.label("project_id"),
            projects.c.name.label("project_name"),
            role_assignments.c.role,
        )
        .select_from(role_assignments)
        .join(users, users.c.id == role_assignments.c.user_id)
        .join(projects, projects.c.id == role_assignments.c.project_id)
        .where(*_of_assignment(query))
        .order_by(projects.c.name, users.c.name, role_assignments.c.role)
    )
    return [
        Assignment(Named(row.user_id, row.user_name), Named(row.project_id, row.project_name), row.role)
        for row in connection.execute(statement)
    ]


def _conditions(table: Table, query: DirectoryQuery, after: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.name is not None:
        conditions.append(table.c.name == query.name)
    if query.is_enabled is not None:
        conditions.append(table.c.enabled == query.is_enabled)
    if after is not None:
        conditions.append(table.c.name > after)
    return conditions


def _most(query: DirectoryQuery) -> int | None:
    return None if query.limit is None else query.limit + 1


def _of_assignment(query: AssignmentQuery) -> list[ColumnElement[bool]]:
    wanted = {"user_id": query.user_id, "project_id": query.project_id, "role": query.role}
    return [role_assignments.c[name] == value for name, value in wanted.items() if value is not None]


def _common(change: ProjectChange | UserChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.name is not None:
        values["name"] = change.name
    if change.is_enabled is not None:
        values["enabled"] = change.is_enabled
    if change.description is not None:
        values["description"] = change.description or None
    return values


def _update(connection: Connection, table: Table, row_id: str, values: dict[str, Any]) -> bool:
    return connection.execute(update(table).where(table.c.id == row_id).values(values)).rowcount == 1
