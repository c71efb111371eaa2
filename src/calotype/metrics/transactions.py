"""A catalogue with its transactions counted; otherwise the catalogue that it is."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from calotype.catalogue.engine import Catalogue, CatalogueOptions, Connection, TooSlow
from calotype.domain import attempts
from calotype.domain.errors import Away, Busy, Dropped, Unconfirmed, Unordered
from calotype.metrics.board import Count
from calotype.metrics.layout import TRANSACTIONS, Layout

#: What can become of a transaction that is nobody's decision, the nearest class first.
FAILURES: Final[dict[type[Exception], str]] = {
    TooSlow: "too_slow",
    Busy: "busy",
    Dropped: "dropped",
    Unconfirmed: "unconfirmed",
    Away: "away",
    Unordered: "unordered",
}

_FAILED: Final = tuple(FAILURES)


class MeteredCatalogue(Catalogue):
    """Counts transactions, how long a connection was waited for, what failed, and what is about to be done once more."""

    def __init__(self, options: CatalogueOptions, count: Count, layout: Layout) -> None:
        super().__init__(options)
        self._count = count
        failed = {values[0]: place for values, place in layout.database_failures.places()}
        self._reading, self._writing = (
            _Places(
                done=layout.transactions.place(kind),
                waited=layout.database_waits.place(kind),
                in_use=layout.database_in_use.place(),
                failed=failed,
                repeated=layout.database_repeats.place(),
            )
            for kind in TRANSACTIONS
        )

    def reading(self, *, within_s: float | None = None) -> "_Watched":  # type: ignore[override]  # see `_Watched`
        return _Watched(super().reading(within_s=within_s), self._reading, self._count)

    def writing(self, *, is_long: bool = False) -> "_Watched":  # type: ignore[override]
        return _Watched(super().writing(is_long=is_long), self._writing, self._count)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where transactions of one kind are counted."""

    done: int
    waited: int
    in_use: int
    failed: Mapping[str, int]
    repeated: int


class _Watched:
    """A transaction, counted. Errors that only pass through it are somebody else's.

    Written by hand: as two generators one in the other it took 13 µs of CPU, and this takes 5.
    """

    __slots__ = ("_count", "_places", "_transaction")

    def __init__(self, transaction: AbstractContextManager[Connection], places: _Places, count: Count) -> None:
        self._transaction = transaction
        self._places = places
        self._count = count

    def __enter__(self) -> Connection:
        places, asked_at = self._places, time.perf_counter()
        try:
            connection = self._transaction.__enter__()
        except _FAILED as error:
            self._note_failure(error)
            raise
        self._count.add_all((places.done, 1), (places.in_use, 1), (places.waited, time.perf_counter() - asked_at))
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            return self._transaction.__exit__(kind, error, trace)
        except _FAILED as failure:
            self._note_failure(failure)
            raise
        finally:
            self._count.add(self._places.in_use, -1)

    def _note_failure(self, error: Exception) -> None:
        kind = next(FAILURES[cls] for cls in type(error).__mro__ if cls in FAILURES)
        self._count.add(self._places.failed[kind])
        if attempts.is_begun_again(error):
            self._count.add(self._places.repeated)
