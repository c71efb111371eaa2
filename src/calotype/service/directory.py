"""Projects and users, as callers ask for them and admins keep them, named by their ids.

Everybody may look at the own user and the token's project; all else needs a right, which is asked for before anything is
looked up: who has it not learns nothing of what is there. Source: docs/api/identity.md, "Projects, users and roles".
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from calotype.auth import passwords
from calotype.catalogue import accounts, directory, tokens
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.accounts import (
    DOMAIN_ID,
    LONGEST_PROJECT_NAME,
    LONGEST_USER_NAME,
    ById,
    ByName,
    PasswordProof,
    Project,
    User,
    require_name,
)
from calotype.domain.audit import Act, Actor, Kind
from calotype.domain.callers import Caller
from calotype.domain.directory import DirectoryQuery, ProjectChange, UserChange, require_texts
from calotype.domain.errors import Conflict, Invalid, NotFound, Unauthenticated
from calotype.domain.rights import Action, Rules
from calotype.service import account_changes, hashing
from calotype.service.accounts import remove_project
from calotype.service.audit import SILENT, Recorder, audited, tell, tell_who
from calotype.service.logins import Logins


class Directory:
    """The projects and users of one catalogue.

    Lists are by name; beside a page is said whether more follow, which is so only if the query has a limit.
    Everything raises Refused for a missing right and NotFound for what is not there, in this order.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        logins: Logins,
        clock: Callable[[], datetime],
        audit: Recorder = SILENT,
    ) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._logins = logins
        self._clock = clock
        self._audit = audit

    def check_domain(self, caller: Caller, domain_id: str) -> None:
        """Raises Refused if *caller* may not look at the domain; ours is for whoever has a token for a project."""
        if caller.project is None or domain_id != DOMAIN_ID:
            self._rules.check(caller, Action.SHOW_DOMAIN)

    def check_domains(self, caller: Caller) -> None:
        """Raises Refused if *caller* may not list the domains."""
        self._rules.check(caller, Action.LIST_DOMAINS)

    def projects(self, caller: Caller, query: DirectoryQuery) -> tuple[list[Project], bool]:
        """One page of all projects. Raises Invalid if the marker is no project's id."""
        self._rules.check(caller, Action.LIST_PROJECTS)
        if query.nothing:
            return [], False
        with self._catalogue.reading() as connection:
            before = None if query.marker is None else accounts.select_project(connection, ById(query.marker))
            page = directory.select_projects_page(connection, query, after=_name_of_marker(query, before))
        return page[: query.limit], _is_cut(query, page)

    def projects_of(self, caller: Caller, user_id: str, query: DirectoryQuery) -> list[Project]:
        """The projects in which the user has a role, disabled ones too."""
        if user_id != caller.user:
            self._rules.check(caller, Action.LIST_USER_PROJECTS)
        with self._catalogue.reading() as connection:
            find_user(connection, user_id)
            return [] if query.nothing else directory.select_projects_page(connection, query, of_user=user_id)

    def project(self, caller: Caller, project_id: str) -> Project:
        if project_id != caller.project:
            self._rules.check(caller, Action.SHOW_PROJECT)
        with self._catalogue.reading() as connection:
            return find_project(connection, project_id)

    @audited(Act.PROJECT_CREATE)
    def create_project(self, caller: Caller, change: ProjectChange) -> Project:
        """A new project. Raises Conflict if the name is taken."""
        self._rules.check(caller, Action.ADD_PROJECT)
        require_texts(change, LONGEST_PROJECT_NAME)
        project = Project(
            id=uuid4().hex,
            name=require_name("name", change.name or "", LONGEST_PROJECT_NAME),
            is_enabled=change.is_enabled is not False,
            description=change.description or "",
            created_at=self._clock(),
        )
        with self._catalogue.writing() as connection:
            _require_free(accounts.select_project(connection, ByName(project.name)), project.id)
            accounts.insert_project(connection, project)
            tell(project.id, owner=project.id, changed=account_changes.of_project(project))
        return project

    @audited(Act.PROJECT_UPDATE, "project_id")
    def change_project(self, caller: Caller, project_id: str, change: ProjectChange) -> Project:
        """The project once it is changed; the tokens of one that is disabled end. Raises Conflict if the name is taken."""
        self._rules.check(caller, Action.MODIFY_PROJECT)
        require_texts(change, LONGEST_PROJECT_NAME)
        with self._catalogue.writing() as connection:
            was = find_project(connection, project_id)
            if change.name is not None:
                _require_free(accounts.select_project(connection, ByName(change.name)), project_id)
            if change != ProjectChange():
                directory.update_project(connection, project_id, change)
            if change.is_enabled is False:
                tokens.delete_tokens_for(connection, project_id)
            project = find_project(connection, project_id)
            tell(project_id, owner=project_id, changed=account_changes.of_project(project, was))
            return project

    @audited(Act.PROJECT_DELETE, "project_id")
    def delete_project(self, caller: Caller, project_id: str) -> None:
        """Remove the project with its tokens and roles. Raises Conflict while it owns an image, as for an operator."""
        self._rules.check(caller, Action.DELETE_PROJECT)
        with self._catalogue.writing() as connection:
            project = find_project(connection, project_id)
            remove_project(connection, project)
            tell(project_id, owner=project_id, changed={"name": (project.name, None)})

    def users(self, caller: Caller, query: DirectoryQuery) -> tuple[list[User], bool]:
        """One page of all users. Raises Invalid if the marker is no user's id."""
        self._rules.check(caller, Action.LIST_USERS)
        if query.nothing:
            return [], False
        with self._catalogue.reading() as connection:
            found = None if query.marker is None else accounts.select_user(connection, ById(query.marker))
            after = _name_of_marker(query, None if found is None else found[0])
            page = directory.select_users_page(connection, query, after=after)
        return page[: query.limit], _is_cut(query, page)

    def user(self, caller: Caller, user_id: str) -> User:
        if user_id != caller.user:
            self._rules.check(caller, Action.SHOW_USER)
        with self._catalogue.reading() as connection:
            return find_user(connection, user_id)

    @audited(Act.USER_CREATE)
    def create_user(self, caller: Caller, change: UserChange) -> User:
        """A new user, who has no role yet. Raises Conflict if the name is taken."""
        self._rules.check(caller, Action.ADD_USER)
        require_texts(change, LONGEST_USER_NAME)
        user = User(
            id=uuid4().hex,
            name=require_name("name", change.name or "", LONGEST_USER_NAME),
            is_enabled=change.is_enabled is not False,
            default_project_id=change.default_project_id or None,
            description=change.description or "",
            email=change.email or "",
            created_at=self._clock(),
        )
        password_hash = (
            passwords.NOBODYS_HASH if change.password is None else hashing.hashed("password", change.password)
        )
        with self._catalogue.writing() as connection:
            _require_free_user(connection, user.name, user.id)
            accounts.insert_user(connection, user, password_hash)
            tell(user.id, changed=account_changes.of_user(user))
        return user

    @audited(Act.USER_UPDATE, "user_id")
    def change_user(self, caller: Caller, user_id: str, change: UserChange) -> User:
        """The user once changed; the tokens of one who is disabled or has another password end.

        Raises Conflict if the name is taken.
        """
        self._rules.check(caller, Action.MODIFY_USER)
        require_texts(change, LONGEST_USER_NAME)
        password_hash = passwords.NOBODYS_HASH if change.drops_password else None
        if change.password is not None:
            password_hash = hashing.hashed("password", change.password)
        with self._catalogue.writing() as connection:
            was = find_user(connection, user_id)
            if change.name is not None:
                _require_free_user(connection, change.name, user_id)
            if change != UserChange():
                directory.update_user(connection, user_id, change, password_hash)
            if password_hash is not None or change.is_enabled is False:
                tokens.delete_tokens_of(connection, user_id)
            user = find_user(connection, user_id)
            has_password = password_hash is not None
            tell(user_id, changed=account_changes.of_user(user, was, has_other_password=has_password))
            return user

    @audited(Act.USER_PASSWORD, "user_id")
    def change_own_password(self, user_id: str, original: str, password: str) -> None:
        """Replace the user's password by *password*; tokens end. Whoever knows the *original* one may do it.

        Raises Unauthenticated if it is not the user's, with the same text for unknown users, and Throttled, as a login does.
        """
        user, known_hash = self._logins.check_password(PasswordProof(ById(user_id), original))
        tell_who(Actor(kind=Kind.USER, user=user.id))
        password_hash = hashing.hashed("password", password)
        with self._catalogue.writing() as connection:
            found = accounts.select_user(connection, ById(user.id), is_held=True)
            if found is None or not found[0].is_enabled or found[1] != known_hash:  # changed while we hashed
                raise Unauthenticated
            accounts.set_password_hash(connection, user.id, password_hash)
            tokens.delete_tokens_of(connection, user.id)
            tell(user.id, changed={"password": None})

    @audited(Act.USER_DELETE, "user_id")
    def delete_user(self, caller: Caller, user_id: str) -> None:
        """Remove the user with tokens and roles; projects and images stay."""
        self._rules.check(caller, Action.DELETE_USER)
        with self._catalogue.writing() as connection:
            user = find_user(connection, user_id)
            accounts.delete_user(connection, user_id)
            tell(user_id, changed={"name": (user.name, None)})


def find_project(connection: Connection, project_id: str) -> Project:
    """The project of this id. Raises NotFound."""
    project = accounts.select_project(connection, ById(project_id))
    if project is None:
        raise NotFound(f"Could not find project: {project_id}.")
    return project


def find_user(connection: Connection, user_id: str, *, is_held: bool = False) -> User:
    """The user of this id. Raises NotFound."""
    found = accounts.select_user(connection, ById(user_id), is_held=is_held)
    if found is None:
        raise NotFound(f"Could not find user: {user_id}.")
    return found[0]


def _require_free_user(connection: Connection, name: str, user_id: str) -> None:
    found = accounts.select_user(connection, ByName(name))
    _require_free(None if found is None else found[0], user_id)


def _require_free(holder: Project | User | None, its_id: str) -> None:
    """Raises Conflict if the name belongs to another than the one with *its_id*."""
    if holder is not None and holder.id != its_id:
        kind = "project" if isinstance(holder, Project) else "user"
        raise Conflict(f"There is a {kind} {holder.name} already.")


def _name_of_marker(query: DirectoryQuery, before: Project | User | None) -> str | None:
    if query.marker is not None and before is None:
        raise Invalid("marker", query.marker, "there is nothing of this id")
    return None if before is None else before.name


def _is_cut(query: DirectoryQuery, page: list[Project] | list[User]) -> bool:
    return query.limit is not None and len(page) > query.limit
