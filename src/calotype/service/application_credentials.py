"""Application credentials: users keep their own, operators anybody's. Source: docs/api/identity.md, "Application credentials"."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import uuid4

from calotype.auth import passwords
from calotype.catalogue import accounts
from calotype.catalogue import application_credentials as statements
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.accounts import LONGEST_USER_NAME, ById, is_name, require_name
from calotype.domain.application_credentials import (
    LONGEST_DESCRIPTION,
    ApplicationCredential,
    IssuedCredential,
    Wanted,
)
from calotype.domain.audit import Act
from calotype.domain.callers import Caller, is_included
from calotype.domain.errors import Conflict, Invalid, NotFound, Refused
from calotype.domain.texts import require_storable
from calotype.service import hashing, named
from calotype.service.audit import SILENT, Recorder, audited, tell


class ApplicationCredentials:
    """Those of one catalogue.

    The first four functions are for callers, who may keep their own; admins may also look at and delete anybody's.
    They raise Refused for another user's, whether or not there is such a user.
    The last three ask nobody who they are, and name users and projects by their names.
    """

    def __init__(self, catalogue: Catalogue, clock: Callable[[], datetime], audit: Recorder = SILENT) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._audit = audit

    @audited(Act.CREDENTIAL_CREATE)
    def create(self, caller: Caller, user_id: str, wanted: Wanted) -> IssuedCredential:
        """A new one for the caller's project and, if none are named, all roles that the caller has.

        Raises Refused for a token that is for no project or without role, and for one that was itself got with a restricted
        application credential; Invalid for a role the caller does not have; Conflict for a name the user has given already.
        """
        if user_id != caller.user:
            raise Refused("Users make application credentials for themselves only.")
        if caller.project is None or not caller.roles:
            raise Refused("An application credential is for a project: a token with a role in one is needed.")
        with self._catalogue.reading() as connection:
            _require_unrestricted(connection, caller)
        return self._add(user_id, caller.project, caller.roles, wanted)

    def list_of(self, caller: Caller, user_id: str, name: str | None = None) -> list[ApplicationCredential]:
        """The user's, by name; with *name* only that one."""
        _require_self_or_admin(caller, user_id)
        with self._catalogue.reading() as connection:
            _require_user(connection, user_id)
            if name is not None and not is_name(name):
                return []
            return statements.select_credentials(connection, user_id, name)

    def show(self, caller: Caller, user_id: str, credential_id: str) -> ApplicationCredential:
        """The user's one of this id. Raises NotFound."""
        _require_self_or_admin(caller, user_id)
        with self._catalogue.reading() as connection:
            return _find(connection, user_id, credential_id)

    @audited(Act.CREDENTIAL_DELETE, "credential_id")
    def delete(self, caller: Caller, user_id: str, credential_id: str) -> None:
        """Remove it and the tokens got with it. Raises NotFound, and Refused for a restricted caller as `create` does."""
        _require_self_or_admin(caller, user_id)
        with self._catalogue.writing() as connection:
            _require_unrestricted(connection, caller)
            found = _find(connection, user_id, credential_id)
            if not statements.delete_credential(connection, found):
                raise _not_there(credential_id)
            _tell_end(found)

    @audited(Act.CREDENTIAL_CREATE)
    def create_for(self, user: str, project: str, wanted: Wanted) -> IssuedCredential:
        """A new one for the user in the project, with all roles there if none are named. Raises as `create`, and NotFound."""
        with self._catalogue.reading() as connection:
            user_id, project_id = named.user(connection, user).id, named.project(connection, project).id
            roles = accounts.select_roles(connection, user_id, project_id)
        if not roles:
            raise NotFound(f"{user} has no role in the project {project}.")
        return self._add(user_id, project_id, roles, wanted)

    def all_of(self, user: str | None = None) -> list[tuple[ApplicationCredential, str, str]]:
        """The user's or everybody's, by name, each with the names of its user and project."""
        with self._catalogue.reading() as connection:
            user_id = None if user is None else named.user(connection, user).id
            users = {each.id: each.name for each in accounts.select_users(connection)}
            projects = {each.id: each.name for each in accounts.select_projects(connection)}
            found = statements.select_credentials(connection, user_id)
        return [(each, users.get(each.user_id, ""), projects.get(each.project_id, "")) for each in found]

    @audited(Act.CREDENTIAL_DELETE, "name")
    def delete_of(self, user: str, name: str) -> None:
        """Remove the user's one of this name, and the tokens got with it. Raises NotFound."""
        require_name("name", name, LONGEST_USER_NAME)
        with self._catalogue.writing() as connection:
            found = statements.select_credential(connection, (named.user(connection, user).id, name))
            if found is None or not statements.delete_credential(connection, found[0]):
                raise NotFound(f"{user} has no application credential {name}.")
            _tell_end(found[0])

    def _add(self, user_id: str, project_id: str, held: Iterable[str], wanted: Wanted) -> IssuedCredential:
        now = self._clock()
        credential = ApplicationCredential(
            id=uuid4().hex,
            name=require_name("name", wanted.name, LONGEST_USER_NAME),
            user_id=user_id,
            project_id=project_id,
            roles=_allowed(wanted.roles, held),
            description=_checked_description(wanted.description),
            is_unrestricted=wanted.is_unrestricted,
            expires_at=_in_the_future(wanted.expires_at, now),
            created_at=now,
        )
        secret = passwords.generated() if wanted.secret is None else wanted.secret
        secret_hash = hashing.hashed("secret", secret)
        with self._catalogue.writing() as connection:
            if accounts.select_user(connection, ById(user_id), is_held=True) is None:
                raise NotFound("There is no such user.")
            if statements.select_credential(connection, (user_id, credential.name)) is not None:
                raise Conflict(f"The user has an application credential {credential.name} already.")
            statements.insert_credential(connection, credential, secret_hash)
            said = {"name": (None, credential.name), "user": (None, user_id), "roles": (None, credential.roles)}
            tell(credential.id, owner=project_id, changed=said)
        return IssuedCredential(secret, credential)


def _tell_end(found: ApplicationCredential) -> None:
    tell(found.id, owner=found.project_id, changed={"name": (found.name, None), "user": (found.user_id, None)})


def _require_self_or_admin(caller: Caller, user_id: str) -> None:
    if user_id != caller.user and not caller.is_admin:
        raise Refused("Another user's application credentials are for admins only.")


def _require_unrestricted(connection: Connection, caller: Caller) -> None:
    """Raises Refused if the caller's token was got with a restricted application credential."""
    if caller.credential is None:
        return
    found = statements.select_credential(connection, caller.credential)
    if found is None or not found[0].is_unrestricted:
        raise Refused("A restricted application credential may neither make nor delete application credentials.")


def _require_user(connection: Connection, user_id: str) -> None:
    if not is_name(user_id) or accounts.select_user(connection, ById(user_id)) is None:
        raise NotFound("There is no such user.")


def _find(connection: Connection, user_id: str, credential_id: str) -> ApplicationCredential:
    found = statements.select_credential(connection, credential_id) if is_name(credential_id) else None
    if found is None or found[0].user_id != user_id:
        raise _not_there(credential_id)
    return found[0]


def _not_there(credential_id: str) -> NotFound:
    return NotFound(f"Could not find the application credential {ascii(credential_id)[1:-1][:64]}.")


def _allowed(wanted: Iterable[str], held: Iterable[str]) -> tuple[str, ...]:
    """The roles *wanted*, all *held* if none are. Raises Invalid for one that is not held."""
    held = frozenset(held)
    for role in wanted:
        if not is_included(role, held):
            raise Invalid("roles", role, "it is not a role that is held in the project")
    return tuple(sorted({role.lower() for role in wanted} or held))


def _checked_description(text: str | None) -> str | None:
    return None if text is None else require_storable("description", text, LONGEST_DESCRIPTION)


def _in_the_future(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is not None and moment <= now:
        raise Invalid("expires_at", moment.isoformat(), "it is not in the future")
    return moment
