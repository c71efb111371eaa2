"""Every metric there is. docs/operate/metrics.md tells of each, and a test compares them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """*name*: with its unit, and `_total` where it counts. *text*: what it says, in one sentence without full stop."""

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()


def _counter(name: str, text: str, *labels: str) -> Family:
    return Family(f"calotype_{name}_total", Kind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Family:
    return Family(f"calotype_{name}", Kind.GAUGE, text, labels)


#: Upper ends in seconds. A look-up takes 2 ms, a page 5, a login 60; a gibibyte takes a second here and minutes far away.
DURATIONS_S: Final = (0.0025, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 300.0)

BUILD = _gauge("build_info", "Always 1; the label says which release runs", "version")
STARTED = _gauge("start_time_seconds", "When the service of this node was started, in seconds since 1970")
WORKERS = _gauge("workers", "Web workers that run now")
DEATHS = _counter("process_deaths", "Processes that ended without being told to, and were replaced", "process")

REQUESTS = _counter(
    "http_requests", "Requests answered, and answers to bytes that were none", "face", "method", "route", "status"
)
DURATIONS = Family(
    "calotype_http_request_duration_seconds",
    Kind.HISTOGRAM,
    "From the last byte of a request's head to the last byte of its answer",
    ("face", "route"),
)
RECEIVED = _counter("http_received_bytes", "Bytes of bodies that came in", "face", "route")
SENT = _counter("http_sent_bytes", "Bytes of bodies that went out", "face", "route")
IN_PROGRESS = _gauge("http_requests_in_progress", "Requests that are being answered")
CONNECTIONS = _gauge("http_connections", "Connections that are open")
TRANSFERS = _gauge("http_transfers_in_progress", "Transfers of image data that are under way", "direction")
THREADS = _gauge("threads", "Threads there may be in a pool, of all workers", "pool")
THREADS_BUSY = _gauge("threads_busy", "Threads that are at work", "pool")
CALLS_WAITING = _gauge("threads_waiting_calls", "Calls that wait for a thread", "pool")

STORE_UP = _gauge("store_up", "1 if the store answered when it was last asked, 0 if not", "store")
STORE_WRITTEN = _counter("store_written_bytes", "Bytes put into the store", "store")
STORE_READ = _counter("store_read_bytes", "Bytes read from the store", "store")
STORE_ERRORS = _counter("store_errors", "Operations of the store that failed", "store", "operation")

DATABASE_UP = _gauge("database_up", "1 if the database answered when it was last asked, 0 if not")
DATABASE_CONNECTIONS = _gauge("database_connections", "Connections there may be to the database, of all workers")
DATABASE_IN_USE = _gauge("database_connections_in_use", "Connections that a transaction has")
DATABASE_WAITS = _counter("database_wait_seconds", "Time that transactions waited to begin", "kind")
TRANSACTIONS = _counter("database_transactions", "Transactions begun", "kind")
DATABASE_FAILURES = _counter("database_failures", "Transactions that failed through nobody's decision", "failure")
DATABASE_REPEATS = _counter("database_repeats", "Calls that were begun again since their transaction failed")

UPLOADS = _counter("uploads", "Uploads that ended", "outcome")
AUDIT_LOST = _counter("audit_lines_lost", "Lines of the audit log that web workers could not write")

HAS_TURN = _gauge("housekeeping_has_turn", "1 on the node that keeps house for all of them, 0 on the others")
ROUNDS = _counter("housekeeping_rounds", "Rounds that this node has ended")
ROUND_ENDED = _gauge(
    "housekeeping_round_ended_timestamp_seconds", "When this node ended its last round, in seconds since 1970"
)
CHORES = _counter("housekeeping_chores", "Things done", "task")
WORK = _counter("housekeeping_work_seconds", "Time that was spent on it", "task")
SCRUBBED = _counter("housekeeping_scrubbed_bytes", "Bytes at rest that were read again")
DAMAGED = _gauge("housekeeping_damaged_blobs", "Blobs that are not what they were, as the last round found")
KEPT_ORPHANS = _gauge(
    "housekeeping_kept_orphans", "Keys that nothing names and that were left alone, since they are suspiciously many"
)

#: In the order of the page.
ALL: Final = (
    BUILD,
    STARTED,
    WORKERS,
    DEATHS,
    REQUESTS,
    DURATIONS,
    RECEIVED,
    SENT,
    IN_PROGRESS,
    CONNECTIONS,
    TRANSFERS,
    THREADS,
    THREADS_BUSY,
    CALLS_WAITING,
    STORE_UP,
    STORE_WRITTEN,
    STORE_READ,
    STORE_ERRORS,
    DATABASE_UP,
    DATABASE_CONNECTIONS,
    DATABASE_IN_USE,
    DATABASE_WAITS,
    TRANSACTIONS,
    DATABASE_FAILURES,
    DATABASE_REPEATS,
    UPLOADS,
    AUDIT_LOST,
    HAS_TURN,
    ROUNDS,
    ROUND_ENDED,
    CHORES,
    WORK,
    SCRUBBED,
    DAMAGED,
    KEPT_ORPHANS,
)
