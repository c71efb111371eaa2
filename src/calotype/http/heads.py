"""The head of a request: from what the parser took apart to what handlers get, and what is wrong with it.

A head can always be read; what is wrong stands in `problem`, so that the refusal is written by the face it was meant for.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from aiohttp.http_parser import RawRequestMessage

from calotype.domain.callers import Caller
from calotype.http import request_ids
from calotype.http.errors import HttpError
from calotype.http.forwarded import Proxies
from calotype.http.messages import Headers, Request
from calotype.http.options import HttpOptions

#: A size beyond fits no column and no file.
LONGEST_BODY = (1 << 63) - 1

_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)([^?#]*)(.*)", re.IGNORECASE)


class Peer(Protocol):
    """Who is at the other end of a connection, and where it has reached us."""

    @property
    def client(self) -> str: ...

    @property
    def scheme(self) -> str: ...

    @property
    def own_host(self) -> str: ...


@dataclass(slots=True, kw_only=True)
class Head:
    """A request without its body. *path* and *raw_query* as sent; *problem*: why it must be refused, or None.

    *client*: the address the request comes from, behind proxies that are believed.
    """

    method: str
    path: str
    raw_query: str
    headers: Headers
    request_id: str
    base_url: str
    client: str
    has_body: bool
    declared_length: int | None
    is_encoded: bool
    expects_continue: bool
    is_last: bool
    knows_persistence: bool
    problem: HttpError | None

    def request(self, prefix: str) -> Request:
        """What a face whose *prefix* was found is given: nothing of the body yet, and no caller."""
        return Request(
            method=self.method,
            path=self.path[len(prefix) :],
            raw_query=self.raw_query,
            headers=self.headers,
            request_id=self.request_id,
            base_url=self.base_url,
            prefix=prefix,
            has_body=self.has_body,
            declared_length=self.declared_length,
            client=self.client,
        )


def with_parts(request: Request, params: dict[str, str], body: bytes, caller: Caller | None) -> Request:
    """*request* with what was found out after its head was read. (`dataclasses.replace` takes four times as long.)"""
    return Request(
        method=request.method,
        path=request.path,
        raw_query=request.raw_query,
        headers=request.headers,
        request_id=request.request_id,
        base_url=request.base_url,
        prefix=request.prefix,
        params=params,
        has_body=request.has_body,
        declared_length=request.declared_length,
        client=request.client,
        body=body,
        caller=caller,
    )


def read(message: RawRequestMessage, options: HttpOptions, proxies: Proxies, peer: Peer) -> Head:
    """The head of *message*, which came from *peer*, one of *proxies* perhaps."""
    problems: list[HttpError] = []
    headers = _read_headers(message, options, problems)
    last = dict(headers)
    path, raw_query, host = _read_target(message, last.get("host"), problems)
    host = _checked_host(host, peer.own_host, problems)
    origin = proxies.origin(peer.client, headers)
    if origin.host is not None and _HOST.fullmatch(origin.host):
        host = origin.host
    if message.version not in ((1, 0), (1, 1)):
        problems.insert(0, HttpError(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.", close=True))
    declared_length = _read_length(last.get("content-length"), problems)
    if message.chunked and last["transfer-encoding"].lower() != "chunked":
        problems.append(HttpError(501, "The only transfer coding understood is chunked.", close=True))
    return Head(
        method=message.method,
        path=path,
        raw_query=raw_query,
        headers=headers,
        request_id=_read_request_id(last.get("x-openstack-request-id"), problems),
        base_url=options.public_endpoint or f"{origin.scheme or peer.scheme}://{host}",
        client=origin.client,
        has_body=message.chunked or bool(declared_length),
        declared_length=declared_length,
        is_encoded=last.get("content-encoding", "identity").lower() not in ("identity", ""),
        expects_continue=_read_expectation(last.get("expect"), message, problems),
        # After an offer to change the protocol the parser no longer reads what follows.
        is_last=message.should_close or message.upgrade,
        knows_persistence=message.version >= (1, 1),
        problem=problems[0] if problems else None,
    )


def _read_headers(message: RawRequestMessage, options: HttpOptions, problems: list[HttpError]) -> Headers:
    """All headers as text; the parser has refused control characters in values and anything odd in names."""
    size = 0
    headers = []
    for raw_name, raw_value in message.raw_headers:
        size += len(raw_name) + len(raw_value) + 4
        name = raw_name.decode("latin-1").lower()
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode(errors="replace")
            problems.append(HttpError(400, f"The value of the header {name} is not UTF-8."))
        headers.append((name, value))
    if size > options.headers_max_bytes:
        problems.append(HttpError(431, f"The headers are longer than {options.headers_max_bytes} bytes together."))
    return tuple(headers)


def _read_target(
    message: RawRequestMessage, host: str | None, problems: list[HttpError]
) -> tuple[str, str, str | None]:
    """Raw path, raw query and host. A host in the target goes before the header (RFC 9112, 3.2.2)."""
    target = message.path
    if not target.startswith("/"):
        whole = _ABSOLUTE.fullmatch(target)
        # `OPTIONS *` and `CONNECT host:port` are refused for their method whatever they name.
        host, target = (whole[1], (whole[2] or "/") + whole[3]) if whole else (host, "/")
    if "#" in target:
        problems.append(HttpError(400, "A request target has no fragment."))
    path, _, raw_query = target.partition("?")
    return path, raw_query, host


def _checked_host(host: str | None, own_host: str, problems: list[HttpError]) -> str:
    """*own_host* stands in where HTTP/1.0 names no host."""
    if host is None:
        return own_host
    if _HOST.fullmatch(host) is None:
        problems.append(HttpError(400, "The Host header names no host."))
        return own_host
    return host


def _read_length(text: str | None, problems: list[HttpError]) -> int | None:
    """The parser lets only digits pass, and one header."""
    if text is None:
        return None
    length = int(text) if len(text) < 100 else LONGEST_BODY + 1
    if length > LONGEST_BODY:
        problems.append(HttpError(400, "The Content-Length is beyond 63 bits.", close=True))
    return length


def _read_expectation(text: str | None, message: RawRequestMessage, problems: list[HttpError]) -> bool:
    """True for a client that waits for `100 Continue`; HTTP/1.0 knows no expectations."""
    if text is None or message.version < (1, 1):
        return False
    if text.lower() != "100-continue":
        problems.append(HttpError(417, "The only expectation understood is 100-continue.", close=True))
    return True


def _read_request_id(sent: str | None, problems: list[HttpError]) -> str:
    try:
        return request_ids.adopt(sent)
    except HttpError as error:
        problems.append(error)
        return request_ids.new()
