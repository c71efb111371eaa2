"""A catalogue with its transactions counted; otherwise the catalogue that it is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from calotype.catalogue.engine import Catalogue, CatalogueOptions, Connection, TooSlow
from calotype.domain import attempts
from calotype.domain.errors import Away, Busy, Dropped, Unconfirmed, Unordered
from calotype.metrics.board import Count
from calotype.metrics.layout import Layout

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
        self._in_use = layout.database_in_use.place()
        self._done = {values[0]: place for values, place in layout.transactions.places()}
        self._waited = {values[0]: place for values, place in layout.database_waits.places()}
        self._failed = {values[0]: place for values, place in layout.database_failures.places()}
        self._repeated = layout.database_repeats.place()

    @contextmanager
    def reading(self, *, within_s: float | None = None) -> Iterator[Connection]:
        with self._watching("reading") as note_begin, super().reading(within_s=within_s) as connection:
            note_begin()
            yield connection

    @contextmanager
    def writing(self, *, is_long: bool = False) -> Iterator[Connection]:
        with self._watching("writing") as note_begin, super().writing(is_long=is_long) as connection:
            note_begin()
            yield connection

    @contextmanager
    def _watching(self, kind: str) -> Iterator[Callable[[], None]]:
        """Gives what is to be called when there is a connection."""
        asked_at = time.perf_counter()
        has_begun = False

        def note_begin() -> None:
            nonlocal has_begun
            has_begun = True
            self._count.add_all(
                (self._done[kind], 1), (self._in_use, 1), (self._waited[kind], time.perf_counter() - asked_at)
            )

        try:
            yield note_begin
        except _FAILED as error:
            self._note_failure(error)
            raise
        finally:
            if has_begun:
                self._count.add(self._in_use, -1)

    def _note_failure(self, error: Exception) -> None:
        kind = next(FAILURES[cls] for cls in type(error).__mro__ if cls in FAILURES)
        self._count.add(self._failed[kind])
        if attempts.is_begun_again(error):
            self._count.add(self._repeated)
