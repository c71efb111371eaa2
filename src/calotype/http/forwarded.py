"""What proxies say about the client behind them: believed from those that are listed, ignored from everybody else.

Source: docs/operate/install.md, "Behind a proxy"; RFC 7239.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from calotype.http.messages import Headers

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 -- RFC 9110's word for a name
_PAIR = re.compile(rf'[ \t]*(?:({_TOKEN})=(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*)?([;,]|$)')
_NODE = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+)(?::[0-9]{1,5})?|([0-9A-Fa-f:.]+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the client's address, and the scheme and host it used where a proxy says so."""

    client: str
    scheme: str | None = None
    host: str | None = None


class Networks:
    """Addresses and networks like 10.0.0.0/8. Raises ValueError for what is neither."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(text) for text in listed]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def lists(self, peer: str) -> bool:
        """True if *peer* is an address of theirs; a name and what is no address is none."""
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)


class Proxies:
    """The peers whose word is taken, *listed* as `Networks` has them."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._networks = Networks(listed)

    def origin(self, peer: str, headers: Headers) -> Origin:
        """Where a request of *peer* comes from; what cannot be read is as if it had not been said.

        A proxy adds itself at the end of a list, so lists are read from there: scheme and host are the last ones; the
        client is the first address, from the end, that is not a listed proxy's. What stands in front of that one anybody
        may have written.
        """
        if not self._networks or not self._networks.lists(peer):
            return Origin(peer)
        said = {name: _joined(headers, f"x-forwarded-{name}") for name in ("for", "proto", "host")}
        # One dialect a request: who fills in one of them may pass the other on as a client has sent it.
        steps = list(_parallel(said)) if any(said.values()) else _elements(_joined(headers, "forwarded"))
        scheme = _last(steps, "proto")
        return Origin(
            client=self._client(peer, [step["for"] for step in steps if "for" in step]),
            scheme=scheme.lower() if scheme is not None and scheme.lower() in ("http", "https") else None,
            host=_last(steps, "host"),
        )

    def _client(self, peer: str, nodes: Sequence[str]) -> str:
        """The last address that a listed proxy vouches for."""
        client = peer
        for node in reversed(nodes):
            address = _address(node)
            if address is None:
                break
            client = str(address)
            if not self._networks.lists(client):
                break
        return client


def _address(node: str) -> IPv4Address | IPv6Address | None:
    """The address of *node*, which may have a port; None for names, `unknown` and what is no address at all."""
    parts = _NODE.fullmatch(node)
    if parts is None:
        return None
    try:
        address = ip_address(parts[1] or parts[2] or parts[3])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _joined(headers: Headers, name: str) -> str:
    """All values sent under *name*, as one list."""
    return ",".join(value for key, value in headers if key == name)


def _parallel(said: dict[str, str]) -> Iterator[dict[str, str]]:
    """Each item of the three lists as an element of its own: their lengths need not agree."""
    for name, text in said.items():
        yield from ({name: item.strip()} for item in text.split(",") if item.strip())


def _elements(text: str) -> list[dict[str, str]]:
    """The elements of a `Forwarded` header, names in lower case; none at all if it is malformed."""
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            return []
        name, plain, quoted, end = pair.groups()
        if name is not None:
            elements[-1][name.lower()] = re.sub(r"\\(.)", r"\1", quoted) if plain is None else plain
        if end == ",":
            elements.append({})
        at = pair.end()
    return elements


def _last(steps: Iterable[dict[str, str]], name: str) -> str | None:
    found = [step[name] for step in steps if name in step]
    return found[-1] if found else None
