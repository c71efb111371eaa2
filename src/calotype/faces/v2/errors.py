"""Errors as v2 says them: one table of codes, and a body in the form the client's `Accept` asks for."""

from calotype.domain.errors import (
    Broken,
    CalotypeError,
    Conflict,
    ImageGone,
    Invalid,
    NoData,
    NoSpace,
    NotFound,
    OverLimit,
    ReadOnly,
    Refused,
    Throttled,
    Unauthenticated,
    WrongFormat,
)
from calotype.http import error_pages
from calotype.http.messages import Request, Response

#: The nearest class in the table wins. Source: docs/api/v2.md, "Errors".
STATUS: dict[type[CalotypeError], int] = {
    CalotypeError: 500,
    Invalid: 400,
    WrongFormat: 415,
    Unauthenticated: 401,
    Refused: 403,
    NotFound: 404,
    NoData: 204,
    Conflict: 409,
    ImageGone: 410,
    ReadOnly: 410,
    OverLimit: 413,
    Throttled: 429,
    Broken: 503,
    NoSpace: 413,
}


def write_error(error: Exception, request: Request) -> Response:
    """*error* with its code. That an image has no data is no error in v2: 204 and nothing else."""
    status = error_pages.status_of(error, STATUS)
    return Response(status=204) if status == 204 else error_pages.write(error, status, request)
