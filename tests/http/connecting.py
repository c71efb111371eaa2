"""One request on a connection of its own, from Python, for what a story cannot say."""

import hashlib
import http.client
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from servers import Answer


@dataclass(frozen=True)
class Client:
    """The application at a port; *caller* is one of `CALLERS`, whose token spells its name."""

    answers: ClassVar[type[Answer]] = Answer
    port: int

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        caller: str = "me",
    ) -> Answer:
        """A body that is no `bytes` goes out chunked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {"x-auth-token": caller, **(headers or {})}
            chunked = body is not None and not isinstance(body, bytes)
            if chunked:
                sent["transfer-encoding"] = "chunked"
            connection.request(method, path, body, {k: v.encode() for k, v in sent.items()}, encode_chunked=chunked)
            response = connection.getresponse()
            return self.answers(response.status, response.headers, response.read())
        finally:
            connection.close()


def read_answer(sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name and body of an answer as it came, to the last byte."""
    top, _, body = sent.partition(b"\r\n\r\n")
    status_line, *fields = top.decode("latin-1").split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    return int(status_line.split()[1]), {name.lower(): value for name, value in headers.items()}, body


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def wait_for(holds: Callable[[], bool]) -> None:
    """Returns when it holds; fails if it does not within half a minute."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
