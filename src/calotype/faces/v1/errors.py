"""Errors as v1 says them: one table of codes, and a body in the form the client's `Accept` asks for."""

from calotype.domain.errors import (
    Broken,
    CalotypeError,
    Conflict,
    ImageGone,
    Invalid,
    NoSpace,
    NotFound,
    OnlyShared,
    OverLimit,
    Overtaken,
    ReadOnly,
    Refused,
    Throttled,
    Unauthenticated,
)
from calotype.http import error_pages
from calotype.http.messages import Request, Response

#: The nearest class in the table wins. Source: docs/api/v1.md, "Errors".
STATUS: dict[type[CalotypeError], int] = {
    CalotypeError: 500,
    Invalid: 400,
    Unauthenticated: 401,
    Refused: 403,
    OnlyShared: 404,
    NotFound: 404,
    Conflict: 409,
    ImageGone: 412,
    ReadOnly: 410,
    OverLimit: 413,
    Throttled: 429,
    Broken: 503,
    NoSpace: 413,
}

_OVERTAKEN = b"Image operation conflicts"


def write_error(error: Exception, request: Request) -> Response:
    """*error* with its code. A change that somebody else was faster at is answered in the one form it always had.

    Source: docs/api/v1.md, "Errors".
    """
    if request.method == "PUT" and isinstance(error, Overtaken):
        return Response(status=409, headers=(("Content-Type", "text/plain; charset=UTF-8"),), body=_OVERTAKEN)
    return error_pages.write(error, error_pages.status_of(error, STATUS), request)
