"""Keystone's shapes of application credentials. Source: docs/api/identity.md, "Application credentials"."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from calotype.domain.application_credentials import ApplicationCredential, IssuedCredential, Wanted
from calotype.domain.errors import Invalid
from calotype.faces.identity import wire
from calotype.http import bodies, queries


class _Role(Struct):
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class _Wanted(Struct):
    name: str
    secret: str | None = None
    description: str | None = None
    expires_at: str | None = None
    roles: list[_Role] | None = None
    unrestricted: bool | None = None
    access_rules: list[Any] | None = None


class _Body(Struct):
    application_credential: _Wanted


def read_wanted(body: bytes) -> Wanted:
    """What a POST asks for. Raises Invalid for another shape, and for access rules, which we could not keep."""
    try:
        wanted = msgspec.convert(bodies.read_json(body), _Body).application_credential
    except msgspec.ValidationError as error:
        raise Invalid("body", "", str(error)) from None
    if wanted.access_rules:
        raise Invalid("access_rules", "", "application credentials are limited by roles only")
    return Wanted(
        name=wanted.name,
        secret=wanted.secret,
        roles=tuple(_read_role(role) for role in wanted.roles or ()),
        description=wanted.description,
        is_unrestricted=bool(wanted.unrestricted),
        expires_at=None if wanted.expires_at is None else read_time(wanted.expires_at),
    )


def _read_role(role: _Role) -> str:
    """A role's id is its name."""
    named = role.id if role.id is not UNSET else role.name
    if named is UNSET:
        raise Invalid("roles", "", "a role has neither id nor name")
    return named


def read_time(text: str) -> datetime:
    """ISO 8601; UTC where it names no zone. Raises Invalid."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("expires_at", text, "it is not a time like 2030-01-31T12:00:00Z") from None


def read_name_filter(raw_query: str) -> str | None:
    """The last `name` of the query; other names are not looked at, as Keystone does."""
    return dict(queries.parse(raw_query)).get("name")


def write_one(credential: ApplicationCredential, base_url: str) -> dict[str, Any]:
    return {"application_credential": _write(credential, base_url)}


def write_issued(issued: IssuedCredential, base_url: str) -> dict[str, Any]:
    """With the secret, this once."""
    return {"application_credential": {**_write(issued.credential, base_url), "secret": issued.secret}}


def write_list(credentials: Sequence[ApplicationCredential], base_url: str, self_url: str) -> dict[str, Any]:
    """One page with all of them, the answer of *self_url*."""
    return {
        "application_credentials": [_write(each, base_url) for each in credentials],
        "links": {"next": None, "self": self_url, "previous": None},
    }


def _write(credential: ApplicationCredential, base_url: str) -> dict[str, Any]:
    expires_at = credential.expires_at
    return {
        "id": credential.id,
        "name": credential.name,
        "description": credential.description,
        "user_id": credential.user_id,
        "project_id": credential.project_id,
        "roles": [{"id": role, "name": role, "domain_id": None} for role in credential.roles],
        "unrestricted": credential.is_unrestricted,
        "expires_at": None if expires_at is None else wire.write_time(expires_at).removesuffix("Z"),
        "links": {"self": f"{base_url}/users/{credential.user_id}/application_credentials/{credential.id}"},
    }
