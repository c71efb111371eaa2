"""The rows of the program's joined table, read from the program itself, and what stands for each named part of a path."""

import re
from dataclasses import dataclass
from functools import cache

from calotype import app
from calotype.config import Settings
from calotype.http.messages import Request
from calotype.http.routes import Route, Wants


@dataclass(frozen=True)
class Kind:
    """Signs of things of one kind. *foreign*: neither Bob's nor Eve's; *unknown*: nobody's."""

    own: tuple[str, ...]
    foreign: tuple[str, ...]
    unknown: str

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.own, *self.foreign, self.unknown)


_FOREIGN_IMAGES = (
    *("private", "unshared", "queued", "saving", "killed", "deactivated", "pending", "gone", "lent", "protected"),
    "stored",
)

IMAGE = Kind(
    own=("bob.image", "bob.queued", "bob.gone", "bob.stored", "eve.image", "root.image"),
    foreign=tuple(f"ada.{name}" for name in _FOREIGN_IMAGES),
    unknown="unknown.image",
)
PROJECT = Kind(own=("bob.project", "eve.project"), foreign=("ada.project", "carol.project"), unknown="unknown.project")
USER = Kind(own=("bob.user", "eve.user"), foreign=("ada.user", "carol.user"), unknown="unknown.user")
CREDENTIAL = Kind(
    own=("bob.application_credential",),
    foreign=("ada.application_credential",),
    unknown="unknown.application_credential",
)

#: What a named part of a path stands for, by its name without `_id`. A route with a part that is not here fails a test.
PARTS: dict[str, Kind] = {
    "image": IMAGE,
    "member": PROJECT,
    "project": PROJECT,
    "user": USER,
    "application_credential": CREDENTIAL,
}

#: Parts that name what is no secret.
WORDS: dict[str, tuple[str, ...]] = {
    "tag": ("@bob.image_tag@", "new", "gr%C3%B6%C3%9Fe%20%F0%9F%93%B7", "a%2Fb"),
    "store": ("local", "far", "http", "none"),
    "role": ("member", "admin", "reader", "none"),
    "domain": ("default", "Default", "none"),
}

_WITH_SECRETS = ("v1", "v2", "identity")
_ALIKE = re.compile(r"/(actions|info)/.*")
_ONE_PLACE = r"/\1"

NAMED = re.compile(r"\{([a-z_]+?)(?:_id)?\}")


@dataclass(frozen=True)
class Row:
    """One method and path of a face, whatever the prefixes it is reached under."""

    face: str
    method: str
    path: str
    prefixes: tuple[str, ...]
    wants: Wants

    @property
    def shape(self) -> str:
        """The path with its parts named by the same words in every face."""
        return NAMED.sub(r"{\1}", self.path)

    @property
    def parts(self) -> list[str]:
        return NAMED.findall(self.path)

    @property
    def dialect(self) -> str:
        """The face, whether or not its prefix is said."""
        return self.face.removesuffix("-root")

    @property
    def at(self) -> str:
        """Dialect and path; rows that know no secrets are all at one place, and those of actions too."""
        if self.dialect not in _WITH_SECRETS or not self.path.strip("/") or self.path.startswith("/schemas/"):
            return "elsewhere"
        return f"{self.dialect} {_ALIKE.sub(_ONE_PLACE, self.shape)}"

    def __str__(self) -> str:
        return f"{self.face} {self.method} {self.path}"


def places() -> dict[str, list[Row]]:
    """The rows by where they are."""
    found: dict[str, list[Row]] = {}
    for row in rows():
        found.setdefault(row.at, []).append(row)
    return found


@cache
def rows() -> tuple[Row, ...]:
    """Every row there is, in the order of the table."""
    faces = app.join_faces(Settings(), checks=None)  # type: ignore[arg-type]
    prefixes: dict[tuple[str, Route], list[str]] = {}
    for method, whole, name in faces.table():
        face, prefix = faces.find(_request(method, whole))
        assert face.name == name, whole
        path = whole.removeprefix(prefix)
        (route,) = [route for route in face.routes if (route.method, route.path) == (method, path)]
        prefixes.setdefault((name, route), []).append(prefix)
    return tuple(
        Row(name, route.method, route.path, tuple(found), route.wants) for (name, route), found in prefixes.items()
    )


def _request(method: str, path: str) -> Request:
    return Request(method=method, path=path, raw_query="", headers=(), request_id="req-1", base_url="http://h")
