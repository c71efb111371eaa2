"""Where the service may be sent by a URL: which spellings it understands, and which addresses it connects to.

A URL that a user names could lead to the service's own neighbours. So a URL has one reading or none, names are resolved
once, and only an address that was judged here is connected to. Sources: docs/design/0010-locations.md; OSSA-2026-004;
IANA's registries of special-purpose IPv4 and IPv6 addresses.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urljoin

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: The port of each scheme there is, where a URL names none.
PORTS = {"http": 80, "https": 443}

MOST_URL_CHARACTERS = 2048


class Forbidden(Exception):
    """A URL is not one to follow. The text is for the log: callers are told the same whatever the reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL says: *host* in lower case without a dot at its end; *path* with its query, as it is sent.

    *address*: the host itself, if that is one. *has_port*: the port stood in the URL.
    """

    scheme: str
    host: str
    port: int
    path: str
    has_port: bool
    address: Address | None = None

    @property
    def authority(self) -> str:
        """Host and port as the header `Host` has them."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which targets may be connected to. Of an allowed and a disallowed list the disallowed one counts if the other is empty.

    *private_networks*: of addresses that are not the Internet's, these may be connected to.
    """

    allowed_schemes: tuple[str, ...] = ("http", "https")
    disallowed_schemes: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    disallowed_hosts: tuple[str, ...] = ()
    allowed_ports: tuple[int, ...] = (80, 443)
    disallowed_ports: tuple[int, ...] = ()
    private_networks: tuple[Network, ...] = ()

    def check(self, target: Target) -> None:
        """Raises Forbidden for a scheme, host or port that is not allowed, before anything is asked of anybody."""
        if not _passes(target.scheme, self.allowed_schemes, self.disallowed_schemes):
            raise Forbidden("its scheme is not allowed")
        if target.has_port and not _passes(target.port, self.allowed_ports, self.disallowed_ports):
            raise Forbidden("its port is not allowed")
        if not _passes(target.host, _names(self.allowed_hosts), _names(self.disallowed_hosts)):
            raise Forbidden("its host is not allowed")

    def judged(self, target: Target, addresses: Iterable[str]) -> list[Address]:
        """Those of the *addresses* of the target's host that may be connected to, in their order. Raises Forbidden for none."""
        found = [ip_address(text) for text in addresses]
        if target.host not in _names(self.allowed_hosts):
            found = [address for address in found if self._may_reach(address)]
        if not found:
            raise Forbidden("its host has no address that may be connected to")
        return found

    def _may_reach(self, address: Address) -> bool:
        if not self.allowed_hosts and str(address) in _names(self.disallowed_hosts):
            return False
        if is_global(address):
            return True
        return not _is_disguise(address) and any(address in network for network in self.private_networks)


def read(url: str) -> Target:
    """What *url* says. Raises Forbidden for a URL that is not http or https, or that two readers could read in two ways.

    User and password are refused: they would be kept and shown. So is every spelling of an IP address but the canonical one.
    """
    match = _URL.fullmatch(url) if len(url) <= MOST_URL_CHARACTERS else None
    if match is None:
        raise Forbidden("it is no URL that has one reading")
    scheme = match["scheme"].lower()
    if scheme not in PORTS:
        raise Forbidden("its scheme is not http or https")
    host, address = _read_host(match["host"])
    port = int(match["port"] or PORTS[scheme])
    if not 0 < port < 1 << 16:
        raise Forbidden("its port is none")
    path = (match["path"] or "/") + (match["query"] or "")
    return Target(scheme, host, port, path, match["port"] is not None, address)


def scheme_of(url: str) -> str:
    """The scheme of any URL in lower case; '' where there is none."""
    scheme, colon, _ = url.partition(":")
    return scheme.lower() if colon else ""


def read_redirect(target: Target, location: str) -> Target:
    """Where *target* sends its client to. Raises Forbidden as `read` does, and for a way from https back to http."""
    base = f"{target.scheme}://{target.authority}{target.path}"
    try:
        joined = urljoin(base, location)
    except ValueError as error:
        raise Forbidden("it redirects to no URL") from error
    there = read(joined)
    if (target.scheme, there.scheme) == ("https", "http"):
        raise Forbidden("it redirects from https to http")
    return there


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as an operator writes them. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def is_global(address: Address) -> bool:
    """True for an address of the Internet at large, one host's own; the same on every release of Python."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_GLOBAL_4)
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_GLOBAL_6)


def _passes(value: object, allowed: Iterable[object], disallowed: Iterable[object]) -> bool:
    return value in allowed if allowed else value not in disallowed


def _names(hosts: Iterable[str]) -> frozenset[str]:
    """*hosts*, as an operator spells them, as `Target.host` has them."""
    return frozenset(map(_name, hosts))


def _name(host: str) -> str:
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return host.lower().removesuffix(".")


def _read_host(text: str) -> tuple[str, Address | None]:
    """The host in lower case, and the address it is."""
    host = text.lower()
    if host.startswith("["):
        return _read_v6(host[1:-1])
    host = host.removesuffix(".")
    if not _NAME.fullmatch(host) or len(host) > _LONGEST_NAME:
        raise Forbidden("its host is no name and no address")
    # A name whose last label is a number would be read as an address by some (127.1, 0x7f.1, 017700000001).
    if _NUMBER.fullmatch(host.rpartition(".")[2]) is None:
        return host, None
    try:
        return host, IPv4Address(host)
    except ValueError as error:
        raise Forbidden("its host is an IPv4 address in another spelling than the canonical one") from error


def _read_v6(text: str) -> tuple[str, Address]:
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise Forbidden("its host is no IPv6 address") from error
    if text != str(address):
        raise Forbidden("its host is an IPv6 address in another spelling than the canonical one")
    return text, address


def _is_disguise(address: Address) -> bool:
    """True for an IPv6 address that stands for an IPv4 one, which somebody on the way would put in its place."""
    return isinstance(address, IPv6Address) and any(address in network for network in _DISGUISES)


_LONGEST_NAME = 253

#: No user, no backslash, no blank, nothing beyond ASCII, no '%' in the host.
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[!$-;=@-\[\]_a-z~]*)?(?P<query>\?[!$-;=?@-\[\]_a-z~]*)?(?P<fragment>#[!$-;=?@-\[\]_a-z~]*)?",
    re.ASCII,
)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

_NOT_GLOBAL_4 = read_networks(
    (
        "0.0.0.0/8",  # this network, and "any address"
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; metadata services of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

#: All that is given out; what is outside is loopback, link-local, site-local, multicast, private, or nobody's.
_GLOBAL_6 = IPv6Network("2000::/3")

_NOT_GLOBAL_6 = read_networks(
    (
        "2001::/23",  # protocols, among them Teredo with an IPv4 address inside
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)

_DISGUISES = read_networks(
    ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
