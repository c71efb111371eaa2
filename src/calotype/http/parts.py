"""A blob as a request wants it: whole, a part of it, or nothing since the client has it. Source: RFC 9110, 13.2.2 and 14.2."""

from contextlib import ExitStack

from calotype.domain import preconditions, ranges
from calotype.domain.ranges import Part
from calotype.http.errors import HttpError
from calotype.http.messages import Blob, Headers, Request, Response

_ACCEPTED = ("Accept-Ranges", "bytes")


def answer(request: Request, blob: Blob, headers: Headers, validator: str | None) -> Response:
    """200 with all of *blob*, 206 with the one range asked for, or 304 where `If-None-Match` names *validator*.

    *headers* are those of 200; `ETag`, which they hold, is *validator* in the dialect's spelling.
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
        part = _part(request, blob.size, validator)
        undo.pop_all()
    if part is None:
        return Response(status=200, headers=(*headers, _ACCEPTED), blob=blob)
    content_range = ("Content-Range", f"bytes {part.first}-{part.last}/{blob.size}")
    return Response(status=206, headers=(*headers, _ACCEPTED, content_range), blob=blob, part=part)


def _part(request: Request, size_bytes: int, validator: str | None) -> Part | None:
    """The part asked for; None for everything.

    Ranges of another unit must be ignored, and several of bytes may be: their client has to understand the whole
    (RFC 9110, 14.2), and none that fetches images asks for several. `Range` has a meaning for GET alone.
    """
    text = _list(request, "range")
    if text is None or request.method != "GET":
        return None
    condition = request.header("if-range")
    if condition is not None and not preconditions.is_current(condition, validator):
        return None
    try:
        return ranges.read(text, size_bytes)
    except (ranges.OtherUnit, ranges.Several):
        return None
    except ranges.Unsatisfiable as error:
        raise HttpError(416, str(error), (("Content-Range", f"bytes */{size_bytes}"),)) from error


def _list(request: Request, name: str) -> str | None:
    """All values sent under *name* as one list; None where there is none."""
    values = [value for key, value in request.headers if key == name]
    return ", ".join(values) if values else None
