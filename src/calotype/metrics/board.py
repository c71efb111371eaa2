"""The numbers of all processes of a node, a row each, in memory that they share since they were forked from who made it.

No file, so nothing is left behind and nothing is swept; no lock, since a row has one writer and eight aligned bytes are
written at once. Numbers are floats, as Prometheus has them: whole ones are exact up to 9 · 10¹⁵.
"""

import mmap
from functools import reduce
from operator import add
from threading import Lock
from typing import TypeAlias

Row: TypeAlias = "memoryview[float]"
"""Floats, by place."""

#: More than the blocks of any configuration take (tests/unit/metrics/test_layout.py); what is not written takes no memory.
CELLS = 1 << 17

_FLOAT_BYTES = 8


class Count:
    """Adds in a row for callers on several threads. Who alone writes a place may do without it."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._lock = Lock()

    def add(self, place: int, number: float = 1) -> None:
        with self._lock:
            self._row[place] += number

    def add_all(self, *additions: tuple[int, float]) -> None:
        """Several at once, each a place and a number."""
        with self._lock:
            for place, number in additions:
                self._row[place] += number


class Board:
    """*count* rows of `CELLS` numbers, all zero."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._numbers = memoryview(mmap.mmap(-1, count * CELLS * _FLOAT_BYTES)).cast("B").cast("d")

    def row(self, number: int) -> Row:
        return self._numbers[number * CELLS : (number + 1) * CELLS]

    def totals(self, first: int, length: int) -> list[float]:
        """The sums over all rows, of *length* places from *first*."""
        parts = (list(self.row(number)[first : first + length]) for number in range(self._count))
        return reduce(lambda one, other: list(map(add, one, other)), parts)
