"""One request to one address, and its answer as it comes in."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from typing import Protocol

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from calotype.domain.addresses import Address, Target
from calotype.domain.errors import Broken

#: For a connection to come about, and for each answer of its partner until TLS is agreed on.
CONNECT_S = 5.0

#: In which TLS must be agreed on and an answer's head have come, whoever sends it crumb by crumb.
HEAD_S = 10.0

#: In which the next `read` must be satisfied: a MiB of it is a line of 140 kbit/s.
STEP_S = 60.0

_USER_AGENT = "Calotype"


class Reply(Protocol):
    """An answer whose head is here. It must be closed."""

    @property
    def status(self) -> int: ...

    def header(self, name: str) -> str | None:
        """The value under *name*, several joined by commas; None where there is none."""
        ...

    def read(self, length: int) -> bytes:
        """The next *length* bytes of the body, or as many as there are. Raises Broken, also where STEP_S is over."""
        ...

    def cut(self) -> None:
        """Have a `read` that another thread waits for raise Broken."""
        ...

    def close(self) -> None: ...


def send(method: str, target: Target, address: Address, headers: Mapping[str, str], trusting: ssl.SSLContext) -> Reply:
    """The answer of *address* to a request without body for *target*, once its head is here; *trusting* verifies certificates.

    Raises Broken, which says of no failure more than of another, after CONNECT_S and HEAD_S at the latest.
    """
    with ExitStack() as undo, _translated():
        plain = socket.create_connection((str(address), target.port), CONNECT_S)
        undo.callback(plain.close)
        cutter = _Cutter(plain)
        undo.callback(cutter.close)
        with cutter.after(HEAD_S):
            sock = trusting.wrap_socket(plain, server_hostname=target.host) if target.scheme == "https" else plain
            undo.callback(sock.close)
            response = _ask(sock, method, target, headers)
        undo.pop_all()
    return _Reply(sock, response, cutter)


def _ask(sock: socket.socket, method: str, target: Target, headers: Mapping[str, str]) -> BaseHTTPResponse:
    """Nothing in what is sent comes from the request that made us ask, no token above all."""
    connection = HTTPConnection(target.host, target.port, timeout=HEAD_S)
    # Connected already, to the address that was judged and to no other.
    connection.sock = sock
    ours = {"Host": target.authority, "User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    every = {**ours, "Connection": "close", **headers}
    connection.request(method, target.path, headers=every, preload_content=False, decode_content=False)
    response = connection.getresponse()
    sock.settimeout(STEP_S)
    return response


class _Reply:
    def __init__(self, sock: socket.socket, response: BaseHTTPResponse, cutter: "_Cutter") -> None:
        self._sock = sock
        self._response = response
        self._cutter = cutter

    @property
    def status(self) -> int:
        return self._response.status

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    def read(self, length: int) -> bytes:
        with _translated(), self._cutter.after(STEP_S):
            return self._response.read(length) if length else b""

    def cut(self) -> None:
        self._cutter.cut()

    def close(self) -> None:
        # Cut first: a body that nobody wants any more is not waited for.
        self._cutter.close()
        with suppress(OSError, HTTPError):
            self._response.close()
        self._sock.close()


class _Cutter:
    """Cuts a connection whose time is over: time-outs of a socket begin anew with each byte that arrives."""

    def __init__(self, sock: socket.socket) -> None:
        # Another descriptor of the same connection: TLS takes the first one for itself.
        self._same = sock.dup()
        self._has_cut = False

    @contextmanager
    def after(self, seconds: float) -> Iterator[None]:
        """Cuts if the block takes longer, which raises Broken then, whatever it made of that."""
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        if self._has_cut:
            raise Broken(_UNREADABLE)

    def cut(self) -> None:
        self._has_cut = True
        with suppress(OSError):
            self._same.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        self._same.close()


_UNREADABLE = "What a URL leads to cannot be read at the moment."


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever goes wrong on the way as Broken, the foreign error its cause, for the log only."""
    try:
        yield
    except (HTTPError, HTTPException, OSError, ValueError) as error:  # ValueError: heads that cannot be one
        raise Broken(_UNREADABLE) from error
