"""What a login is for: a project and the roles there, or nothing."""

from calotype.catalogue import accounts
from calotype.catalogue.engine import Connection
from calotype.domain.accounts import ById, ByName, Project, Reference, Scope, User, is_name, names_our_domain
from calotype.domain.application_credentials import ApplicationCredential
from calotype.domain.callers import is_included
from calotype.domain.errors import Unauthenticated

Entered = tuple[Project, tuple[str, ...]]
"""A project, and the roles a token for it has."""


def can_exist(reference: Reference) -> bool:
    """False for a text that cannot be a name or an id: it is not looked up."""
    if isinstance(reference, ById):
        return is_name(reference.id)
    return is_name(reference.name) and names_our_domain(reference.domain)


def enter(connection: Connection, user: User, scope: Reference | Scope) -> Entered | None:
    """The project the token is to be for and the user's roles there, None for an unscoped one."""
    match scope:
        case Scope.NONE:
            return None
        case Scope.DEFAULT:
            default = user.default_project_id
            return None if default is None else _open_project(connection, user, ById(default))
        case ById() | ByName() if can_exist(scope):
            entered = _open_project(connection, user, scope)
            if entered is not None:
                return entered
    raise Unauthenticated


def enter_with(
    connection: Connection, user: User, credential: ApplicationCredential, scope: Reference | Scope
) -> Entered:
    """The project and the roles of *credential*; *scope* may ask for nothing else.

    Raises Unauthenticated if it does, if the project is not open any more, or if the user has lost one of the roles.
    """
    entered = _open_project(connection, user, ById(credential.project_id))
    if entered is None or not _asks_for(entered[0], scope):
        raise Unauthenticated
    project, held = entered
    if not all(is_included(role, held) for role in credential.roles):
        raise Unauthenticated
    return project, credential.roles


def _asks_for(project: Project, scope: Reference | Scope) -> bool:
    match scope:
        case ById():
            return scope.id == project.id
        case ByName():
            return scope.name == project.name and names_our_domain(scope.domain)
    return scope is Scope.DEFAULT


def _open_project(connection: Connection, user: User, reference: Reference) -> Entered | None:
    """The project and the user's roles there; None if it is absent or disabled, or the user has no role."""
    project = accounts.select_project(connection, reference)
    if project is None or not project.is_enabled:
        return None
    roles = accounts.select_roles(connection, user.id, project.id)
    return (project, roles) if roles else None
