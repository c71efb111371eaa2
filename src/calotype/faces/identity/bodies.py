"""What bodies say about projects and users. Fields we do not know are ignored: Keystone keeps them, we have no use for them.

Source: openstack/keystone:keystone/{resource,identity}/schema.py; docs/api/identity.md, "Shapes".
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from calotype.domain.accounts import DOMAIN_ID
from calotype.domain.directory import ProjectChange, UserChange
from calotype.domain.errors import Invalid, NotFound

Body = TypeVar("Body")


class _Common(Struct, kw_only=True):
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    options: dict[str, Any] | UnsetType = UNSET


class _Project(_Common, kw_only=True):
    parent_id: str | UnsetType | None = UNSET
    is_domain: bool | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET


class _User(_Common, kw_only=True):
    email: str | UnsetType | None = UNSET
    default_project_id: str | UnsetType | None = UNSET
    password: str | UnsetType | None = UNSET


class _ProjectBody(Struct):
    project: _Project


class _UserBody(Struct):
    user: _User


class _Passwords(Struct):
    original_password: str
    password: str


class _PasswordsBody(Struct):
    user: _Passwords


_decode_project = msgspec.json.Decoder(_ProjectBody).decode
_decode_user = msgspec.json.Decoder(_UserBody).decode
_decode_passwords = msgspec.json.Decoder(_PasswordsBody).decode


def read_project(body: bytes, project_id: str | None = None) -> ProjectChange:
    """What becomes of the project, or of a new one, which needs a name.

    Raises Invalid for a body of another shape, and for a domain, a parent or an id that it cannot have.
    """
    project = _decoded(_decode_project, body).project
    _check(project, project_id)
    if project.parent_id not in (UNSET, None, DOMAIN_ID):
        raise Invalid("parent_id", project.parent_id, f"projects are not nested; the parent of all is {DOMAIN_ID}")
    if project.is_domain is True:
        raise Invalid("is_domain", "true", f"there is one domain, {DOMAIN_ID}")
    return ProjectChange(
        name=_or_none(project.name),
        is_enabled=_or_none(project.enabled),
        description=_or_empty(project.description),
    )


def read_user(body: bytes, user_id: str | None = None) -> UserChange:
    """What becomes of the user, or of a new one, who needs a name.

    Raises Invalid as `read_project`, but NotFound for a new user in a domain that is not there, as Keystone does.
    """
    user = _decoded(_decode_user, body).user
    if user_id is None and not _is_ours(user):
        raise NotFound(f"Could not find domain: {user.domain_id}.")
    _check(user, user_id)
    return UserChange(
        name=_or_none(user.name),
        is_enabled=_or_none(user.enabled),
        description=_or_empty(user.description),
        email=_or_empty(user.email),
        default_project_id=_or_empty(user.default_project_id),
        password=_or_none(user.password),
        drops_password=user.password is None,
    )


def read_passwords(body: bytes) -> tuple[str, str]:
    """The password a user has and the one that is to be. Raises Invalid for a body of another shape."""
    user = _decoded(_decode_passwords, body).user
    return user.original_password, user.password


def _decoded(decode: Callable[[bytes], Body], body: bytes) -> Body:
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Invalid("body", "", reason) from None


def _check(thing: _Common, its_id: str | None) -> None:
    if its_id is None and thing.name is UNSET:
        raise Invalid("name", "", "it is missing")
    if its_id is not None and thing.id not in (UNSET, its_id):
        raise Invalid("id", thing.id, "it cannot be changed")
    if not _is_ours(thing):
        raise Invalid("domain_id", thing.domain_id, f"there is one domain, {DOMAIN_ID}")


def _is_ours(thing: _Common) -> bool:
    return thing.domain_id in (UNSET, None, DOMAIN_ID)


def _or_none(value: Any) -> Any:
    return None if value is UNSET else value


def _or_empty(value: str | UnsetType | None) -> str | None:
    """None where nothing is said, "" for null."""
    return None if value is UNSET else value or ""
