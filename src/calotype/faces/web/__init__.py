"""What a browser and a generator of clients ask: the OpenAPI document, and a page to read it on.

Everything comes from files beside this one, and the page loads nothing from elsewhere. Nobody has to prove who they are here.
Source: docs/api/openapi/README.md.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from calotype import __version__
from calotype.http.errors import write_plain
from calotype.http.messages import Headers, Request, Response
from calotype.http.routes import Face, Handler, Route
from calotype.service.options import ServiceOptions

FOLDER = Path(__file__).parent

_HEADERS: Headers = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-cache"))

#: The page may load its own two files and the document, and nobody may put it into a page of theirs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def face(options: ServiceOptions, *, v1_enabled: bool) -> Face:
    """`/openapi.json` and `/docs`; without v1 nothing is told of it."""
    page = _file("index.html", "text/html; charset=UTF-8", (("Content-Security-Policy", _POLICY),))
    handlers: dict[str, Handler] = {
        "/openapi.json": _document(options, v1_enabled=v1_enabled),
        "/docs": page,
        "/docs/": page,
        "/docs/page.css": _file("page.css", "text/css; charset=UTF-8"),
        "/docs/page.js": _file("page.js", "text/javascript; charset=UTF-8"),
    }
    routes = [Route(method, path, handler) for path, handler in handlers.items() for method in ("GET", "HEAD")]
    return Face(name="web", prefixes=("",), routes=routes, write_error=_write_error)


def document(options: ServiceOptions, *, v1_enabled: bool) -> dict[str, Any]:
    """The OpenAPI document of what is served, with the formats that *options* offer. The file is made by `.ci/openapi`."""
    joined: dict[str, Any] = msgspec.json.decode((FOLDER / "openapi.json").read_bytes())
    joined["info"]["version"] = __version__
    schemas = joined["components"]["schemas"]
    schemas["DiskFormat"]["enum"] = list(options.disk_formats)
    schemas["ContainerFormat"]["enum"] = list(options.container_formats)
    if not v1_enabled:
        joined["paths"] = {path: item for path, item in joined["paths"].items() if path.split("/")[1] != "v1"}
        told = {tag for item in joined["paths"].values() for tag in _tags(item)}
        joined["tags"] = [tag for tag in joined["tags"] if tag["name"] in told]
    return joined


def _tags(item: dict[str, Any]) -> list[str]:
    """The tags of a path's operations, beside which its parameters stand."""
    return [tag for operation in item.values() if isinstance(operation, dict) for tag in operation["tags"]]


def _document(options: ServiceOptions, *, v1_enabled: bool) -> Handler:
    @cache
    def body() -> bytes:
        return msgspec.json.encode(document(options, v1_enabled=v1_enabled))

    def show(_services: object, _request: Request) -> Response:
        return Response(status=200, headers=(("Content-Type", "application/json"), *_HEADERS), body=body())

    return show


def _file(name: str, media_type: str, headers: Headers = ()) -> Handler:
    """Answers with the file *name*, read when it is first asked for."""

    @cache
    def body() -> bytes:
        return (FOLDER / name).read_bytes()

    def show(_services: object, _request: Request) -> Response:
        return Response(status=200, headers=(("Content-Type", media_type), *_HEADERS, *headers), body=body())

    return show


def _write_error(error: Exception, _request: Request) -> Response:
    return write_plain(error)
