"""Who asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles rights are made of. A caller may hold other roles too, which grant nothing.

    An admin is a member and a service too, a member is a reader. A service is a program of the cloud's own that works
    beside users: it may ask where image data lie, and nothing that a reader may.
    """

    READER = "reader"
    MEMBER = "member"
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request, the project the token is for (None: unscoped) and the roles held there.

    *credential*: the id of the application credential the token was got with, if it was.
    """

    user: str
    project: str | None
    roles: frozenset[str] = frozenset()
    credential: str | None = None

    @property
    def is_admin(self) -> bool:
        return self.holds(Role.ADMIN)

    def holds(self, role: Role) -> bool:
        """True if a role of the caller is *role* or includes it, whatever its case."""
        return is_included(role, self.roles)


_INCLUDED_IN: dict[str, tuple[str, ...]] = {
    Role.READER: (Role.READER, Role.MEMBER, Role.ADMIN),
    Role.MEMBER: (Role.MEMBER, Role.ADMIN),
    Role.ADMIN: (Role.ADMIN,),
    Role.SERVICE: (Role.SERVICE, Role.ADMIN),
}


def is_included(role: str, held: Iterable[str]) -> bool:
    """True if *role*, whatever its case, is among those *held* or included in one of them."""
    wanted, names = role.lower(), {name.lower() for name in held}
    return any(name in names for name in _INCLUDED_IN.get(wanted, (wanted,)))
