"""Who asks."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles rights are made of; each includes those below it. A caller may hold other roles too, which grant nothing."""

    READER = "reader"
    MEMBER = "member"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request, the project the token is for (None: unscoped) and the roles held there."""

    user: str
    project: str | None
    roles: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        return self.holds(Role.ADMIN)

    def holds(self, role: Role) -> bool:
        """True if a role of the caller is *role* or includes it, whatever its case."""
        held = {name.lower() for name in self.roles}
        return any(name in held for name in _INCLUDED_IN[role])


_INCLUDED_IN = {
    Role.READER: (Role.READER, Role.MEMBER, Role.ADMIN),
    Role.MEMBER: (Role.MEMBER, Role.ADMIN),
    Role.ADMIN: (Role.ADMIN,),
}
