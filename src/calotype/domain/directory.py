"""What is asked and changed about projects, users and roles by those who ask over the network."""

from dataclasses import dataclass, field

from calotype.domain.accounts import Named, require_name
from calotype.domain.errors import Invalid
from calotype.domain.texts import require_storable

LONGEST_ID = 64
LONGEST_EMAIL = 255
LONGEST_DESCRIPTION = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryQuery:
    """Which projects or users, in the order of their names.

    *nothing*: it asks for what we have not, as those of another domain, and finds none.
    *marker*: the id of the one before the first. *limit*: the most that are wanted, None for all.
    """

    name: str | None = None
    is_enabled: bool | None = None
    nothing: bool = False
    limit: int | None = None
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChange:
    """What becomes of a project, new or there; None leaves it as it is. No description is ""."""

    name: str | None = None
    is_enabled: bool | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What becomes of a user, new or there; None leaves it as it is. No description, address or default project is "".

    *drops_password*: nobody can log in as this user by a password any more.
    """

    name: str | None = None
    is_enabled: bool | None = None
    description: str | None = None
    email: str | None = None
    default_project_id: str | None = None
    password: str | None = field(default=None, repr=False)
    drops_password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentQuery:
    """Which role assignments; *nothing* as in `DirectoryQuery`."""

    user_id: str | None = None
    project_id: str | None = None
    role: str | None = None
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """The user has the role in the project."""

    user: Named
    project: Named
    role: str


def require_texts(change: ProjectChange | UserChange, longest_name: int) -> None:
    """Raises Invalid if a text of *change* cannot be kept; passwords are judged where they are hashed."""
    if change.name is not None:
        require_name("name", change.name, longest_name)
    if change.description is not None:
        require_storable("description", change.description, LONGEST_DESCRIPTION)
    if isinstance(change, UserChange):
        require_storable("email", change.email or "", LONGEST_EMAIL)
        if change.default_project_id:
            require_name("default_project_id", change.default_project_id, LONGEST_ID)


def require_limit(text: str) -> int:
    """*text* as the number of things on a page. Raises Invalid if it is none."""
    # More digits than these are no number of accounts; Python would take long over very many.
    if not (text.isascii() and text.isdecimal() and len(text) <= 9) or int(text) == 0:
        raise Invalid("limit", text, "not a whole number from 1 to 999999999")
    return int(text)
