"""A blob as a request wants it: whole, a part of it, or nothing since the client has it. Source: RFC 9110, 13.2.2 and 14.2."""

import re
from contextlib import ExitStack

from calotype.domain import preconditions, ranges
from calotype.domain.ranges import Part
from calotype.http.errors import HttpError
from calotype.http.messages import Blob, Headers, Request, Response

_ACCEPTED = ("Accept-Ranges", "bytes")


#: How `Content-Range` says what `Range` would; a client that sends it knows the size of the whole, or does not care.
_SENT_CONTENT_RANGE = re.compile(r"bytes +([0-9]+)-([0-9]+)/([0-9]+|\*)", re.ASCII)


def answer(
    request: Request, blob: Blob, headers: Headers, validator: str | None, *, refuses_odd_ranges: bool = False
) -> Response:
    """200 with all of *blob*, 206 with the one range asked for, or 304 where `If-None-Match` names *validator*.

    *headers* are those of 200; `ETag`, which they hold, is *validator* in the dialect's spelling.
    *refuses_odd_ranges*: a range of another unit is 416 and several are 400, instead of being ignored, and a `Content-Range`
    in the request is read as a `Range`, where there is none.
    Raises HttpError 412 where `If-Match` does not name it, and 416 for a range that cannot be read or holds nothing.
    *blob* is closed unless the response takes it. Dates are not looked at, since we send none.
    """
    with ExitStack() as undo:
        undo.callback(blob.close)
        wanted, unwanted = _list(request, "if-match"), _list(request, "if-none-match")
        if wanted is not None and not preconditions.names(wanted, validator, weakly=False):
            raise HttpError(412, "The data are not those that If-Match names.")
        if unwanted is not None and preconditions.names(unwanted, validator, weakly=True):
            return Response(status=304, headers=headers)
        part = _part(request, blob.size, validator, refuses_odd=refuses_odd_ranges)
        undo.pop_all()
    if part is None:
        return Response(status=200, headers=(*headers, _ACCEPTED), blob=blob)
    content_range = ("Content-Range", f"bytes {part.first}-{part.last}/{blob.size}")
    return Response(status=206, headers=(*headers, _ACCEPTED, content_range), blob=blob, part=part)


def _part(request: Request, size_bytes: int, validator: str | None, *, refuses_odd: bool) -> Part | None:
    """The part asked for; None for everything.

    Ranges of another unit must be ignored, and several of bytes may be: their client has to understand the whole
    (RFC 9110, 14.2), and none that fetches images asks for several. `Range` has a meaning for GET alone.
    """
    text = _list(request, "range")
    if text is None and refuses_odd:
        text = _asked_by_content_range(request, size_bytes)
    if text is None or request.method != "GET":
        return None
    condition = request.header("if-range")
    if condition is not None and not preconditions.is_current(condition, validator):
        return None
    try:
        return ranges.read(text, size_bytes)
    except ranges.Several as error:
        if refuses_odd:
            raise HttpError(400, str(error)) from error
    except ranges.OtherUnit as error:
        if refuses_odd:
            raise _not_satisfiable(str(error), size_bytes) from error
    except ranges.Unsatisfiable as error:
        raise _not_satisfiable(str(error), size_bytes) from error
    return None


def _asked_by_content_range(request: Request, size_bytes: int) -> str | None:
    """The `Range` that the request's `Content-Range` stands for; None where there is none.

    Raises HttpError 416 for one that cannot be read, or that speaks of data of another size.
    """
    text = request.header("content-range")
    if text is None:
        return None
    match = _SENT_CONTENT_RANGE.fullmatch(text.strip())
    if match is None:
        raise _not_satisfiable("The Content-Range is not one that can be read.", size_bytes)
    first, last, size = match.groups()
    if size not in ("*", str(size_bytes)):
        raise _not_satisfiable(f"There are {size_bytes} bytes.", size_bytes)
    return f"bytes={first}-{last}"


def _not_satisfiable(reason: str, size_bytes: int) -> HttpError:
    return HttpError(416, reason, (("Content-Range", f"bytes */{size_bytes}"),))


def _list(request: Request, name: str) -> str | None:
    """All values sent under *name* as one list; None where there is none."""
    values = [value for key, value in request.headers if key == name]
    return ", ".join(values) if values else None
