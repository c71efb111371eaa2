"""Projects, users and roles, as an operator keeps them; and where the rest of identity is reached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import uuid4

from calotype.catalogue import accounts, tokens
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.accounts import (
    LONGEST_PROJECT_NAME,
    LONGEST_USER_NAME,
    ByName,
    Project,
    User,
    require_name,
)
from calotype.domain.audit import Act
from calotype.domain.callers import Caller, Role
from calotype.domain.errors import Conflict, Invalid, NotFound
from calotype.service import account_changes, hashing, named
from calotype.service.application_credentials import ApplicationCredentials
from calotype.service.audit import SILENT, Recorder, audited, tell
from calotype.service.logins import Logins
from calotype.service.tokens import Tokens

LARGEST_QUOTA = 2**63 - 1


class Same(Enum):
    """Said in the place of a value that is to stay as it is."""

    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAccount:
    """A user, and the project of this user's role, that a new installation begins with."""

    user: str
    password: str = field(repr=False)
    project: str
    role: Role


class Accounts:
    """The accounts of one catalogue, named by their names.

    Nothing here asks who the caller is, what it leads to aside (`logins`, `tokens`, `application_credentials`): it is for
    whoever runs the program.
    Every function raises NotFound for a name that is not there and Invalid for one that cannot be.
    """

    def __init__(self, catalogue: Catalogue, clock: Callable[[], datetime], audit: Recorder = SILENT) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._audit = audit
        self.logins = Logins(catalogue, clock, audit)
        self.tokens = Tokens(catalogue, clock, audit)
        self.application_credentials = ApplicationCredentials(catalogue, clock, audit)

    def authenticate(self, token: str | None) -> Caller:
        """As `Tokens.authenticate`."""
        return self.tokens.authenticate(token)

    def projects_of(self, user_id: str) -> list[Project]:
        """The projects the user can have a token for, by name."""
        with self._catalogue.reading() as connection:
            return accounts.select_projects_of(connection, user_id)

    def projects(self) -> list[Project]:
        """Every project, by name."""
        with self._catalogue.reading() as connection:
            return accounts.select_projects(connection)

    def users(self) -> list[User]:
        """Every user, by name."""
        with self._catalogue.reading() as connection:
            return accounts.select_users(connection)

    @audited(Act.PROJECT_CREATE, "name")
    def create_project(self, name: str) -> Project:
        """A new project. Raises Conflict if the name is taken."""
        with self._catalogue.writing() as connection:
            project = self._add_project(connection, name)
            tell(project.id, owner=project.id, changed=account_changes.of_project(project))
            return project

    @audited(Act.PROJECT_DELETE, "name")
    def delete_project(self, name: str) -> None:
        """Remove the project with its tokens and roles. Raises Conflict while it owns an image."""
        with self._catalogue.writing() as connection:
            project = named.project(connection, name)
            remove_project(connection, project)
            tell(project.id, owner=project.id, changed={"name": (project.name, None)})

    def quotas(self) -> dict[str, tuple[int | None, int | None]]:
        """Bytes and images that each project may have, by the project's id; None: any number."""
        with self._catalogue.reading() as connection:
            return accounts.select_quotas(connection)

    @audited(Act.PROJECT_QUOTA, "project")
    def set_quota(
        self, project: str, *, size_bytes: int | Same | None = Same.SAME, images: int | Same | None = Same.SAME
    ) -> None:
        """Let the project have so many bytes of image data and so many images; None: any number; SAME: as before.

        What is over already stays, and nothing is added to it.
        """
        for name, most in (("quota of bytes", size_bytes), ("quota of images", images)):
            if isinstance(most, int) and not 0 <= most <= LARGEST_QUOTA:
                raise Invalid(name, most, f"not between 0 and {LARGEST_QUOTA}")
        with self._catalogue.writing() as connection:
            project_id = named.project(connection, project).id
            wanted = {"quota_bytes": size_bytes, "quota_images": images}
            quotas = {name: most for name, most in wanted.items() if most is not Same.SAME}
            were = accounts.select_quotas(connection).get(project_id)
            accounts.set_quota(connection, project_id, quotas)
            tell(project_id, owner=project_id, changed=account_changes.of_quotas(were, quotas))

    @audited(Act.USER_CREATE, "name")
    def create_user(self, name: str, password: str, default_project: str | None = None) -> User:
        """A new user, who has no role yet. Raises Conflict if the name is taken."""
        password_hash = hashing.hashed("password", password)
        with self._catalogue.writing() as connection:
            user = self._add_user(connection, name, password_hash, default_project)
            tell(user.id, changed=account_changes.of_user(user))
            return user

    @audited(Act.USER_DELETE, "name")
    def delete_user(self, name: str) -> None:
        """Remove the user with tokens and roles; projects and images stay."""
        with self._catalogue.writing() as connection:
            user = named.user(connection, name)
            accounts.delete_user(connection, user.id)
            tell(user.id, changed={"name": (user.name, None)})

    @audited(Act.USER_PASSWORD, "name")
    def set_password(self, name: str, password: str) -> None:
        """Give the user a new password; tokens got with the old one end."""
        password_hash = hashing.hashed("password", password)
        with self._catalogue.writing() as connection:
            user = named.user(connection, name)
            accounts.set_password_hash(connection, user.id, password_hash)
            tokens.delete_tokens_of(connection, user.id)
            tell(user.id, changed={"password": None})

    @audited(Act.USER_UPDATE, "name")
    def set_enabled(self, name: str, *, is_enabled: bool) -> None:
        """Let the user log in or not; the tokens of one who may not end."""
        with self._catalogue.writing() as connection:
            user = named.user(connection, name)
            accounts.set_enabled(connection, user.id, is_enabled=is_enabled)
            if not is_enabled:
                tokens.delete_tokens_of(connection, user.id)
            tell(user.id, changed={"enabled": (user.is_enabled, is_enabled)})

    @audited(Act.ROLE_GRANT, "user")
    def grant(self, role: Role, user: str, project: str) -> None:
        """Give the user the role in the project; who has it already keeps it. Tokens there have it from now on."""
        with self._catalogue.writing() as connection:
            user_id, project_id = named.user(connection, user).id, named.project(connection, project).id
            if _grant(connection, role, user_id, project_id):
                tell(user_id, owner=project_id, changed={"role": (None, role)})

    @audited(Act.ROLE_REVOKE, "user")
    def revoke(self, role: Role, user: str, project: str) -> None:
        """Take the role away, from tokens too. Raises NotFound if the user does not have it."""
        with self._catalogue.writing() as connection:
            user_id, project_id = named.user(connection, user).id, named.project(connection, project).id
            if not accounts.delete_role(connection, user_id, project_id, role):
                raise NotFound(f"{user} has no role {role} in the project {project}.")
            tell(user_id, owner=project_id, changed={"role": (role, None)})

    def has_accounts(self) -> bool:
        """True once there is a user."""
        with self._catalogue.reading() as connection:
            return accounts.has_users(connection)

    @audited(Act.FIRST_ACCOUNTS)
    def ensure_first_accounts(self, wanted: Sequence[FirstAccount]) -> bool:
        """True if there was no user and *wanted* were made, all of them; False, and nothing changed, otherwise."""
        if self.has_accounts():
            return False
        hashes = [hashing.hashed("password", account.password) for account in wanted]
        try:
            with self._catalogue.writing() as connection:
                return self._add_first_accounts(connection, wanted, hashes)
        except Conflict:  # another node began at the same moment
            return False

    def _add_first_accounts(
        self, connection: Connection, wanted: Sequence[FirstAccount], hashes: Sequence[str]
    ) -> bool:
        if accounts.has_users(connection):
            return False
        for account, password_hash in zip(wanted, hashes, strict=True):
            project = self._existing_or_new_project(connection, account.project)
            user = self._add_user(connection, account.user, password_hash, account.project)
            _grant(connection, account.role, user.id, project.id)
        tell(None, changed={"users": ((), tuple(account.user for account in wanted))})
        return True

    def _existing_or_new_project(self, connection: Connection, name: str) -> Project:
        return accounts.select_project(connection, ByName(name)) or self._add_project(connection, name)

    def _add_project(self, connection: Connection, name: str) -> Project:
        require_name("project", name, LONGEST_PROJECT_NAME)
        if accounts.select_project(connection, ByName(name)) is not None:
            raise Conflict(f"There is a project {name} already.")
        project = Project(id=uuid4().hex, name=name, created_at=self._clock())
        accounts.insert_project(connection, project)
        return project

    def _add_user(self, connection: Connection, name: str, password_hash: str, default_project: str | None) -> User:
        require_name("user", name, LONGEST_USER_NAME)
        if accounts.select_user(connection, ByName(name)) is not None:
            raise Conflict(f"There is a user {name} already.")
        default = None if default_project is None else named.project(connection, default_project)
        default_id = None if default is None else default.id
        user = User(id=uuid4().hex, name=name, default_project_id=default_id, created_at=self._clock())
        accounts.insert_user(connection, user, password_hash)
        return user


def remove_project(connection: Connection, project: Project) -> None:
    """Remove the project with its tokens and roles. Raises Conflict while it owns an image."""
    if accounts.owns_images(connection, project.id):
        raise Conflict(f"The project {project.name} still owns images; delete them first.")
    accounts.delete_project(connection, project.id)


def _grant(connection: Connection, role: Role, user_id: str, project_id: str) -> bool:
    """False if the user has the role there already."""
    if role in accounts.select_roles(connection, user_id, project_id):
        return False
    accounts.insert_role(connection, user_id, project_id, role)
    return True
