"""Errors in the three forms that clients of image services know: an HTML page, a JSON object, plain text.

Which one a client gets is up to its `Accept`, HTML before JSON before text where it likes them equally; without `Accept` it is
plain text. So python-glanceclient, which sends `*/*`, gets the page it takes apart, and never an object.
"""

import html
from collections.abc import Callable
from http import HTTPStatus

from calotype.domain.errors import CalotypeError, Unauthenticated
from calotype.http.accept import preferred
from calotype.http.errors import HttpError, plain, retry_headers, unexpected
from calotype.http.messages import Headers, Request, Response, json_bytes

_HTML, _JSON, _TEXT = "text/html", "application/json", "text/plain"


def write(error: Exception, status: int, request: Request) -> Response:
    """*error* under the code *status*, in the form that *request* asks for, with the headers that belong to it."""
    form = preferred(request.header("accept") or "", (_HTML, _JSON, _TEXT)) or _TEXT
    body = b"" if request.method == "HEAD" else _FORMS[form](HTTPStatus(status), _reason(error))
    media_type = form if form == _JSON else f"{form}; charset=UTF-8"
    headers = (("Content-Type", media_type), *_headers(error, request))
    return Response(status=status, headers=headers, body=body)


def status_of(error: Exception, statuses: dict[type[CalotypeError], int]) -> int:
    """The code of *error*: its own, or that of the nearest of its classes in *statuses*; 500 for what is a bug."""
    if isinstance(error, HttpError):
        return error.status
    return next((statuses[kind] for kind in type(error).__mro__ if kind in statuses), 500)


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


def _page(status: HTTPStatus, reason: str) -> bytes:
    line, text = _line(status), html.escape(reason)
    page = f"<html>\n<head><title>{line}</title></head>\n<body>\n<h1>{line}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    return page.encode(errors="replace")


def _object(status: HTTPStatus, reason: str) -> bytes:
    return json_bytes({"message": reason, "code": _line(status), "title": status.phrase})


_FORMS: dict[str, Callable[[HTTPStatus, str], bytes]] = {_HTML: _page, _JSON: _object, _TEXT: plain}


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"
