"""What may be set about the door; times in seconds, so that tests can shorten them."""

from dataclasses import dataclass
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Limits and timers of every connection."""

    public_endpoint: str | None = None
    """Scheme, host and perhaps a path in the URLs we write, without trailing slash; none: what the client used."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks (10.0.0.0/8) of proxies whose X-Forwarded-For, -Proto, -Host or Forwarded is believed."""
    tls_cert: Path | None = None
    """PEM file of the certificate, those between it and the root behind it; with tls_key, https is spoken instead of http."""
    tls_key: Path | None = None
    """PEM file of the certificate's key, without a passphrase."""

    metrics_enabled: bool = True
    """Answer `/metrics`, in the form that Prometheus reads."""
    metrics_clients: tuple[str, ...] = ()
    """Addresses and networks (10.0.0.0/8) of the clients that may read /metrics; none: everybody."""

    header_timeout_s: float = 10.0
    """Seconds from the first byte of a request to the end of its headers; who is slower holds a connection to no use."""
    json_timeout_s: float = 30.0
    """Seconds for the whole of a JSON body, which a handler waits for."""
    upload_window_s: float = 60.0
    """Seconds in which an upload must move upload_window_bytes, or it is given up."""
    upload_window_bytes: int = 64 * KIB
    """Bytes that an upload must move in any upload_window_s."""
    send_stall_s: float = 60.0
    """Seconds after which a client that takes none of our bytes is gone (Linux: TCP_USER_TIMEOUT, also with its window shut)."""
    idle_timeout_s: float = 75.0
    """Seconds between two requests; longer than the usual 60 of a load balancer, so that it is the one that closes."""
    linger_s: float = 2.0
    """Seconds, after a refusal, for a client that is still sending: unread bytes at the close would reset its connection,
    and the answer with it."""
    drain_timeout_s: float = 30.0
    """Seconds for requests under way when the service is told to end."""
    give_up_timeout_s: float = 5.0
    """Seconds after that for interrupted uploads to clean up."""

    max_headers: int = 1024
    """Headers of a request; 128 properties and everything else are 145, and aiohttp's own limit is 128."""
    header_line_max_bytes: int = 65 * KIB
    """Bytes of one header with its name; a property's value of 65,535 bytes fits."""
    headers_max_bytes: int = 256 * KIB
    """Bytes of all headers of a request together."""
    target_max_bytes: int = 16 * KIB
    """Bytes of path and query."""
    json_max_bytes: int = MIB
    """Bytes of a JSON body; more is 413."""
    leftover_max_bytes: int = 64 * KIB
    """Bytes that a refused or ignored body may still have to come for the connection to be kept."""

    step_bytes: int = MIB
    """Bytes of a step of an upload, about; less is taken when step_wait_s is over."""
    step_wait_s: float = 0.1
    """Seconds from the first byte of a step to its end."""

    short_threads: int = 4
    """Threads for calls without bulk data: they wait for the database."""
    step_threads: int = 8
    """Threads for steps of transfers: they wait for the disk."""
    login_threads: int = 2
    """Threads for logins: 19 MiB and 60 ms of a core each."""
    logins_waiting_max: int = 8
    """Logins that may wait for one of these threads; more are answered with 429."""
