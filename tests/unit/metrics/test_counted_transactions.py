"""Transactions of a catalogue, counted; real ones, on SQLite."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from calotype.catalogue import health, schema
from calotype.catalogue.engine import CatalogueOptions, TooSlow
from calotype.domain import attempts
from calotype.domain.attempts import Attempt
from calotype.domain.errors import Busy, NotFound, Unordered
from calotype.metrics import layout
from calotype.metrics.board import Board, Count
from calotype.metrics.layout import Layout
from calotype.metrics.transactions import FAILURES, MeteredCatalogue


class Deadlock(Exception):
    """As a driver of PostgreSQL says it."""

    sqlstate = "40P01"


class Counted:
    """A prepared catalogue and what it has counted."""

    def __init__(self, file: Path, **options) -> None:
        self.board, self.layout = Board(1), Layout()
        told = CatalogueOptions(url=f"sqlite:///{file}", is_durable=False, **options)
        self.catalogue = MeteredCatalogue(told, Count(self.board.row(0)), self.layout)

    def value(self, family: str, *values: str) -> float:
        (block,) = [block for block in self.layout.blocks if block.family.name == f"calotype_database_{family}"]
        return dict(layout.totals(self.board, block))[values][0]


@pytest.fixture
def counted(tmp_path):
    made = Counted(tmp_path / "catalogue.sqlite", lock_wait_s=0.05)
    schema.prepare(made.catalogue)
    yield made
    made.catalogue.close()


def test_a_transaction_has_a_connection_from_its_beginning_to_its_end(counted):
    before = counted.value("transactions_total", "reading")

    with counted.catalogue.reading() as connection:
        health.revision(connection)
        assert counted.value("connections_in_use") == 1

    assert counted.value("connections_in_use") == 0
    assert counted.value("transactions_total", "reading") == before + 1


def test_a_decision_of_ours_is_no_failure(counted):
    with pytest.raises(NotFound), counted.catalogue.writing():
        raise NotFound("It is not there.")

    assert counted.value("connections_in_use") == 0
    assert [counted.value("failures_total", failure) for failure in layout.FAILURES] == [0] * len(layout.FAILURES)


def test_a_change_that_waits_too_long_for_another_is_busy_and_has_no_connection(counted):
    began = counted.value("transactions_total", "writing")
    with counted.catalogue.writing():
        with pytest.raises(Busy), counted.catalogue.writing():
            pass
        assert counted.value("connections_in_use") == 1

    assert counted.value("failures_total", "busy") == 1
    assert counted.value("transactions_total", "writing") == began + 1


def test_a_statement_over_its_time_limit_is_too_slow(counted):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    impatient = Counted(counted.catalogue.file, statement_timeout_s=0.05)
    with pytest.raises(TooSlow), impatient.catalogue.reading() as connection:
        connection.exec_driver_sql(endless)
    impatient.catalogue.close()

    assert impatient.value("failures_total", "too_slow") == 1
    assert impatient.value("failures_total", "busy") == 0


@pytest.mark.parametrize(("is_last", "repeats"), [(False, 1), (True, 0)])
def test_what_is_about_to_be_begun_again_is_told(counted, is_last, repeats):
    token = attempts.enter(Attempt(is_last=is_last))
    try:
        with pytest.raises(Unordered), counted.catalogue.writing():
            raise OperationalError("COMMIT", None, Deadlock())
    finally:
        attempts.leave(token)

    assert counted.value("failures_total", "unordered") == 1
    assert counted.value("repeats_total") == repeats


def test_every_failure_has_its_place():
    assert set(FAILURES.values()) == set(layout.FAILURES)
