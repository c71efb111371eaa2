"""What one process counts, and what it tells of the whole node when it is asked."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from calotype import __version__
from calotype.blobs.stores import Stores
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.metrics import families, layout, stores, text
from calotype.metrics.board import Count
from calotype.metrics.checks import Checks
from calotype.metrics.families import Family
from calotype.metrics.layout import Layout
from calotype.metrics.node import Seat
from calotype.metrics.requests import RequestMeter
from calotype.metrics.text import Series
from calotype.metrics.transactions import MeteredCatalogue
from calotype.service.outcomes import Outcome

#: What a part is called that `Checks` is asked about; stores are called by their own names behind the prefix.
DATABASE: Final = "database"
STORE_PREFIX: Final = "store "


class Process:
    """*store_names*: of the stores that hold bytes of ours. *threads*, *connections*: how many a worker may have, of each pool
    and to its database.
    """

    def __init__(self, seat: Seat, store_names: Sequence[str], *, threads: Mapping[str, int], connections: int) -> None:
        self._node = seat.node
        self._row = seat.row
        self._threads = threads
        self._connections = connections
        self._layout = Layout(store_names)
        self._count = Count(seat.row)
        self._checks = Checks({}, time.monotonic)

    def watch(self, parts: Mapping[str, Callable[[], bool]]) -> None:
        """Ask *parts* whether they answer, from now on, whenever metrics are read."""
        self._checks = Checks(parts, time.monotonic)

    def catalogue(self, options: CatalogueOptions) -> Catalogue:
        """The catalogue that *options* say, counted."""
        return MeteredCatalogue(options, self._count, self._layout)

    def metered(self, plain: Stores) -> Stores:
        """*plain*, counted."""
        return stores.metered(plain, self._count, self._layout)

    def request_meter(self, table: Iterable[tuple[str, str, str]]) -> RequestMeter:
        """What counts the requests of a door; *table* as `RequestMeter` has it. Made once."""
        return RequestMeter(self._row, self._layout, table)

    def note_upload(self, outcome: Outcome) -> None:
        self._count.add(self._layout.uploads.place(outcome.value))

    def note_lost_audit(self) -> None:
        """One more line of the audit log could not be written."""
        self._count.add(self._layout.audit_lost.place())

    def write(self, is_openmetrics: bool) -> bytes:  # noqa: FBT001 -- the face's `Write`
        """All metrics of the node. Waits for parts that are slow to answer, `checks.PATIENCE_S` at most."""
        told = chain(self._counted(), self._known())
        series: dict[Family, list[Series]] = {family: [] for family in families.ALL}
        for family, one in told:
            series[family].append(one)
        return text.write(series.items(), is_openmetrics=is_openmetrics)

    def _counted(self) -> Iterator[tuple[Family, Series]]:
        # Whoever has given the turn away does not know any more how things are.
        told_by_holder = (self._layout.damaged, self._layout.kept_orphans)
        has_turn = any(self._node.board.totals(self._layout.has_turn.place(), 1))
        for block in self._layout.blocks:
            if block in told_by_holder and not has_turn:
                continue
            for values, numbers in layout.totals(self._node.board, block):
                yield from ((block.family, one) for one in _series(block, values, numbers))

    def _known(self) -> Iterator[tuple[Family, Series]]:
        """What needs no counting."""
        yield families.BUILD, Series((__version__,), [1.0])
        yield families.STARTED, Series((), [self._node.started_at])
        for pool, count in self._threads.items():
            yield families.THREADS, Series((pool,), [float(count * self._node.workers)])
        yield families.DATABASE_CONNECTIONS, Series((), [float(self._connections * self._node.workers)])
        for part, is_up in self._checks.results().items():
            if part == DATABASE:
                yield families.DATABASE_UP, Series((), [float(is_up)])
            else:
                yield families.STORE_UP, Series((part.removeprefix(STORE_PREFIX),), [float(is_up)])


def _series(block: layout.Block, values: layout.Values, numbers: list[float]) -> Iterator[Series]:
    """The series of one row of *block*: a histogram is one, other columns are a label more."""
    if not block.columns or block.family.kind is families.Kind.HISTOGRAM:
        yield Series(values, numbers)
        return
    for column, number in zip(block.columns, numbers, strict=True):
        if number or not block.is_sparse:
            yield Series((*values, column), [number])
