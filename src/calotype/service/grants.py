"""Which roles there are, and who has them where, as admins ask and say it. Source: docs/api/identity.md, "Roles"."""

from calotype.catalogue import accounts, directory
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.audit import Act
from calotype.domain.callers import Caller, Role
from calotype.domain.directory import Assignment, AssignmentQuery
from calotype.domain.errors import NotFound, Overtaken, Unordered
from calotype.domain.rights import Action, Rules
from calotype.service.audit import SILENT, Recorder, audited, tell
from calotype.service.directory import find_project, find_user


class Grants:
    """The role assignments of one catalogue. A role's id is its name.

    Everything raises Refused for a missing right, before anything is looked up, and NotFound for what is not there.
    """

    def __init__(self, catalogue: Catalogue, rules: Rules, audit: Recorder = SILENT) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._audit = audit

    def roles(self, caller: Caller) -> list[Role]:
        """Every role there is, by name."""
        self._rules.check(caller, Action.LIST_ROLES)
        return sorted(Role)

    def role(self, caller: Caller, role_id: str) -> Role:
        self._rules.check(caller, Action.SHOW_ROLE)
        return _role(role_id)

    def assignments(self, caller: Caller, query: AssignmentQuery) -> list[Assignment]:
        """The assignments *query* asks for, by project, user and role."""
        self._rules.check(caller, Action.LIST_ASSIGNMENTS)
        if query.nothing:
            return []
        with self._catalogue.reading() as connection:
            return directory.select_assignments(connection, query)

    def roles_of(self, caller: Caller, project_id: str, user_id: str) -> tuple[str, ...]:
        """The names of the roles the user has been given in the project."""
        self._rules.check(caller, Action.LIST_GRANTS)
        with self._catalogue.reading() as connection:
            return _roles_of(connection, project_id, user_id)

    def check(self, caller: Caller, project_id: str, user_id: str, role_id: str) -> None:
        """Raises NotFound if the user has not been given the role in the project."""
        self._rules.check(caller, Action.CHECK_GRANT)
        with self._catalogue.reading() as connection:
            if _role(role_id) not in _roles_of(connection, project_id, user_id):
                raise _not_given(project_id, user_id, role_id)

    @audited(Act.ROLE_GRANT, "user_id")
    def give(self, caller: Caller, project_id: str, user_id: str, role_id: str) -> None:
        """Give the user the role; who has it keeps it. Tokens there have it from now on."""
        self._rules.check(caller, Action.ADD_GRANT)
        role = _role(role_id)
        try:
            if self._give(project_id, user_id, role):
                tell(user_id, owner=project_id, changed={"role": (None, role)})
        except Unordered:
            raise
        except Overtaken:  # by somebody who gives the same, most likely
            self.check(caller, project_id, user_id, role_id)

    def _give(self, project_id: str, user_id: str, role: Role) -> bool:
        """False if the user has it already."""
        with self._catalogue.writing() as connection:
            find_user(connection, user_id, is_held=True)
            if role in _roles_of(connection, project_id, user_id):
                return False
            accounts.insert_role(connection, user_id, project_id, role)
            return True

    @audited(Act.ROLE_REVOKE, "user_id")
    def take(self, caller: Caller, project_id: str, user_id: str, role_id: str) -> None:
        """Take the role away, from tokens too. Raises NotFound if the user does not have it."""
        self._rules.check(caller, Action.DELETE_GRANT)
        role = _role(role_id)
        with self._catalogue.writing() as connection:
            _roles_of(connection, project_id, user_id)
            if not accounts.delete_role(connection, user_id, project_id, role):
                raise _not_given(project_id, user_id, role_id)
            tell(user_id, owner=project_id, changed={"role": (role, None)})


def _role(role_id: str) -> Role:
    try:
        return Role(role_id)
    except ValueError:
        raise NotFound(f"Could not find role: {role_id}.") from None


def _roles_of(connection: Connection, project_id: str, user_id: str) -> tuple[str, ...]:
    find_project(connection, project_id)
    find_user(connection, user_id)
    return accounts.select_roles(connection, user_id, project_id)


def _not_given(project_id: str, user_id: str, role_id: str) -> NotFound:
    return NotFound(f"Could not find role assignment with role: {role_id}, user: {user_id}, project: {project_id}.")
