"""Keystone's shapes: what a login sends, what a token says. Source: docs/api/identity.md."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from calotype.domain.accounts import (
    DOMAIN_ID,
    DOMAIN_NAME,
    ById,
    ByName,
    CredentialProof,
    Named,
    PasswordProof,
    Proof,
    Reference,
    Scope,
    Token,
    TokenProof,
)
from calotype.domain.errors import Invalid, Unauthenticated
from calotype.http import queries
from calotype.http.messages import Headers

#: Every answer depends on who asks; shared caches may not mix them up.
VARY: Headers = (("Vary", "X-Auth-Token"),)


class _Domain(Struct):
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class _Named(Struct):
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    domain: _Domain | UnsetType = UNSET


class _User(_Named, kw_only=True):
    password: str


class _Password(Struct):
    user: _User


class _Token(Struct):
    id: str


class _Credential(Struct):
    secret: str
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    user: _Named | UnsetType = UNSET


class _Identity(Struct):
    methods: list[str]
    password: _Password | UnsetType = UNSET
    token: _Token | UnsetType = UNSET
    application_credential: _Credential | UnsetType = UNSET


class _Scope(Struct):
    project: _Named | UnsetType = UNSET
    domain: dict[str, Any] | UnsetType = UNSET
    system: dict[str, Any] | UnsetType = UNSET
    trust: dict[str, Any] | UnsetType = msgspec.field(default=UNSET, name="OS-TRUST:trust")
    unscoped: dict[str, Any] | UnsetType = UNSET


class _Auth(Struct):
    identity: _Identity
    scope: _Scope | str | UnsetType = UNSET


class _Login(Struct):
    auth: _Auth


_decode_login = msgspec.json.Decoder(_Login).decode


def read_login(body: bytes) -> tuple[list[Proof], Reference | Scope]:
    """The proofs a login offers, one a method, and the scope it asks for.

    Raises Invalid for a body of another shape, Unauthenticated for methods we have not.
    """
    try:
        auth = _decode_login(body).auth
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Invalid("body", "", reason) from None
    return _read_proofs(auth.identity), _read_scope(auth.scope)


def _read_proofs(identity: _Identity) -> list[Proof]:
    if not set(identity.methods) <= {"password", "token", "application_credential"}:
        raise Unauthenticated(
            "An authentication method is not supported; password, token and application_credential are."
        )
    proofs: list[Proof] = []
    if "password" in identity.methods:
        user = _given("password", identity.password).user
        proofs.append(PasswordProof(_read_reference("user", user), user.password))
    if "token" in identity.methods:
        proofs.append(TokenProof(_given("token", identity.token).id))
    if "application_credential" in identity.methods:
        proofs.append(_read_credential(_given("application_credential", identity.application_credential)))
    return proofs


def _read_credential(credential: _Credential) -> CredentialProof:
    """By id if there is one, else by the name its user gave it."""
    if credential.id is not UNSET:
        return CredentialProof(credential.id, credential.secret)
    if credential.name is UNSET or credential.user is UNSET:
        raise Invalid("application_credential", "", "neither id, nor name and user, are given")
    return CredentialProof(credential.name, credential.secret, _read_reference("user", credential.user))


def _given(name: str, value: Any) -> Any:
    if value is UNSET:
        raise Invalid(name, "", "the method is named but its part of the body is missing")
    return value


def _read_reference(field: str, named: _Named) -> Reference:
    """By id if there is one, else by name, which needs a domain."""
    if named.id is not UNSET:
        return ById(named.id)
    if named.name is UNSET:
        raise Invalid(field, "", "neither id nor name is given")
    if named.domain is UNSET:
        raise Invalid(field, "", "a name needs a domain")
    domain = named.domain.id if named.domain.id is not UNSET else named.domain.name
    if domain is UNSET:
        raise Invalid("domain", "", "neither id nor name is given")
    return ByName(named.name, domain)


def _read_scope(scope: _Scope | str | UnsetType) -> Reference | Scope:
    if scope is UNSET:
        return Scope.DEFAULT
    if isinstance(scope, str):
        if scope != "unscoped":
            raise Invalid("scope", scope, "the only text it can be is unscoped")
        return Scope.NONE
    asked = [name for name in scope.__struct_fields__ if getattr(scope, name) is not UNSET]
    if len(asked) > 1:
        raise Invalid("scope", ", ".join(asked), "one token has one scope")
    if scope.project is not UNSET:
        return _read_reference("project", scope.project)
    if scope.unscoped is not UNSET:
        return Scope.NONE
    return Scope.FOREIGN if asked else Scope.DEFAULT


def wants_services(raw_query: str) -> bool:
    """False if the query holds `nocatalog`, whatever its value. Raises Invalid for a query that is not text."""
    return all(name != "nocatalog" for name, _ in queries.parse(raw_query))


def write_token(token: Token, services: list[dict[str, Any]] | None) -> dict[str, Any]:
    """The body that describes *token*, with *services* if any are to be told; an unscoped one has neither project nor roles
    nor services.
    """
    described: dict[str, Any] = {
        "methods": list(token.methods),
        "user": {**_write_named(token.user), "password_expires_at": None},
        "audit_ids": list(token.audit_ids),
        "expires_at": write_time(token.expires_at),
        "issued_at": write_time(token.issued_at),
    }
    if token.project is not None:
        described["project"] = _write_named(token.project)
        described["is_domain"] = False
        described["roles"] = [{"id": role, "name": role} for role in token.roles]
        if services is not None:
            described["catalog"] = services
    if token.credential is not None:
        described["application_credential"] = {
            "id": token.credential.id,
            "name": token.credential.name,
            "restricted": not token.credential.is_unrestricted,
        }
    return {"token": described}


def write_time(moment: datetime) -> str:
    """*moment* as Keystone writes it: UTC, six digits behind the second, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _write_named(named: Named) -> dict[str, Any]:
    return {"id": named.id, "name": named.name, "domain": {"id": DOMAIN_ID, "name": DOMAIN_NAME}}
