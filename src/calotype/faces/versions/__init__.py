"""The version lists: what a client reads that does not know us yet. Whatever path nothing else claims gets one, too."""

from collections.abc import Sequence
from typing import Any

from calotype.faces.versions.documents import V1, V1_0, V1_1, Version, bare, v2, write
from calotype.faces.versions.negotiation import named_version
from calotype.http.errors import HttpError, write_plain
from calotype.http.messages import Request, Response
from calotype.http.routes import METHODS, Face, Handler, Route

__all__ = ["V1", "Version", "bare", "face", "named_version", "v2", "write_one"]

_UNKNOWN_HERE = (404, 405)


def face(served: Sequence[Version]) -> Face:
    """The lists of the versions that are *served*: 200 at `/versions`, 300 everywhere else, whatever path or method.

    A version's prefix without more path lists that version alone. Source: docs/api/v1.md, "Versions".
    """
    pages: dict[str, tuple[int, Sequence[Version]]] = {
        "/": (300, served),
        "/versions": (200, served),
        "/versions/": (200, served),
        **{path: (300, [version]) for path, version in bare(served)},
    }

    def write_error(error: Exception, request: Request) -> Response:
        if isinstance(error, HttpError) and error.status in _UNKNOWN_HERE:
            return write(served, request, 300)
        return write_plain(error)

    routes = [Route(method, path, _page(*page)) for path, page in pages.items() for method in METHODS]
    return Face(name="versions", prefixes=("",), routes=routes, write_error=write_error)


def write_one(request: Request) -> Response:
    """300 with the version of v1 that the request's prefix stands for, all those of v1 where it has none."""
    named = _NAMED_BY_PREFIX.get(request.prefix)
    return write(V1 if named is None else [named], request, 300)


_NAMED_BY_PREFIX = {"/v1": V1_1, "/v1.0": V1_0, "/v1.1": V1_1}


def _page(status: int, versions: Sequence[Version]) -> Handler:
    def show(_services: Any, request: Request) -> Response:
        return write(versions, request, status)

    return show
