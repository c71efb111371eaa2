"""Whose turn it is to keep house, on every database. Source: docs/design/0014-housekeeping.md, "One at a time"."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from calotype.catalogue import leases, tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.errors import Broken, Busy
from calotype.service.housekeeping import lease
from calotype.service.housekeeping.lease import Lease, LeaseLost

MINUTE_S = 60.0
TIME_LIMIT_S = 30


@pytest.fixture
def of(catalogue: Catalogue) -> Callable[..., Lease]:
    """The turn of a holder of that name."""
    return lambda holder, lease_s=MINUTE_S: Lease(catalogue, holder, lease_s)


def let_lapse(catalogue: Catalogue) -> None:
    with catalogue.writing() as connection:
        connection.execute(update(tables.leases).values(lease_until=0))


def the_row(catalogue: Catalogue) -> leases.LeaseRow:
    with catalogue.reading() as connection:
        row = leases.get(connection, lease.NAME)
    assert row is not None
    return row


def change_nothing(catalogue: Catalogue, held: Lease) -> None:
    with catalogue.writing() as connection:
        held.hold(connection)


def test_one_has_the_turn_and_the_others_are_told_how_long(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    assert of("a").take() == 0
    assert 0 < of("b").take() <= MINUTE_S
    assert of("a").take() == 0

    assert the_row(catalogue).holder == "a"


def test_a_lease_that_ran_out_is_the_next_ones(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    first, second = of("a"), of("b")
    first.take()
    let_lapse(catalogue)

    assert second.take() == 0
    assert first.take() > 0
    assert the_row(catalogue).holder == "b"


def test_a_lease_that_was_given_back_is_the_next_ones_at_once(of: Callable[..., Lease]) -> None:
    first, second = of("a"), of("b")
    first.take()

    assert first.give_back()
    assert second.take() == 0
    assert not first.give_back()


def test_who_lost_the_turn_changes_nothing(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    first = of("a")
    first.take()
    change_nothing(catalogue, first)
    let_lapse(catalogue)

    with pytest.raises(LeaseLost):
        change_nothing(catalogue, first)

    of("b").take()
    with pytest.raises(LeaseLost):
        change_nothing(catalogue, first)
    with pytest.raises(LeaseLost):
        first.note_round()


def test_a_change_renews_the_lease(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    of("a", 5).take()

    change_nothing(catalogue, of("a", MINUTE_S))

    assert the_row(catalogue).left_s > 50


def test_work_without_changes_renews_it_when_a_third_is_over(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    held = of("a", 0.6)
    held.take()
    with catalogue.writing() as connection:
        connection.execute(update(tables.leases).values(lease_until=tables.leases.c.lease_until + 60_000_000))
    held.check()
    assert the_row(catalogue).left_s > 50

    deadline = time.monotonic() + TIME_LIMIT_S
    while the_row(catalogue).left_s > 50:
        assert time.monotonic() < deadline
        held.check()

    assert the_row(catalogue).holder == "a"


def test_a_sleeper_notices_when_it_asks(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    sleeper = of("a", 0.0)
    of("a").take()
    sleeper.check()
    let_lapse(catalogue)
    of("b").take()

    with pytest.raises(LeaseLost):
        sleeper.check()


def test_rounds_are_noted_and_outlast_their_holder(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    first = of("a")
    first.take()
    assert the_row(catalogue).round_ended_at is None
    before = datetime.now(UTC)
    first.note_round()
    first.give_back()
    of("b").take()

    ended_at = the_row(catalogue).round_ended_at
    assert ended_at is not None
    assert abs((ended_at - before).total_seconds()) < TIME_LIMIT_S


def test_it_is_known_since_when_somebody_has_it(catalogue: Catalogue, of: Callable[..., Lease]) -> None:
    of("a").take()
    since = the_row(catalogue).taken_at
    of("a").take()
    assert the_row(catalogue).taken_at == since
    let_lapse(catalogue)
    of("b").take()

    assert the_row(catalogue).taken_at > since


@pytest.fixture
def another(catalogue: Catalogue) -> Iterator[Catalogue]:
    """The same catalogue, as another process has it open; it waits for locks a second at most."""
    other = Catalogue(CatalogueOptions(url=catalogue.options.url, is_durable=False, lock_wait_s=1))
    yield other
    other.close()


def test_nobody_takes_the_turn_during_a_change(
    catalogue: Catalogue, another: Catalogue, of: Callable[..., Lease]
) -> None:
    held = of("a")
    held.take()
    with catalogue.writing() as connection:
        held.hold(connection)
        connection.execute(update(tables.leases).values(lease_until=0))

        with pytest.raises(Busy), another.writing() as taking:
            leases.take(taking, lease.NAME, "b", lease_s=MINUTE_S)

    assert Lease(another, "b", MINUTE_S).take() == 0


def test_who_falls_asleep_in_a_change_keeps_no_other_from_the_turn_for_ever(
    catalogue: Catalogue, another: Catalogue, of: Callable[..., Lease]
) -> None:
    """On SQLite whoever holds the one lock holds it until the process is gone."""
    if catalogue.is_sqlite:
        return
    sleeper = of("a", 0.3)
    sleeper.take()

    def sleep_in_a_change() -> None:
        with catalogue.writing() as connection:
            sleeper.hold(connection)
            deadline = time.monotonic() + TIME_LIMIT_S
            while Lease(another, "b", MINUTE_S).take():
                assert time.monotonic() < deadline

    with pytest.raises(Broken):
        sleep_in_a_change()
    assert the_row(another).holder == "b"


def test_a_lease_lasts_two_rounds_and_three_seconds_at_least() -> None:
    assert [lease.length_s(interval_s) for interval_s in (0.5, 60.0)] == [3.0, 120.0]
