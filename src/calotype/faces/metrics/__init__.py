"""What Prometheus asks. Nobody has to prove who they are here; whose address may ask, an option says.

Source: docs/operate/metrics.md.
"""

from collections.abc import Callable

from calotype.http.accept import preferred
from calotype.http.errors import HttpError, write_plain
from calotype.http.forwarded import Networks
from calotype.http.messages import Request, Response
from calotype.http.options import HttpOptions
from calotype.http.routes import Face, Route

PATH = "/metrics"

PLAIN = "text/plain"
OPENMETRICS = "application/openmetrics-text"

#: What each form says of itself; without the version a reader would have to guess.
_TYPES = {
    PLAIN: "text/plain; version=0.0.4; charset=utf-8",
    OPENMETRICS: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

Write = Callable[[bool], bytes]
"""All metrics of the node, in OpenMetrics or in Prometheus's own text."""


def write_nothing(_is_openmetrics: bool) -> bytes:  # noqa: FBT001 -- it is a `Write`
    return b""


def face(write: Write, options: HttpOptions) -> Face:
    """`/metrics`, for the clients that *options* list, or for everybody."""
    readers = Networks(options.metrics_clients)

    def show(_services: object, request: Request) -> Response:
        if readers and not readers.lists(request.client):
            raise HttpError(403, "Metrics are for the clients that metrics_clients lists.")
        form = preferred(request.header("accept") or PLAIN, (PLAIN, OPENMETRICS)) or PLAIN
        return Response(status=200, headers=(("Content-Type", _TYPES[form]),), body=write(form == OPENMETRICS))

    def write_error(error: Exception, _request: Request) -> Response:
        return write_plain(error)

    routes = [Route(method, PATH, show) for method in ("GET", "HEAD")]
    return Face(name="metrics", prefixes=("",), routes=routes, write_error=write_error)
