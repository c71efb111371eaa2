"""A web worker: one event loop and its threads, on the socket that the parent opened."""

import asyncio
import logging
import os
import signal
import socket
import ssl

from calotype import app
from calotype.config import Settings
from calotype.domain.errors import Broken
from calotype.http import server
from calotype.http.door import Door
from calotype.metrics.node import Seat
from calotype.processes.exits import Exit

log = logging.getLogger(__name__)


def run(
    settings: Settings, listener: socket.socket, tls: ssl.SSLContext | None, seat: Seat, *, ready: int, parent: int
) -> int:
    """Answer until SIGTERM, or until the parent is gone, and give the exit code.

    *seat*: where it counts. *ready* is a descriptor that gets a byte once connections are accepted; *parent* one that ends when the parent does.
    """
    try:
        with app.open_door(settings, seat) as door:
            asyncio.run(_serve(settings, listener, tls, door, ready, parent))
    except Broken as error:
        log.critical("cannot start: %s", error)
        return Exit.STORE
    return Exit.OK


async def _serve(
    settings: Settings, listener: socket.socket, tls: ssl.SSLContext | None, door: Door, ready: int, parent: int
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)

    def note_end_of_parent() -> None:
        loop.remove_reader(parent)
        stop.set()

    loop.add_reader(parent, note_end_of_parent)
    await server.serve(listener, door, settings.http, tls=tls, stop=stop, ready=lambda: _say_ready(ready))
    _ignore_further_signals(loop)


def _ignore_further_signals(loop: asyncio.AbstractEventLoop) -> None:
    """A closing loop closes the pipe that signals wake it by before it lets go of them: one more SIGTERM would complain."""
    loop.remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _say_ready(ready: int) -> None:
    os.write(ready, b"1")
