"""Names of hosts as the system resolves them."""

import socket

from calotype.domain.errors import Broken


def resolve(host: str, port: int) -> list[str]:
    """The addresses of *host*, which may be one itself, each once, in the system's order. Raises Broken."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Broken("The host of a URL has no address.") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
