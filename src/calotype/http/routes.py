"""Routes, and the face they belong to; no two rows of a joined table match one request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

from calotype.domain.callers import Caller
from calotype.http.messages import Receive, Request, Response

#: All that a route may answer; any other is 501.
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")

Handler = Callable[[Any, Request], Response | Receive]
"""Called with the services and a request, on a thread; raises errors of the domain."""


class Wants(Enum):
    """What becomes of a request's body."""

    NOTHING = "nothing"  # not looked at
    NO_BODY = "no body"  # a body is a mistake: 400
    JSON = "json"  # at most 1 MiB, read whole before the handler runs: `request.body`
    STREAM = "stream"  # left on the wire until the handler answers with `Receive`


class Pool(Enum):
    """Which threads run the handler."""

    SHORT = "short"
    LOGINS = "logins"  # two at a time, then 429: a password hash costs 19 MiB and 60 ms


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below the face's prefix; a part in braces matches one segment and is handed over decoded."""

    method: str
    path: str
    handler: Handler
    wants: Wants = Wants.NOTHING
    pool: Pool = Pool.SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A dialect as the door sees it.

    *prefixes*: the paths below which it lives, each "" or "/segment[/segment]".
    *authenticate*: token text or None -> the caller, or Unauthenticated; None where no proof is asked for.
    It is called on the handler's thread, before the path is looked up.
    *write_error*: any error of the domain, or one of `http.errors`, as the dialect says it.
    """

    name: str
    prefixes: tuple[str, ...]
    routes: Sequence[Route]
    write_error: Callable[[Exception, Request], Response]
    authenticate: Callable[[Any, Request], Caller] | None = None
    _table: "RouteTable" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", RouteTable(self.routes))

    @property
    def table(self) -> "RouteTable":
        return self._table


class RouteTable:
    """Finds a route by method and raw path. Literal segments are tried before named ones; `%2F` stays inside its segment."""

    def __init__(self, routes: Sequence[Route]) -> None:
        #: Apart, since a request may spell what is only the name of a part: `/images/{image_id}`.
        self._literal: dict[tuple[str, ...], dict[str, Route]] = {}
        self._named: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            by_path = self._named if "{" in route.path else self._literal
            methods = by_path.setdefault(tuple(route.path.split("/")), {})
            if route.method in methods:
                raise ValueError(f"two routes for {route.method} {route.path}")
            methods[route.method] = route

    def match(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        """The routes at raw *path* by method and the named parts, or None for an unknown path.

        Raises UnicodeDecodeError if a named part is not UTF-8 once decoded.
        """
        parts = tuple(path.split("/"))
        literal = self._literal.get(parts)
        if literal is not None:
            return literal, {}
        for pattern, methods in self._named.items():
            params = _match(pattern, parts)
            if params is not None:
                return methods, params
        return None


def _match(pattern: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    params: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            params[wanted[1:-1]] = unquote_to_bytes(part).decode()
        elif wanted != part:
            return None
    return params
