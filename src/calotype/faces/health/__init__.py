"""What load balancers and supervisors ask. Nobody has to prove who they are here, and nothing but health is told.

Source: docs/operate/health.md.
"""

from calotype.domain.errors import CalotypeError
from calotype.http.errors import HttpError
from calotype.http.messages import Request, Response
from calotype.http.routes import Face, Route
from calotype.service.health import Health

PATHS = ("/healthz", "/healthcheck", "/readyz")


def face(health: Health) -> Face:
    """`/healthz` and `/healthcheck` answer while the process lives, `/readyz` while it can also do its work."""

    def show_ready(_services: object, _request: Request) -> Response:
        broken = health.broken_parts()
        return _text(503, f"broken: {', '.join(broken)}") if broken else _text(200, "ready")

    handlers = {"/healthz": _show_alive, "/healthcheck": _show_alive, "/readyz": show_ready}
    routes = [Route(method, path, handlers[path]) for path in PATHS for method in ("GET", "HEAD")]
    return Face(name="health", prefixes=("",), routes=routes, write_error=_write_error)


def _show_alive(_services: object, _request: Request) -> Response:
    return _text(200, "OK")


def _write_error(error: Exception, _request: Request) -> Response:
    match error:
        case HttpError():
            return _text(error.status, str(error), error.headers)
        case CalotypeError():
            return _text(503, str(error))
    return _text(500, "The server has failed.")


def _text(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(
        status=status, headers=(("Content-Type", "text/plain; charset=UTF-8"), *headers), body=f"{text}\n".encode()
    )
