"""Users and projects by the names that operators give them."""

from calotype.catalogue import accounts
from calotype.catalogue.engine import Connection
from calotype.domain.accounts import LONGEST_PROJECT_NAME, LONGEST_USER_NAME, ByName, Project, User, require_name
from calotype.domain.errors import NotFound


def project(connection: Connection, name: str) -> Project:
    """Raises NotFound, and Invalid for what cannot be a name."""
    require_name("project", name, LONGEST_PROJECT_NAME)
    found = accounts.select_project(connection, ByName(name))
    if found is None:
        raise NotFound(f"There is no project {name}.")
    return found


def user(connection: Connection, name: str) -> User:
    """Raises NotFound, and Invalid for what cannot be a name."""
    require_name("user", name, LONGEST_USER_NAME)
    found = accounts.select_user(connection, ByName(name))
    if found is None:
        raise NotFound(f"There is no user {name}.")
    return found[0]
