"""From proofs of identity to a token."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from calotype.auth import passwords, tokens
from calotype.catalogue import accounts
from calotype.catalogue import application_credentials as credential_statements
from calotype.catalogue import tokens as token_statements
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.accounts import (
    ById,
    CredentialProof,
    IssuedToken,
    Named,
    PasswordProof,
    Proof,
    Reference,
    Scope,
    Token,
    TokenProof,
    User,
    is_name,
)
from calotype.domain.application_credentials import ApplicationCredential, GotWith
from calotype.domain.audit import Act, Actor, Kind
from calotype.domain.errors import Unauthenticated
from calotype.service import scopes
from calotype.service.audit import SILENT, Recorder, audited, tell, tell_who
from calotype.service.throttle import LoginThrottle

#: Keystone's default; clients log in again by themselves.
TOKEN_LIFETIME = timedelta(hours=1)

#: What throttles logins by names that nobody can have; they share one count.
_NOBODY = ""

_Owner = TypeVar("_Owner", User, ApplicationCredential)


class Logins:
    """Logins to the accounts of one catalogue; failures are counted in this process."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], datetime], audit: Recorder = SILENT) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._audit = audit
        self._throttle = LoginThrottle()

    @audited(Act.LOGIN)
    def log_in(self, proofs: Sequence[Proof], scope: Reference | Scope) -> IssuedToken:
        """A new token for the one user whom all *proofs* prove; it outlives no token or credential among them.

        An application credential, or a token got with one, names project and roles, and *scope* may name no other project.
        Raises Unauthenticated if a proof fails or *scope* is a project in which the user has no role, with the same text
        whatever the reason, and for unknown users at the same cost; Throttled if the name failed too often lately.
        """
        now = self._clock()
        checked = [self._check(proof, now) for proof in proofs if isinstance(proof, PasswordProof)]
        brought = [self._check_credential(proof, now) for proof in proofs if isinstance(proof, CredentialProof)]
        presented = [tokens.digest(proof.secret) for proof in proofs if isinstance(proof, TokenProof)]
        if brought and scope is not Scope.DEFAULT:
            raise Unauthenticated("An application credential is for one project; the login may name no scope.")
        secret = tokens.new_secret()
        with self._catalogue.writing() as connection:
            parents = [_still_good(connection, token_hash, now) for token_hash in presented]
            credential = _agreed_credential(connection, brought, parents, now)
            owners = [token.user.id for token in parents] + [each.user_id for each in brought]
            user = _agreed_user(connection, checked, owners)
            if credential is None:
                entered = scopes.enter(connection, user, scope)
            else:
                entered = scopes.enter_with(connection, user, credential, scope)
            methods = (
                ["password"] * bool(checked) + ["token"] * bool(parents) + ["application_credential"] * bool(brought)
            )
            token = _new_token(user, entered, methods, parents, credential, now)
            token_statements.insert_token(connection, tokens.digest(secret), token)
            token_statements.delete_expired(connection, now)
            _tell_login(token)
        return IssuedToken(secret, token)

    def check_password(self, proof: PasswordProof) -> tuple[User, str]:
        """The user *proof* proves and the hash it was held against. Raises as `log_in` does."""
        return self._check(proof, self._clock())

    def _check(self, proof: PasswordProof, now: datetime) -> tuple[User, str]:
        """The user *proof* proves and the hash it was held against; in no transaction, since hashing takes long."""
        with self._catalogue.reading() as connection:
            found = find_user(connection, proof.user)
        if found is not None:  # what is no user's name may be a password, typed into the wrong field
            tell_who(Actor(kind=Kind.ANYBODY, user=found[0].id))
        name = found[0].name if found else _countable(proof.user)
        is_good = found is not None and found[0].is_enabled
        return self._verified(name, found, proof.password, now, is_good=is_good)

    def _check_credential(self, proof: CredentialProof, now: datetime) -> ApplicationCredential:
        """The application credential that *proof* is; neither does this wait in a transaction."""
        with self._catalogue.reading() as connection:
            found = _find_credential(connection, proof)
            owner = accounts.select_user(connection, ById(found[0].user_id)) if found else None
        if found is not None:
            tell_who(Actor(kind=Kind.ANYBODY, user=found[0].user_id, credential=found[0].id))
        name = found[0].id if found else _countable(ById(proof.credential))
        is_good = found is not None and not found[0].is_over(now) and owner is not None and owner[0].is_enabled
        return self._verified(name, found, proof.secret, now, is_good=is_good)[0]

    def _verified(
        self, name: str, found: tuple[_Owner, str] | None, secret: str, now: datetime, *, is_good: bool
    ) -> tuple[_Owner, str]:
        """*found* itself if it *is_good* and its hash was made of *secret*; takes as long where nothing was found.

        Raises Unauthenticated if not, and Throttled after many such.
        """
        self._throttle.check(name, now)
        if not passwords.verify(found[1] if found else passwords.NOBODYS_HASH, secret) or found is None or not is_good:
            self._throttle.failed(name, now)
            raise Unauthenticated
        self._throttle.succeeded(name)
        return found


def _tell_login(token: Token) -> None:
    """Who has logged in, and how; not with what."""
    project = token.project.id if token.project else None
    credential = token.credential.id if token.credential else None
    user = token.user.id
    tell_who(Actor(kind=Kind.USER, user=user, project=project, roles=tuple(token.roles), credential=credential))
    tell(user, owner=project, changed={"methods": (None, token.methods)})


def find_user(connection: Connection, reference: Reference) -> tuple[User, str] | None:
    """The user and the password's hash, or None; a text that cannot be a name is not looked up."""
    return accounts.select_user(connection, reference) if scopes.can_exist(reference) else None


def _find_credential(connection: Connection, proof: CredentialProof) -> tuple[ApplicationCredential, str] | None:
    if not is_name(proof.credential):
        return None
    if proof.user is None:
        return credential_statements.select_credential(connection, proof.credential)
    owner = find_user(connection, proof.user)
    return owner and credential_statements.select_credential(connection, (owner[0].id, proof.credential))


def _countable(reference: Reference) -> str:
    if not scopes.can_exist(reference):
        return _NOBODY
    return reference.id if isinstance(reference, ById) else reference.name


def _still_good(connection: Connection, token_hash: str, now: datetime) -> Token:
    token = token_statements.select_token(connection, token_hash, now)
    if token is None:
        raise Unauthenticated
    return token


def _agreed_user(connection: Connection, checked: Sequence[tuple[User, str]], owners: Sequence[str]) -> User:
    """The one user behind all proofs, as the catalogue has it now: a password may have been changed while we hashed.

    *owners*: the ids of those whose tokens and credentials were brought.
    """
    ids = {*(user.id for user, _ in checked), *owners}
    if len(ids) != 1:
        raise Unauthenticated
    found = accounts.select_user(connection, ById(ids.pop()), is_held=True)
    if found is None or not found[0].is_enabled or any(password_hash != found[1] for _, password_hash in checked):
        raise Unauthenticated
    return found[0]


def _agreed_credential(
    connection: Connection, brought: Sequence[ApplicationCredential], parents: Sequence[Token], now: datetime
) -> ApplicationCredential | None:
    """The one application credential behind the proofs, held until the token is made; None if there is none."""
    ids = {each.id for each in brought} | {token.credential.id for token in parents if token.credential}
    if not ids:
        return None
    found = credential_statements.select_credential(connection, ids.pop(), is_held=True)
    if ids or found is None or found[0].is_over(now):
        raise Unauthenticated
    return found[0]


def _new_token(
    user: User,
    entered: scopes.Entered | None,
    methods: Sequence[str],
    parents: Sequence[Token],
    credential: ApplicationCredential | None,
    now: datetime,
) -> Token:
    project, roles = entered or (None, ())
    inherited = [method for parent in parents for method in parent.methods]
    ends = [now + TOKEN_LIFETIME, *(parent.expires_at for parent in parents)]
    if credential is not None and credential.expires_at is not None:
        ends.append(credential.expires_at)
    return Token(
        user=Named(user.id, user.name),
        project=Named(project.id, project.name) if project else None,
        roles=roles,
        methods=tuple(dict.fromkeys([*methods, *inherited])),
        audit_ids=(tokens.new_audit_id(), *(parent.audit_ids[-1] for parent in parents)),
        issued_at=now,
        expires_at=min(ends),
        credential=GotWith(credential.id, credential.name, credential.is_unrestricted) if credential else None,
    )
