"""The socket that all workers accept on."""

import socket

from calotype.processes.exits import CannotStart, Exit

#: Connections that wait to be accepted; the kernel cuts it to its own limit.
BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at *host* and *port*; workers inherit it.

    Not SO_REUSEPORT: with it a second server on a busy port would start silently and get half of the connections.
    Raises CannotStart when the address is taken, unknown or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise CannotStart(Exit.PORT, f"The host {host!r} is unknown: {error}.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotStart(Exit.PORT, f"Cannot listen at {host} port {port}: {error.strerror}.") from error
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket, scheme: str) -> str:
    """A URL at which this machine reaches *listener*; one that listens everywhere is reached by loopback."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared with, not listened at
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
