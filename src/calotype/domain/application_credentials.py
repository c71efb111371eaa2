"""Application credentials: by which a program logs in to one project of its user, without the user's password."""

from dataclasses import dataclass, field
from datetime import datetime

LONGEST_DESCRIPTION = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCredential:
    """What is known of one; its secret is not among it.

    *roles*: what a token got with it may do, at most what the user may. *is_unrestricted*: such a token may also make and
    delete application credentials. *expires_at* None: it stays until it is deleted.
    """

    id: str
    name: str
    user_id: str
    project_id: str
    roles: tuple[str, ...]
    description: str | None = None
    is_unrestricted: bool = False
    expires_at: datetime | None = None
    created_at: datetime

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An application credential as somebody asks for one.

    *secret* None: a random one. *roles* none: all that whoever asks has.
    """

    name: str
    secret: str | None = field(default=None, repr=False)
    roles: tuple[str, ...] = ()
    description: str | None = None
    is_unrestricted: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A new application credential and its secret, which is never seen again."""

    secret: str = field(repr=False)
    credential: ApplicationCredential


@dataclass(frozen=True, slots=True)
class GotWith:
    """The application credential a token was got with, as far as the token says it."""

    id: str
    name: str
    is_unrestricted: bool
