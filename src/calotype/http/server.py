"""The server on a socket that listens already: accepting, and the end of it."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from calotype.http.door import Door
from calotype.http.options import HttpOptions
from calotype.http.protocol import Connection

__all__ = ["HttpOptions", "serve"]

#: Connections that wait to be accepted; the kernel cuts it to its own limit.
BACKLOG = 1024

#: Connections taken in one turn of the loop. asyncio takes as many as its backlog, which among several workers gives the
#: first one to wake all clients that come together, for as long as they stay. Measured: docs/design/0001-processes.md.
TAKEN_AT_ONCE = 1


async def serve(
    listener: socket.socket,
    door: Door,
    options: HttpOptions,
    *,
    tls: ssl.SSLContext | None = None,
    stop: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    """Answer on *listener* until *stop* is set, then end as `drain` says. *ready* is called once connections are taken.

    With *tls* a client has `header_timeout_s` for its handshake; one that fails in it ends its connection, unlogged.
    """
    loop = asyncio.get_running_loop()
    connections = _Connections(door, options, loop)
    server = await loop.create_server(
        connections,
        sock=listener,
        backlog=TAKEN_AT_ONCE,
        ssl=tls,
        # asyncio takes neither of them without TLS, nor a zero.
        ssl_handshake_timeout=max(options.header_timeout_s, 0.01) if tls else None,
        ssl_shutdown_timeout=max(options.linger_s, 0.01) if tls else None,
    )
    # asyncio has told the kernel its own backlog.
    listener.listen(BACKLOG)
    try:
        ready()
        await stop.wait()
    finally:
        server.close()
        await _drain(connections, options)


async def _never_called(request: web.BaseRequest) -> web.StreamResponse:
    """aiohttp's server wants a handler of its own kind; our connections ask the door instead."""
    raise NotImplementedError


class _Connections(web.Server):
    """Makes the connections and knows those that live."""

    def __init__(self, door: Door, options: HttpOptions, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_never_called, loop=loop)
        self._door = door
        self._options = options

    def __call__(self) -> Connection:
        return Connection(self, self._door, self._options, self._loop)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._door.meter.connections(+1)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        self._door.meter.connections(-1)
        super().connection_lost(handler, exc)

    def living(self) -> list[Connection]:
        return [connection for connection in self.connections if isinstance(connection, Connection)]


async def _drain(connections: _Connections, options: HttpOptions) -> None:
    """Let requests under way end in `drain_timeout_s`, then have uploads give up, then hang up on everybody."""
    await _gone(connections, options.drain_timeout_s)
    for connection in connections.living():
        connection.stop()
    await _gone(connections, options.give_up_timeout_s)
    for connection in connections.living():
        connection.abandon()
    await _gone(connections, options.give_up_timeout_s)


async def _gone(connections: _Connections, timeout_s: float) -> None:
    """Wait until no connection lives, at most *timeout_s*; none takes another request meanwhile."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while (living := connections.living()) and loop.time() < deadline:
        # At every look: one that was accepted before the end may come about, with its handshake made, only now.
        for connection in living:
            connection.retire()
        await asyncio.sleep(0.02)
