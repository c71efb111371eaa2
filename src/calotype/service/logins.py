"""From proofs of identity to a token."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from calotype.auth import passwords, tokens
from calotype.catalogue import accounts
from calotype.catalogue import tokens as token_statements
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.accounts import (
    ById,
    ByName,
    IssuedToken,
    Named,
    PasswordProof,
    Project,
    Proof,
    Reference,
    Scope,
    Token,
    TokenProof,
    User,
    is_name,
    names_our_domain,
)
from calotype.domain.errors import Unauthenticated
from calotype.service.throttle import LoginThrottle

#: Keystone's default; clients log in again by themselves.
TOKEN_LIFETIME = timedelta(hours=1)

#: What throttles logins by names that nobody can have; they share one count.
_NOBODY = ""


class Logins:
    """Logins to the accounts of one catalogue; failures are counted in this process."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._throttle = LoginThrottle()

    def log_in(self, proofs: Sequence[Proof], scope: Reference | Scope) -> IssuedToken:
        """A new token for the one user whom all *proofs* prove; it outlives no token among them.

        Raises Unauthenticated if a proof fails or *scope* is a project in which the user has no role, with the same text
        whatever the reason, and for unknown users at the same cost; Throttled if the name failed too often lately.
        """
        now = self._clock()
        checked = [self._check(proof, now) for proof in proofs if isinstance(proof, PasswordProof)]
        presented = [tokens.digest(proof.secret) for proof in proofs if isinstance(proof, TokenProof)]
        secret = tokens.new_secret()
        with self._catalogue.writing() as connection:
            parents = [_still_good(connection, token_hash, now) for token_hash in presented]
            user = _agreed_user(connection, checked, parents)
            methods = ["password"] * bool(checked) + ["token"] * bool(parents)
            token = _new_token(user, _enter(connection, user, scope), methods, parents, now)
            token_statements.insert_token(connection, tokens.digest(secret), token)
            token_statements.delete_expired(connection, now)
        return IssuedToken(secret, token)

    def _check(self, proof: PasswordProof, now: datetime) -> tuple[User, str]:
        """The user *proof* proves and the hash it was held against; in no transaction, since hashing takes long."""
        with self._catalogue.reading() as connection:
            found = find_user(connection, proof.user)
        name = found[0].name if found else _countable(proof.user)
        self._throttle.check(name, now)
        password_hash = found[1] if found else passwords.NOBODYS_HASH
        if not passwords.verify(password_hash, proof.password) or found is None or not found[0].is_enabled:
            self._throttle.failed(name, now)
            raise Unauthenticated
        self._throttle.succeeded(name)
        return found


def find_user(connection: Connection, reference: Reference) -> tuple[User, str] | None:
    """The user and the password's hash, or None; a text that cannot be a name is not looked up."""
    return accounts.select_user(connection, reference) if _can_exist(reference) else None


def _countable(reference: Reference) -> str:
    if not _can_exist(reference):
        return _NOBODY
    return reference.id if isinstance(reference, ById) else reference.name


def _can_exist(reference: Reference) -> bool:
    if isinstance(reference, ById):
        return is_name(reference.id)
    return is_name(reference.name) and names_our_domain(reference.domain)


def _still_good(connection: Connection, token_hash: str, now: datetime) -> Token:
    token = token_statements.select_token(connection, token_hash, now)
    if token is None:
        raise Unauthenticated
    return token


def _agreed_user(connection: Connection, checked: Sequence[tuple[User, str]], parents: Sequence[Token]) -> User:
    """The one user behind all proofs, as the catalogue has it now: a password may have been changed while we hashed."""
    ids = {user.id for user, _ in checked} | {token.user.id for token in parents}
    if len(ids) != 1:
        raise Unauthenticated
    found = accounts.select_user(connection, ById(ids.pop()), is_held=True)
    if found is None or not found[0].is_enabled or any(password_hash != found[1] for _, password_hash in checked):
        raise Unauthenticated
    return found[0]


def _enter(connection: Connection, user: User, scope: Reference | Scope) -> tuple[Project, tuple[str, ...]] | None:
    """The project the token is to be for and the user's roles there, None for an unscoped one."""
    match scope:
        case Scope.NONE:
            return None
        case Scope.DEFAULT:
            default = user.default_project_id
            return None if default is None else _open_project(connection, user, ById(default))
        case ById() | ByName() if _can_exist(scope):
            entered = _open_project(connection, user, scope)
            if entered is not None:
                return entered
    raise Unauthenticated


def _open_project(connection: Connection, user: User, reference: Reference) -> tuple[Project, tuple[str, ...]] | None:
    """The project and the user's roles there; None if it is absent or disabled, or the user has no role."""
    project = accounts.select_project(connection, reference)
    if project is None or not project.is_enabled:
        return None
    roles = accounts.select_roles(connection, user.id, project.id)
    return (project, roles) if roles else None


def _new_token(
    user: User,
    entered: tuple[Project, tuple[str, ...]] | None,
    methods: Sequence[str],
    parents: Sequence[Token],
    now: datetime,
) -> Token:
    project, roles = entered or (None, ())
    inherited = [method for parent in parents for method in parent.methods]
    return Token(
        user=Named(user.id, user.name),
        project=Named(project.id, project.name) if project else None,
        roles=roles,
        methods=tuple(dict.fromkeys([*methods, *inherited])),
        audit_ids=(tokens.new_audit_id(), *(parent.audit_ids[-1] for parent in parents)),
        issued_at=now,
        expires_at=min([now + TOKEN_LIFETIME, *(parent.expires_at for parent in parents)]),
    )
