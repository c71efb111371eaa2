"""What may be set about the door; times in seconds, so that tests can shorten them."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Limits and timers of every connection."""

    # Scheme and host in the URLs we write, without trailing slash; None: those the client used.
    public_endpoint: str | None = None

    # From the first byte of a request to the end of its headers; who is slower holds a connection to no use.
    header_timeout_s: float = 10.0
    # For the whole of a JSON body, which a handler waits for.
    json_timeout_s: float = 30.0
    # An upload moves at least `upload_window_bytes` in any window, or it is given up.
    upload_window_s: float = 60.0
    upload_window_bytes: int = 64 * KIB
    # A client that takes none of our bytes for this long is gone (Linux: TCP_USER_TIMEOUT, also with its window shut).
    send_stall_s: float = 60.0
    # Between requests; longer than the usual 60 s of a load balancer, so that it is the one that closes.
    idle_timeout_s: float = 75.0
    # After a refusal, for a client that is still sending: unread bytes at the close would reset its connection,
    # and the answer with it.
    linger_s: float = 2.0
    # For requests under way when the server is told to stop.
    drain_timeout_s: float = 30.0
    # After that, for interrupted uploads to clean up.
    give_up_timeout_s: float = 5.0

    # 128 properties and everything else in one request are 145 headers; aiohttp's own limit is 128.
    max_headers: int = 1024
    # One header with its name; a property's value of 65,535 bytes fits.
    header_line_max_bytes: int = 65 * KIB
    # All headers of a request together.
    headers_max_bytes: int = 256 * KIB
    # Path and query.
    target_max_bytes: int = 16 * KIB
    # A JSON body; more is 413.
    json_max_bytes: int = MIB
    # What a refused or ignored body may still have to come for the connection to be kept.
    leftover_max_bytes: int = 64 * KIB

    # A step of an upload is about this much, or what arrived within `step_wait_s` of its first byte.
    step_bytes: int = MIB
    step_wait_s: float = 0.1

    # Threads for calls without bulk data: they wait for the database.
    short_threads: int = 8
    # Threads for steps of transfers: they wait for the disk.
    step_threads: int = 8
    # Threads for logins, 19 MiB and 60 ms of a core each, and how many may wait for one; more is 429.
    login_threads: int = 2
    logins_waiting_max: int = 8
