"""The processes of a node and their rows. The parent makes it before it forks the others."""

from dataclasses import dataclass, field

from calotype.metrics.board import Board, Row
from calotype.metrics.layout import Layout, clear_gauges

_PARENT, _HOUSEKEEPER, _FIRST_WORKER = range(3)


@dataclass(frozen=True, slots=True)
class Seat:
    """The row that one process writes, and the board that all of them are read from."""

    node: "Node"
    row: Row


@dataclass(frozen=True)
class Node:
    """*workers*: how many there are to be. *started_at*: in seconds since 1970."""

    workers: int
    started_at: float
    board: Board = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "board", Board(_FIRST_WORKER + self.workers))

    def worker(self, number: int) -> Seat:
        """The seat of the web worker *number*, from 0."""
        return Seat(self, self.board.row(_FIRST_WORKER + number))

    @property
    def housekeeper(self) -> Seat:
        return Seat(self, self.board.row(_HOUSEKEEPER))

    def note_death(self, kind: str, seat: Seat) -> None:
        """A process of *kind* is gone from *seat*: what it counted stays, what it said of itself does not."""
        clear_gauges(seat.row)
        self.board.row(_PARENT)[Layout().deaths.place(kind)] += 1

    def note_workers(self, count: int) -> None:
        """So many web workers run now."""
        self.board.row(_PARENT)[Layout().workers.place()] = count
