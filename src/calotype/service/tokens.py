"""What a token stands for once it is issued."""

from collections.abc import Callable
from datetime import datetime

from calotype.auth import tokens
from calotype.catalogue import tokens as statements
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.accounts import Token
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import NotFound, Refused, Unauthenticated
from calotype.service.audit import SILENT, Recorder, audited, tell


class Tokens:
    """The tokens of one catalogue; valid on every node that shares it."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], datetime], audit: Recorder = SILENT) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._audit = audit

    def authenticate(self, secret: str | None) -> Caller:
        """Who bears the token *secret*, with the roles of this moment: one statement.

        Raises Unauthenticated without a token, and for one that is unknown, expired, or of a disabled user or project.
        """
        if not secret:
            raise Unauthenticated
        with self._catalogue.reading() as connection:
            bearer = statements.select_bearer(connection, tokens.digest(secret), self._clock())
        if bearer is None:
            raise Unauthenticated
        return Caller(*bearer)

    def show(self, caller: Caller, secret: str | None) -> Token:
        """What the token *secret* says. Raises NotFound if it is not good, Refused if it is another user's.

        An admin may look at everybody's.
        """
        with self._catalogue.reading() as connection:
            return self._find(connection, caller, tokens.digest(secret or ""))

    @audited(Act.TOKEN_REVOKE)
    def revoke(self, caller: Caller, secret: str | None) -> None:
        """Make the token *secret* worthless, at once and on every node. Raises as `show` does."""
        token_hash = tokens.digest(secret or "")
        with self._catalogue.writing() as connection:
            token = self._find(connection, caller, token_hash)
            statements.delete_token(connection, token_hash)
            tell(token.user.id, owner=token.project.id if token.project else None)

    def _find(self, connection: Connection, caller: Caller, token_hash: str) -> Token:
        token = statements.select_token(connection, token_hash, self._clock())
        if token is None:
            raise NotFound("There is no such token.")
        if token.user.id != caller.user and not caller.is_admin:
            raise Refused("You are not authorized to use another user's token.")
        return token
