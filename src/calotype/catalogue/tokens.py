"""Statements over tokens. What is kept of a token's text is its digest. Each is one statement.

A token counts only while its user is enabled and, if it is for one, its project too; roles are those of this moment.
One that was got with an application credential has that one's roles, and counts only while its user has all of them.
Methods, audit ids and roles are kept as words with a space between.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, or_, select

from calotype.catalogue.prepared import Prepared
from calotype.catalogue.tables import application_credentials, projects, role_assignments, tokens, users
from calotype.catalogue.times import from_micros, to_micros
from calotype.domain.accounts import Named, Token
from calotype.domain.application_credentials import GotWith
from calotype.domain.callers import is_included

#: Expired rows removed at once: a few milliseconds of work.
_MOST_REMOVED = 1000


def _good_token(*columns: Any) -> Select[Any]:
    """*columns* of the token `token_hash` if it is good at `now`: a row a role, one without role if there is none."""
    return (
        select(*columns, role_assignments.c.role)
        .select_from(tokens)
        .join(users, and_(users.c.id == tokens.c.user_id, users.c.enabled))
        .outerjoin(projects, projects.c.id == tokens.c.project_id)
        .outerjoin(
            role_assignments,
            and_(
                role_assignments.c.user_id == tokens.c.user_id,
                role_assignments.c.project_id == tokens.c.project_id,
            ),
        )
        .where(
            tokens.c.token_hash == bindparam("token_hash"),
            tokens.c.expires_at > bindparam("now"),
            or_(tokens.c.project_id.is_(None), projects.c.enabled),
        )
    )


_BEARER = Prepared(
    _good_token(tokens.c.user_id, tokens.c.project_id, tokens.c.application_credential_id, tokens.c.only_roles)
)
_WHOLE = _good_token(
    tokens.c.user_id,
    tokens.c.project_id,
    tokens.c.methods,
    tokens.c.audit_id,
    tokens.c.issued_at,
    tokens.c.expires_at,
    tokens.c.only_roles,
    users.c.name.label("user_name"),
    projects.c.name.label("project_name"),
    tokens.c.application_credential_id,
    application_credentials.c.name.label("credential_name"),
    application_credentials.c.is_unrestricted,
).outerjoin_from(tokens, application_credentials, application_credentials.c.id == tokens.c.application_credential_id)


def select_bearer(
    connection: Connection, token_hash: str, now: datetime
) -> tuple[str, str | None, frozenset[str], str | None] | None:
    """User, project, roles and application credential of the bearer of the token; None if it is not good at *now*.

    Asked on every request.
    """
    rows = _BEARER.rows(connection, token_hash=token_hash, now=to_micros(now))
    if not rows:
        return None
    user_id, project_id, credential_id, only_roles, _ = rows[0]
    roles = _roles((row[-1] for row in rows), only_roles)
    return None if roles is None else (user_id, project_id, frozenset(roles), credential_id)


def select_token(connection: Connection, token_hash: str, now: datetime) -> Token | None:
    """Everything about the token, or None if it is not good at *now*."""
    rows = connection.execute(_WHOLE, {"token_hash": token_hash, "now": to_micros(now)}).all()
    return _token(rows) if rows else None


def insert_token(connection: Connection, token_hash: str, token: Token) -> None:
    connection.execute(
        insert(tokens).values(
            token_hash=token_hash,
            user_id=token.user.id,
            project_id=None if token.project is None else token.project.id,
            methods=" ".join(token.methods),
            audit_id=" ".join(token.audit_ids),
            issued_at=to_micros(token.issued_at),
            expires_at=to_micros(token.expires_at),
            application_credential_id=None if token.credential is None else token.credential.id,
            only_roles=None if token.credential is None else " ".join(token.roles),
        )
    )


def delete_token(connection: Connection, token_hash: str) -> None:
    """Remove the token; one that is not there is fine."""
    connection.execute(delete(tokens).where(tokens.c.token_hash == token_hash))


def delete_tokens_of(connection: Connection, user_id: str) -> None:
    connection.execute(delete(tokens).where(tokens.c.user_id == user_id))


def delete_tokens_for(connection: Connection, project_id: str) -> None:
    """Remove every token for the project; none is fine."""
    connection.execute(delete(tokens).where(tokens.c.project_id == project_id))


def delete_expired(connection: Connection, now: datetime) -> int:
    """Remove tokens that were over before *now*, at most `_MOST_REMOVED` of them, and say how many."""
    expired = select(tokens.c.token_hash).where(tokens.c.expires_at <= to_micros(now)).limit(_MOST_REMOVED)
    return connection.execute(delete(tokens).where(tokens.c.token_hash.in_(expired))).rowcount


def count_expired(connection: Connection, now: datetime) -> int:
    """How many tokens were over before *now*."""
    return connection.execute(select(func.count()).where(tokens.c.expires_at <= to_micros(now))).scalar_one()


def _token(rows: Sequence[Any]) -> Token | None:
    first = rows[0]
    roles = _roles((row.role for row in rows), first.only_roles)
    if roles is None:
        return None
    return Token(
        user=Named(first.user_id, first.user_name),
        project=None if first.project_id is None else Named(first.project_id, first.project_name),
        roles=roles,
        methods=tuple(first.methods.split()),
        audit_ids=tuple(first.audit_id.split()),
        issued_at=from_micros(first.issued_at),
        expires_at=from_micros(first.expires_at),
        credential=_got_with(first),
    )


def _roles(assigned: Iterable[str | None], only_roles: str | None) -> tuple[str, ...] | None:
    """The roles of a token, by name; None if one that it must have is not *assigned* to its user any more."""
    held = [role for role in assigned if role is not None]
    if only_roles is None:
        return tuple(sorted(held))
    wanted = tuple(sorted(only_roles.split()))
    return wanted if all(is_included(role, held) for role in wanted) else None


def _got_with(row: Any) -> GotWith | None:
    if row.application_credential_id is None:
        return None
    return GotWith(row.application_credential_id, row.credential_name, row.is_unrestricted)
