import os

from calotype.metrics.board import CELLS, Board, Count
from calotype.metrics.families import Family, Kind
from calotype.metrics.layout import Block, Layout, totals
from calotype.metrics.node import Node


def in_a_child(work) -> None:
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def test_what_a_forked_process_counts_is_seen_by_its_parent_and_its_siblings():
    board = Board(3)

    for number in (1, 2):
        in_a_child(lambda number=number: Count(board.row(number)).add(7, number))

    assert board.totals(6, 3) == [0.0, 3.0, 0.0]
    assert [board.row(number)[7] for number in range(3)] == [0.0, 1.0, 2.0]


def test_who_takes_the_place_of_a_dead_process_goes_on_with_its_counts_and_without_its_gauges():
    node, layout = Node(2, 0.0), Layout()
    seat = node.worker(1)
    seat.row[layout.uploads.place("active")] = 5
    seat.row[layout.connections.place()] = 3

    node.note_death("web worker", seat)

    assert node.worker(1).row[layout.uploads.place("active")] == 5
    assert node.worker(1).row[layout.connections.place()] == 0
    assert node.board.totals(layout.deaths.place("web worker"), 1) == [1.0]


def test_rows_do_not_overlap():
    board = Board(2)
    board.row(0)[CELLS - 1] = 1.0

    assert not any(board.row(1))


def test_a_row_of_a_sparse_block_that_was_never_written_is_not_told():
    board = Board(1)
    block = Block(
        Family("calotype_things_total", Kind.COUNTER, "Things", ("thing",)), 0, (("a",), ("b",)), is_sparse=True
    )
    board.row(0)[block.place("b")] = 2.0

    assert list(totals(board, block)) == [(("b",), [2.0])]
