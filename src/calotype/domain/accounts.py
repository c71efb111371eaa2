"""Projects, users and tokens of the embedded identity, and how a login names what it wants."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from calotype.domain.application_credentials import GotWith
from calotype.domain.errors import Invalid

#: There is one domain; clients name it by id or name, in either spelling.
DOMAIN_ID = "default"
DOMAIN_NAME = "Default"

#: Keystone's own limits, in characters.
LONGEST_USER_NAME = 255
LONGEST_PROJECT_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What owns images; its id is their owner."""

    id: str
    name: str
    is_enabled: bool = True
    description: str = ""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can log in. A login that names no scope is for the default project."""

    id: str
    name: str
    is_enabled: bool = True
    default_project_id: str | None = None
    description: str = ""
    email: str = ""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """The id and name of a user or project."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says; its text is known to its bearer alone.

    *project* None: unscoped, without roles.
    *methods*: the proofs of identity it rests on. *audit_ids*: its own, then that of the login a rescoped one goes back to.
    *credential*: the application credential among the proofs, which names project and roles.
    """

    user: Named
    project: Named | None
    roles: tuple[str, ...]
    methods: tuple[str, ...]
    audit_ids: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    credential: GotWith | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token and its text, which is never seen again."""

    secret: str = field(repr=False)
    token: Token


@dataclass(frozen=True, slots=True)
class ById:
    """The user or project with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class ByName:
    """The user or project with this name in this domain (its id or name)."""

    name: str
    domain: str = DOMAIN_ID


Reference = ById | ByName


@dataclass(frozen=True, slots=True)
class PasswordProof:
    user: Reference
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenProof:
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CredentialProof:
    """An application credential: by id, or by the name its *user* gave it."""

    credential: str
    secret: str = field(repr=False)
    user: Reference | None = None


Proof = PasswordProof | TokenProof | CredentialProof


class Scope(Enum):
    """What a login may ask for besides a project."""

    NONE = "none"
    DEFAULT = "default"  # the user's default project if there is one and the user has a role there, else none
    FOREIGN = "foreign"  # a domain, a trust, the whole system: things we have not, so nobody has a role there


def names_our_domain(domain: str) -> bool:
    """True if *domain*, an id or a name, is the one domain there is."""
    return domain in (DOMAIN_ID, DOMAIN_NAME)


def is_name(text: str, longest: int = LONGEST_USER_NAME) -> bool:
    """True if *text* can be the name or id of a user or project.

    It is not empty, has at most *longest* characters, all printable (so no NUL, no half of a surrogate pair), and no
    space at its ends.
    """
    return 0 < len(text) <= longest and text.isprintable() and text == text.strip()


def require_name(field_name: str, text: str, longest: int) -> str:
    """*text* itself. Raises Invalid if it cannot be a name."""
    if not is_name(text, longest):
        reason = f"a name has 1 to {longest} printable characters and no space at its ends"
        raise Invalid(field_name, ascii(text)[1:-1], reason)
    return text
