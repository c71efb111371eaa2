"""Errors as v1 says them: one table of codes, and a body in the form the client's `Accept` asks for."""

import html
from collections.abc import Callable
from http import HTTPStatus

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
    Refused,
    Throttled,
    Unauthenticated,
)
from calotype.faces.v1.accept import preferred
from calotype.http.errors import HttpError, retry_headers, unexpected
from calotype.http.messages import Headers, Request, Response, json_bytes

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
    OverLimit: 413,
    Throttled: 429,
    Broken: 503,
    NoSpace: 413,
}

_OVERTAKEN = b"Image operation conflicts"

_HTML, _JSON, _TEXT = "text/html", "application/json", "text/plain"


def write_error(error: Exception, request: Request) -> Response:
    """*error* with its code; the body is HTML, JSON or plain text, whichever `Accept` likes best, in that order.

    Without `Accept` it is plain text: only browsers and `*/*` get HTML. A change that somebody else was faster at is
    answered in the one form it always had. Source: docs/api/v1.md, "Errors".
    """
    if request.method == "PUT" and isinstance(error, Overtaken):
        return Response(status=409, headers=(("Content-Type", f"{_TEXT}; charset=UTF-8"),), body=_OVERTAKEN)
    status, reason = _status(error), _reason(error)
    form = preferred(request.header("accept") or "", (_HTML, _JSON, _TEXT)) or _TEXT
    body = b"" if request.method == "HEAD" else _FORMS[form](HTTPStatus(status), reason)
    headers = (("Content-Type", f"{form}; charset=UTF-8"), *_headers(error, request))
    return Response(status=status, headers=headers, body=body)


def _status(error: Exception) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def _reason(error: Exception) -> str:
    """What the client may read: our own errors' text; anything else is a bug, and its text ours alone."""
    if isinstance(error, HttpError | CalotypeError):
        return str(error)
    return str(unexpected())


def _headers(error: Exception, request: Request) -> Headers:
    if isinstance(error, HttpError):
        return error.headers
    if isinstance(error, Unauthenticated):
        return (("WWW-Authenticate", f'Keystone uri="{request.base_url}/identity"'),)
    return retry_headers(error)


def _plain(status: HTTPStatus, reason: str) -> bytes:
    return _encoded(f"{_line(status)}\n\n{reason}\n")


def _page(status: HTTPStatus, reason: str) -> bytes:
    line, text = _line(status), html.escape(reason)
    return _encoded(
        f"<html>\n<head><title>{line}</title></head>\n<body>\n<h1>{line}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    )


def _object(status: HTTPStatus, reason: str) -> bytes:
    return json_bytes({"message": reason, "code": _line(status), "title": status.phrase})


_FORMS: dict[str, Callable[[HTTPStatus, str], bytes]] = {_HTML: _page, _JSON: _object, _TEXT: _plain}


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")
