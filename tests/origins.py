"""A web server of the tests' own, honest or not, for what the service fetches from elsewhere."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(kw_only=True)
class Page:
    """What is at a path. *declared*: the length its answers name, if not that of *data*; None: none (chunked).

    *redirect*: where its client is sent instead. *status*: of answers with everything. *fails*: so many answers break off
    in the middle first. *held*: answers stop half way until it is set.
    """

    data: bytes = b""
    declared: int | None = -1
    knows_head: bool = True
    knows_ranges: bool = True
    etag: str | None = None
    redirect: str | None = None
    status: int = 200
    fails: int = 0
    held: threading.Event | None = None


@dataclass
class Origin:
    """*asked*: method, path and headers of each request so far, the names in lower case."""

    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    scheme: str = "http"

    def put(self, path: str, data: bytes = b"", *, host: str = "127.0.0.1", **telling: Any) -> str:
        """The URL of a page that is there from now on."""
        self.pages[path] = Page(data=data, **telling)
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]


@contextmanager
def running(certificate: Any = None) -> Iterator[Origin]:
    """An origin on loopback; *certificate*: with `file` and `key`, for https."""
    origin = Origin(0)

    class Handler(_Handler):
        served = origin

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        origin.port = server.server_address[1]
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate.file, certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            origin.scheme = "https"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield origin
        finally:
            for page in origin.pages.values():
                if page.held is not None:
                    page.held.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Origin

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: Any) -> None:
        """Said to nobody."""

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def _answer(self, *, with_body: bool) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.served.asked.append((self.command, self.path, headers))
        page = self.served.pages.get(self.path, Page(status=404, data=b"no"))
        if not with_body and not page.knows_head:
            page = Page(status=405)
        if page.redirect is not None:
            self._begin(302, {"Location": page.redirect, "Content-Length": "0"})
            return
        status, data, said = page.status, page.data, {}
        if page.etag is not None:
            said["ETag"] = page.etag
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if asked is not None and page.knows_ranges and status == 200:
            first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
            status, said["Content-Range"] = 206, f"bytes {first}-{last}/{len(data)}"
            data = data[first : last + 1]
            said["Content-Length"] = str(len(data))
        elif page.declared is not None:
            said["Content-Length"] = str(len(data) if page.declared == -1 else page.declared)
        else:
            said["Connection"] = "close"
        self._begin(status, said)
        if with_body:
            self._send(page, data)

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, page: Page, data: bytes) -> None:
        if page.fails:
            page.fails -= 1
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        if page.held is not None:
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            page.held.wait(60)
            data = data[len(data) // 2 :]
        self.wfile.write(data)
        if len(data) < page.declared if page.declared is not None else True:
            self.close_connection = True


@contextmanager
def saying(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does *answer* to each connection, one after the other, and closes it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
