"""Requests to what stands before the nodes, one a connection; what was not answered whole is an answer too."""

import http.client
import json
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from content import MIB, Comparison

#: Longer than any request of these tests takes, on a machine that has much else to do.
PATIENCE_S = 120

TROUBLES = (OSError, http.client.HTTPException)


@dataclass
class Reply:
    """*status* None: nothing came, or not all of it. *began*, *ended*: on the monotonic clock."""

    status: int | None
    began: float
    ended: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received: int = 0
    trouble: str = ""

    @property
    def is_settled(self) -> bool:
        """False if what was asked for may have been done or not."""
        return self.status is not None and self.status < 500

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Front:
    """Where clients ask: nginx, or a node itself (*trusting* None)."""

    port: int
    trusting: ssl.SSLContext | None = None

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = {},
        body: bytes | Iterable[bytes] | None = None,
        *,
        compared: Comparison | None = None,
        limit: int | None = None,
    ) -> Reply:
        """*body* that is no `bytes` goes out chunked, unless a header says its length. *compared* takes the body of a 2xx,
        of which after *limit* bytes no more is read."""
        reply = Reply(None, time.monotonic())
        connection = self._connection()
        try:
            self._send(connection, method, path, dict(headers), body, reply)
            response = connection.getresponse()
            reply.headers = {name.lower(): value for name, value in response.headers.items()}
            self._receive(response, reply, compared, limit)
            reply.status = response.status
        except TROUBLES as error:
            reply.trouble += f"{type(error).__name__}: {error}"
        finally:
            with suppress(OSError):
                connection.close()
        reply.ended = time.monotonic()
        return reply

    def _connection(self) -> http.client.HTTPConnection:
        if self.trusting is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S, context=self.trusting)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | Iterable[bytes] | None,
        reply: Reply,
    ) -> None:
        """A server that refuses before it has all may have said so already: then its answer is read."""
        if body is not None and not isinstance(body, bytes) and "content-length" not in headers:
            headers["transfer-encoding"] = "chunked"
        try:
            is_chunked = "transfer-encoding" in headers
            connection.request(method, quote(path, safe="/?=&,%:"), body, headers, encode_chunked=is_chunked)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError) as error:
            reply.trouble = f"while sending, {type(error).__name__}; "
            if connection.sock is None:
                raise
            # http.client waits for a request that is whole, and it will not be.
            connection._HTTPConnection__state = "Request-sent"  # type: ignore[attr-defined]

    def _receive(
        self, response: http.client.HTTPResponse, reply: Reply, compared: Comparison | None, limit: int | None
    ) -> None:
        if compared is None or response.status not in (200, 206):
            reply.body = response.read()
            return
        while step := response.read(MIB):
            compared.take(step)
            reply.received += len(step)
            if limit is not None and reply.received >= limit:
                return
        # http.client's `read(n)` takes an early end of the connection for the end of the body.
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
