"""What can be wrong with a request before any dialect's rules are asked, and the answers of last resort."""

from collections.abc import Sequence
from http import HTTPStatus

from calotype.domain.errors import Broken, Throttled
from calotype.http.messages import Headers, Response


class HttpError(Exception):
    """A request that cannot be served as HTTP; *status* is the answer's, the text safe to show.

    *headers* belong to the answer (`Allow`, `Retry-After`). *close*: the connection cannot be used again.
    """

    def __init__(self, status: int, reason: str, headers: Headers = (), *, close: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers
        self.close = close


class BrokenBody(HttpError):
    """The body of a request broke off: nothing more of it will come."""

    def __init__(self, status: int, reason: str, headers: Headers = ()) -> None:
        super().__init__(status, reason, headers, close=True)


class BrokenBlob(Exception):
    """A blob gave fewer bytes than its size, after the size was promised to the client."""


def not_found() -> HttpError:
    return HttpError(404, "The resource could not be found.")


def method_not_allowed(allowed: list[str]) -> HttpError:
    return HttpError(405, "The method is not allowed for this resource.", (("Allow", ", ".join(allowed)),))


def not_implemented(method: str) -> HttpError:
    return HttpError(501, f"The method {method} is not implemented.")


def unsupported_media_type(known: Sequence[str], told_by: str) -> HttpError:
    """*told_by*: the header that names the types which are *known*."""
    types = ", ".join(known)
    return HttpError(415, f"The body is to be sent as one of {types}.", ((told_by, types),))


def unexpected() -> HttpError:
    """What a client reads when we have a bug; the rest is in the log."""
    return HttpError(500, "The server has met an unexpected condition.")


def retry_headers(error: Exception) -> Headers:
    """`Retry-After`, in seconds, for errors that pass by themselves; nothing for others."""
    if isinstance(error, Throttled | Broken):
        return (("Retry-After", str(error.retry_after_s)),)
    return ()


def write_plain(error: Exception) -> Response:
    """*error* in the form of no dialect, plain text; what is no HttpError is told as one of ours that nobody expected."""
    problem = error if isinstance(error, HttpError) else unexpected()
    return Response(
        status=problem.status,
        headers=(("Content-Type", "text/plain; charset=UTF-8"), *problem.headers),
        body=plain(HTTPStatus(problem.status), str(problem)),
    )


def plain(status: HTTPStatus, reason: str) -> bytes:
    """Status line, blank line, reason."""
    return f"{status.value} {status.phrase}\n\n{reason}\n".encode(errors="replace")
