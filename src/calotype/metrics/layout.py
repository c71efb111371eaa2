"""Where in a row which series lies. All processes of a node lay out the same, from the same settings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from calotype.http.meter import Direction
from calotype.metrics import families
from calotype.metrics.board import CELLS, Board, Row
from calotype.metrics.families import DURATIONS_S, Family
from calotype.service.housekeeping.chores import Task
from calotype.service.housekeeping.figures import SCRUBBED_BLOBS
from calotype.service.outcomes import Outcome

Values = tuple[str, ...]
"""The values of a family's labels."""

#: The faces' word for a request that found no route, and so for every path that somebody made up.
OTHER: Final = "other"

DIRECTIONS: Final = tuple(direction.value for direction in Direction)
POOLS: Final = ("short", "steps", "logins")
PROCESSES: Final = ("web worker", "housekeeper")
OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)
TRANSACTIONS: Final = ("reading", "writing")
FAILURES: Final = ("too_slow", "busy", "away", "dropped", "unconfirmed", "unordered")
TASKS: Final = (*(task.value for task in Task), SCRUBBED_BLOBS)
OPERATIONS: Final = ("open", "read", "write", "commit", "delete", "list")

#: Every code that an answer of ours has; a new one is counted as `other` until it stands here.
STATUSES: Final = (
    *(200, 201, 202, 203, 204, 206, 300, 304),
    *(400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 429, 431),
    *(500, 501, 503, 505, 507),
)


@dataclass(frozen=True, slots=True)
class Block:
    """The series of *family*, one for each of *rows*, or with *columns* one for each of these beside it.

    *first*: where they begin. A histogram's columns are its buckets and their sum. *is_sparse*: a series that was never
    written is not told of.
    """

    family: Family
    first: int
    rows: tuple[Values, ...] = ((),)
    columns: tuple[str, ...] = ()
    is_sparse: bool = False

    @property
    def width(self) -> int:
        return len(self.columns) or 1

    @property
    def end(self) -> int:
        return self.first + len(self.rows) * self.width

    def place(self, *values: str) -> int:
        """Where the row of *values* begins. Raises ValueError where there is none."""
        return self.first + self.rows.index(values) * self.width

    def places(self) -> Iterator[tuple[Values, int]]:
        for number, values in enumerate(self.rows):
            yield values, self.first + number * self.width


class Layout:
    """Blocks one behind the other. The first ones are everybody's; stores and routes follow, for who knows them.

    Gauges stand in front, so that whoever replaces a process clears its gauges without knowing more.
    """

    def __init__(self, stores: Sequence[str] = ()) -> None:
        self.blocks: list[Block] = []
        self.workers = self._add(families.WORKERS)
        self.in_progress = self._add(families.IN_PROGRESS)
        self.connections = self._add(families.CONNECTIONS)
        self.transfers = self._add(families.TRANSFERS, _each(DIRECTIONS))
        self.threads_busy = self._add(families.THREADS_BUSY, _each(POOLS))
        self.calls_waiting = self._add(families.CALLS_WAITING, _each(POOLS))
        self.database_in_use = self._add(families.DATABASE_IN_USE)
        self.has_turn = self._add(families.HAS_TURN)
        self.damaged = self._add(families.DAMAGED)
        self.kept_orphans = self._add(families.KEPT_ORPHANS)
        self.gauges_end = self.blocks[-1].end
        self.deaths = self._add(families.DEATHS, _each(PROCESSES))
        self.uploads = self._add(families.UPLOADS, _each(OUTCOMES))
        self.audit_lost = self._add(families.AUDIT_LOST)
        self.transactions = self._add(families.TRANSACTIONS, _each(TRANSACTIONS))
        self.database_waits = self._add(families.DATABASE_WAITS, _each(TRANSACTIONS))
        self.database_failures = self._add(families.DATABASE_FAILURES, _each(FAILURES))
        self.database_repeats = self._add(families.DATABASE_REPEATS)
        self.rounds = self._add(families.ROUNDS)
        # Not among the gauges: it stays true when a housekeeper dies.
        self.round_ended = self._add(families.ROUND_ENDED, is_sparse=True)
        self.chores = self._add(families.CHORES, _each(TASKS))
        self.work = self._add(families.WORK, _each(TASKS))
        self.scrubbed = self._add(families.SCRUBBED)
        self.store_written = self._add(families.STORE_WRITTEN, _each(stores))
        self.store_read = self._add(families.STORE_READ, _each(stores))
        self.store_errors = self._add(families.STORE_ERRORS, _each(stores), OPERATIONS)

    def add_requests(self, table: Iterable[tuple[str, str, str]]) -> "Requests":
        """Room for the requests of *table*: face, method and route of each row there is."""
        rows = tuple(dict.fromkeys(table))
        routes = tuple(dict.fromkeys((face, route) for face, _, route in rows))
        statuses = (*map(str, STATUSES), OTHER)
        durations = (*map(str, DURATIONS_S), "+Inf", "sum")
        return Requests(
            answered=self._add(families.REQUESTS, rows, statuses, is_sparse=True),
            durations=self._add(families.DURATIONS, routes, durations, is_sparse=True),
            received=self._add(families.RECEIVED, routes, is_sparse=True),
            sent=self._add(families.SENT, routes, is_sparse=True),
        )

    def _add(
        self,
        family: Family,
        rows: tuple[Values, ...] = ((),),
        columns: tuple[str, ...] = (),
        *,
        is_sparse: bool = False,
    ) -> Block:
        block = Block(family, self.blocks[-1].end if self.blocks else 0, rows, columns, is_sparse)
        if block.end > CELLS:
            raise RuntimeError(f"a row of {CELLS} numbers has no room for {family.name}")
        self.blocks.append(block)
        return block


@dataclass(frozen=True, slots=True)
class Requests:
    """The blocks of requests. *answered* has a column a status."""

    answered: Block
    durations: Block
    received: Block
    sent: Block


def clear_gauges(row: Row) -> None:
    """Take back what a process that is gone said of itself."""
    for place in range(Layout().gauges_end):
        row[place] = 0.0


def totals(board: Board, block: Block) -> Iterator[tuple[Values, list[float]]]:
    """Each row of *block* with its numbers, added up over all processes."""
    numbers = board.totals(block.first, block.end - block.first)
    for values, place in block.places():
        at = place - block.first
        found = numbers[at : at + block.width]
        if any(found) or not block.is_sparse:
            yield values, found


def _each(values: Sequence[str]) -> tuple[Values, ...]:
    return tuple((value,) for value in values)
