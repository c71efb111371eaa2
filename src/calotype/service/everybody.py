"""The option `auth = none`: whoever asks is an admin of one project, and whatever is said proves it.

Nothing of it is in the catalogue. Source: docs/operate/accounts.md, "Without accounts".
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from calotype.auth import tokens
from calotype.catalogue.engine import Catalogue
from calotype.domain.accounts import IssuedToken, Named, Project, Proof, Reference, Scope, Token
from calotype.domain.callers import Caller, Role
from calotype.service.accounts import Accounts
from calotype.service.audit import SILENT, Recorder
from calotype.service.logins import TOKEN_LIFETIME, Logins
from calotype.service.tokens import Tokens

USER = Named("admin", "admin")
PROJECT = Named("default", "default")

_CALLER = Caller(USER.id, PROJECT.id, frozenset({Role.ADMIN}))


class EverybodyIsAdmin(Accounts):
    """In the place of `Accounts` for those who ask; what an operator does to accounts is as there."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], datetime], audit: Recorder = SILENT) -> None:
        super().__init__(catalogue, clock, audit)
        self.logins = _AnyLogin(catalogue, clock)
        self.tokens = _AnyToken(catalogue, clock)

    def projects_of(self, user_id: str) -> list[Project]:  # noqa: ARG002 -- everybody has the same one
        return [Project(id=PROJECT.id, name=PROJECT.name, created_at=self._clock())]


class _AnyLogin(Logins):
    def log_in(self, proofs: Sequence[Proof], scope: Reference | Scope) -> IssuedToken:  # noqa: ARG002 -- all are good
        """A new token for the one project, whatever is proven and asked for; nobody remembers it."""
        return IssuedToken(tokens.new_secret(), _token(self._clock()))


class _AnyToken(Tokens):
    def authenticate(self, secret: str | None) -> Caller:  # noqa: ARG002 -- all are good
        return _CALLER

    def show(self, caller: Caller, secret: str | None) -> Token:  # noqa: ARG002 -- all say the same
        return _token(self._clock())

    def revoke(self, caller: Caller, secret: str | None) -> None:
        """Nothing: the token is as good as any other text."""


def _token(now: datetime) -> Token:
    return Token(
        user=USER,
        project=PROJECT,
        roles=(Role.ADMIN,),
        methods=("password",),
        audit_ids=(tokens.new_audit_id(),),
        issued_at=now,
        expires_at=now + TOKEN_LIFETIME,
    )
