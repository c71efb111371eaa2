"""Errors as Keystone says them: `{"error": {"code", "message", "title"}}`."""

from http import HTTPStatus

from calotype.domain.errors import (
    Broken,
    CalotypeError,
    Conflict,
    Invalid,
    NotFound,
    OverLimit,
    Refused,
    Throttled,
    Unauthenticated,
)
from calotype.faces.identity import wire
from calotype.http.errors import HttpError, retry_headers, unexpected
from calotype.http.messages import Headers, Request, Response, json_response

#: The nearest class of an error counts.
STATUS: dict[type[Exception], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Refused: 403,
    NotFound: 404,
    Conflict: 409,
    OverLimit: 413,
    Throttled: 429,
    Broken: 503,
}


def write_error(error: Exception, request: Request) -> Response:
    """*error* as an answer; whatever is neither of the domain nor of HTTP becomes a 500 that says nothing."""
    if not isinstance(error, HttpError | CalotypeError):
        error = unexpected()
    status = error.status if isinstance(error, HttpError) else _status(error)
    title = HTTPStatus(status).phrase
    body = {"error": {"code": status, "message": str(error), "title": title}}
    return json_response(body, status, (*wire.VARY, *_headers(error, request)))


def _status(error: CalotypeError) -> int:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def _headers(error: Exception, request: Request) -> Headers:
    if isinstance(error, HttpError):
        return error.headers
    if isinstance(error, Unauthenticated):
        return (("WWW-Authenticate", f'Keystone uri="{request.base_url}/identity/v3"'),)
    return retry_headers(error)
