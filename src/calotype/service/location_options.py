"""What an operator may set about data at URLs; docs/operate/configure.md has the same rows for readers."""

from dataclasses import dataclass

from calotype.domain.addresses import Filter, read_networks
from calotype.domain.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationOptions:
    """Whether images may have their data at URLs, and where these may lead. Source: docs/design/0010-locations.md."""

    http_locations: bool = False
    """Let images have their data at http and https URLs, which are read and never written: the store `http`."""
    show_multiple_locations: bool = False
    """Show where an image's data are to everybody who sees it, and let its owner change that: not for an endpoint of users."""
    show_image_direct_url: bool = False
    """Show the first of these places as direct_url: not for an endpoint of users."""
    location_quota: int = 10
    """Locations an image may have; negative: any number."""
    do_secure_hash: bool = True
    """Read and digest what a location that is added holds; False: what its client says is believed."""
    http_retries: int = 3
    """Times that reading such data is tried again before the digest is given up."""
    location_hashes_max: int = 4
    """Locations that a worker digests at once; more are answered with 429."""
    fetch_waits_max: int = 2
    """Calls of a worker that wait for a host elsewhere at once, each with one of short_threads; more are answered with 429."""
    fetch_reads_max: int = 4
    """Downloads of data at URLs that a worker has under way at once; more are answered with 429. A slow origin may hold one of step_threads each."""
    fetch_allowed_schemes: tuple[str, ...] = ("http", "https")
    """Schemes a URL may have; none: all but the disallowed ones, and never others than http and https."""
    fetch_disallowed_schemes: tuple[str, ...] = ()
    """Schemes a URL may not have, where none are allowed by name."""
    fetch_allowed_hosts: tuple[str, ...] = ()
    """Hosts a URL may name, and these with any address, the machine itself included; none: all but the disallowed ones."""
    fetch_disallowed_hosts: tuple[str, ...] = ()
    """Hosts, and addresses of hosts, that a URL may not lead to, where none are allowed by name."""
    fetch_allowed_ports: tuple[int, ...] = (80, 443)
    """Ports a URL may name; none: all but the disallowed ones. A URL that names no port passes."""
    fetch_disallowed_ports: tuple[int, ...] = ()
    """Ports a URL may not name, where none are allowed by number."""
    fetch_private_networks: tuple[str, ...] = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    """Networks that are not the Internet's and may be connected to all the same; loopback and link-local are none of them."""

    def __post_init__(self) -> None:
        """Raises Invalid for a network or a port that is none."""
        try:
            read_networks(self.fetch_private_networks)
        except ValueError as error:
            raise Invalid("fetch_private_networks", self.fetch_private_networks, str(error)) from error
        for name in ("fetch_allowed_ports", "fetch_disallowed_ports"):
            if not all(0 < port < 1 << 16 for port in getattr(self, name)):
                raise Invalid(name, getattr(self, name), "not ports from 1 to 65535")

    def judge(self) -> Filter:
        """Where a URL may lead."""
        return Filter(
            allowed_schemes=self.fetch_allowed_schemes,
            disallowed_schemes=self.fetch_disallowed_schemes,
            allowed_hosts=self.fetch_allowed_hosts,
            disallowed_hosts=self.fetch_disallowed_hosts,
            allowed_ports=self.fetch_allowed_ports,
            disallowed_ports=self.fetch_disallowed_ports,
            private_networks=read_networks(self.fetch_private_networks),
        )
