"""A TCP proxy on loopback that cuts connections when told words pass it: what a network does at the worst moment."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Stands before a port of this machine. *cut_after*: words of a client behind which, once passed on, all is cut.

    *armed_by*: words that must have passed on the same connection before that.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_after: bytes | None = None
        self.armed_by: bytes | None = None
        self.cuts = 0
        self._lock = threading.Lock()
        self._half_closed: set[frozenset[socket.socket]] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                for ends, is_client in (((client, server), True), ((server, client), False)):
                    threading.Thread(target=self._pass, args=ends, kwargs={"is_client": is_client}, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, *, is_client: bool) -> None:
        """Pass on what comes until one end closes; whoever is second closes both."""
        is_armed = False
        try:
            while data := source.recv(65536):
                is_armed |= self.armed_by is not None and self.armed_by in data
                words = self.cut_after if is_client and (is_armed or self.armed_by is None) else None
                if words is not None and words in data:
                    self.cut_after = None
                    self.cuts += 1
                    # The client sees its end before any answer; the server reads what was sent to it, and acts on it.
                    with suppress(OSError):
                        source.shutdown(socket.SHUT_RDWR)
                sink.sendall(data)
        except OSError:
            pass
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self._lock:
            ends = frozenset((source, sink))
            is_second = ends in self._half_closed
            self._half_closed.symmetric_difference_update({ends})
        if is_second:
            source.close()
            sink.close()


@contextmanager
def before(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
