"""A request as handlers get it and the answers they may give; plain values, no event loop."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import msgspec

from calotype.domain.callers import Caller
from calotype.domain.ranges import Part

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, its small body read already.

    *path*: the path below the face's prefix as sent, still percent-encoded, beginning with '/' or empty.
    *params*: the parts of the path that the route names, percent-decoded.
    *raw_query*: what stands behind '?', percent-encoded.
    *headers*: names in lower case, values as UTF-8 text, in order, repeated ones kept.
    *has_body*: a body was announced by Content-Length > 0 or Transfer-Encoding.
    *declared_length*: Content-Length, or None where none was sent.
    *body*: the whole body of routes that want one in memory; b"" for the others.
    *base_url*: scheme and host under which the client reached us, without trailing slash.
    *client*: the address the request comes from, behind proxies that are believed.
    *caller*: who asks; only where the face asks for proof of identity, else None.
    """

    method: str
    path: str
    raw_query: str
    headers: Headers
    request_id: str
    base_url: str
    prefix: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    has_body: bool = False
    declared_length: int | None = None
    client: str = ""
    body: bytes = b""
    caller: Caller | None = None

    def header(self, name: str) -> str | None:
        """The last value sent under *name* (lower case), or None."""
        for key, value in reversed(self.headers):
            if key == name:
                return value
        return None

    @property
    def media_type(self) -> str:
        """What `Content-Type` says, in lower case and without parameters; "" where nothing was sent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def proven_caller(self) -> Caller:
        """The caller, in handlers of a face that asks for proof of identity; elsewhere a bug, and RuntimeError."""
        if self.caller is None:
            raise RuntimeError("this face asks nobody who they are")
        return self.caller


class Blob(Protocol):
    """Bytes at rest, open for reading; `close` is called once."""

    @property
    def size(self) -> int: ...

    def read(self, first: int, length: int) -> bytes: ...

    def file(self) -> BinaryIO | None: ...

    def close(self) -> None: ...


class Sink(Protocol):
    """Where a large body goes; its methods are called on threads, one at a time.

    At the end exactly one of `finish` and `give_up` is called, unless `write` has raised: then the sink has cleaned up.
    """

    def write(self, step: bytes) -> None: ...

    def finish(self) -> Any: ...

    def give_up(self, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer, or one whose body leaves from a blob: all of it, or *part*."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    blob: Blob | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Receive:
    """The handler has checked everything it can: take the request's body into *sink*, then answer with *then(result)*.

    Only now is `100 Continue` sent. The sink's `finish` gives the result; an error from `write` or `finish` is answered by
    the face like any other, after the sink has cleaned up by itself; a body that breaks off ends in `give_up`.
    """

    sink: Sink
    then: Callable[[Any], Response]


#: What image data are sent as, in either direction.
OCTETS = "application/octet-stream"


def json_response(value: Any, status: int = 200, headers: Headers = (), *, names_charset: bool = True) -> Response:
    """*value* as JSON in Python's default layout: one line, ', ' and ': ' between, non-ASCII escaped.

    *names_charset*: the type says that it is UTF-8, which JSON always is; some dialects always did.
    """
    of_type = _JSON_TYPE if names_charset else _BARE_JSON_TYPE
    return Response(status=status, headers=(*of_type, *headers), body=json_bytes(value))


_JSON_TYPE: Headers = (("Content-Type", "application/json; charset=UTF-8"),)
_BARE_JSON_TYPE: Headers = (("Content-Type", "application/json"),)


def json_bytes(value: Any) -> bytes:
    """Plain *value* (dict, list, str, int, bool, None) as `json.dumps(value)` writes it, byte for byte.

    msgspec does a page of 25 images in a quarter of the time, but leaves what is not printable ASCII as it is.
    """
    encoded = msgspec.json.format(msgspec.json.encode(value), indent=0)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return json.dumps(value).encode("ascii")
