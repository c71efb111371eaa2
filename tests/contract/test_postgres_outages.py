"""What `reading()` and `writing()` do when PostgreSQL goes away, hangs or cannot order changes. Source: docs/design/0012-postgresql.md."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

import severing
from calotype.catalogue import health, schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.errors import Away, Broken, Dropped, Unconfirmed, Unordered
from databases import PostgresServer


@pytest.fixture
def catalogue(postgres_to_stop: PostgresServer) -> Iterator[Catalogue]:
    catalogue = Catalogue(
        CatalogueOptions(url=postgres_to_stop.new_database(), statement_timeout_s=0.5, lock_wait_s=20)
    )
    with catalogue.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE things (name text PRIMARY KEY, size int NOT NULL)")
        connection.exec_driver_sql("INSERT INTO things VALUES ('a', 1), ('b', 1)")
    yield catalogue
    catalogue.close()


def count(catalogue: Catalogue) -> int:
    with catalogue.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM things").scalar_one())


def add(connection: Connection, name: str) -> None:
    connection.exec_driver_sql("INSERT INTO things VALUES (%s, 1)", (name,))


def test_connections_that_were_ended_while_they_waited_are_not_given_out(
    postgres_to_stop: PostgresServer, catalogue: Catalogue
) -> None:
    with catalogue.reading(), catalogue.reading(), catalogue.reading():
        pass

    assert postgres_to_stop.end_all_connections() == 3
    assert count(catalogue) == 2
    with catalogue.writing() as connection:
        add(connection, "c")
    assert count(catalogue) == 3


def test_a_change_whose_connection_is_lost_before_its_commit_is_dropped_and_undone(
    postgres_to_stop: PostgresServer, catalogue: Catalogue
) -> None:
    with pytest.raises(Dropped), catalogue.writing() as connection:  # noqa: PT012 -- the last statement raises
        add(connection, "c")
        postgres_to_stop.end_all_connections()
        add(connection, "d")

    assert count(catalogue) == 2


def test_while_the_server_is_away_it_is_said_at_once_and_the_first_call_afterwards_works(
    postgres_to_stop: PostgresServer, catalogue: Catalogue
) -> None:
    postgres_to_stop.stop("immediate")
    try:
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(Away) as away:
                count(catalogue)
            assert not isinstance(away.value, Dropped)
        assert time.monotonic() - began < 2
    finally:
        postgres_to_stop.start()

    assert count(catalogue) == 2


def test_a_server_that_hangs_is_waited_for_once_and_others_are_told_at_once(
    postgres_to_stop: PostgresServer, catalogue: Catalogue
) -> None:
    count(catalogue)
    postgres_to_stop.pause()
    try:
        began = time.monotonic()
        with pytest.raises(Dropped):
            count(catalogue)
        first_s = time.monotonic() - began

        def knock() -> None:
            with pytest.raises(Away):
                count(catalogue)

        knocking = threading.Thread(target=knock)
        knocking.start()
        began = time.monotonic()
        for _ in range(20):  # one of which may be the knocking one, which the thread is told at once then
            with pytest.raises(Away):
                count(catalogue)
        second_s = time.monotonic() - began
        knocking.join(10)
    finally:
        postgres_to_stop.go_on()

    assert 2 < first_s < 6
    assert second_s < 5
    assert count(catalogue) == 2


def test_a_change_that_waits_for_a_lock_of_a_hanging_server_gives_up_with_the_readers(
    postgres_to_stop: PostgresServer, catalogue: Catalogue
) -> None:
    is_inside, ended = threading.Event(), threading.Event()

    def wait_for_the_lock() -> None:
        with pytest.raises(Dropped), catalogue.writing() as second:  # noqa: PT012 -- what is raised is the transaction's
            is_inside.set()
            second.exec_driver_sql("UPDATE things SET size = 3 WHERE name = 'a'")
        ended.set()

    with pytest.raises(Broken), catalogue.writing() as first:  # noqa: PT012 -- the same
        first.exec_driver_sql("UPDATE things SET size = 2 WHERE name = 'a'")
        waiting = threading.Thread(target=wait_for_the_lock)
        waiting.start()
        assert is_inside.wait(30)
        postgres_to_stop.pause()
        try:
            with pytest.raises(Away), catalogue.reading(within_s=1) as third:
                health.revision(third)
            assert ended.wait(6)
        finally:
            postgres_to_stop.go_on()
        postgres_to_stop.end_all_connections()
        first.exec_driver_sql("SELECT 1")
    waiting.join(10)

    assert count(catalogue) == 2


def test_of_two_changes_that_wait_for_each_other_one_is_made_and_one_is_unordered(catalogue: Catalogue) -> None:
    meeting = threading.Barrier(2, timeout=30)
    outcomes: list[str] = []

    def change(first: str, second: str) -> None:
        try:
            with catalogue.writing() as connection:
                connection.exec_driver_sql("UPDATE things SET size = size + 1 WHERE name = %s", (first,))
                meeting.wait()
                connection.exec_driver_sql("UPDATE things SET size = size + 1 WHERE name = %s", (second,))
        except Unordered:
            outcomes.append("unordered")
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=change, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == ["made", "unordered"]


def test_a_connection_that_is_cut_behind_its_commit_leaves_a_change_that_is_whole_and_says_that_nobody_knows(
    postgres_to_stop: PostgresServer,
) -> None:
    database = postgres_to_stop.new_database().partition("@/")[2].partition("?")[0]
    with severing.before(postgres_to_stop.port or 0) as proxy:
        catalogue = Catalogue(CatalogueOptions(url=postgres_to_stop.tcp_url(database, proxy.port)))
        with catalogue.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE things (name text PRIMARY KEY, size int NOT NULL)")
        with pytest.raises(Unconfirmed), catalogue.writing() as connection:  # noqa: PT012 -- its end raises
            add(connection, "a")
            add(connection, "b")
            proxy.cut_after = b"COMMIT"

        assert proxy.cuts == 1
        assert count(catalogue) in (0, 2)
        catalogue.close()


def test_what_the_url_says_to_the_server_is_stronger_than_our_own_options(postgres_to_stop: PostgresServer) -> None:
    url = postgres_to_stop.new_database() + "&application_name=mine&options=-c%20statement_timeout%3D1234"
    catalogue = Catalogue(CatalogueOptions(url=url))
    schema.prepare(catalogue)

    with catalogue.reading() as connection:
        found = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("application_name", "statement_timeout", "TimeZone")
        ]
    catalogue.close()

    assert found == ["mine", "1234ms", "UTC"]


def test_a_start_waits_for_a_server_that_comes_up_and_not_for_one_that_refuses_it(
    postgres_to_stop: PostgresServer,
) -> None:
    told: list[str] = []
    postgres_to_stop.stop()
    bringing_it_back = threading.Timer(1, postgres_to_stop.start)
    bringing_it_back.start()
    catalogue = Catalogue(CatalogueOptions(url=postgres_to_stop.tcp_url()))
    health.wait_for(catalogue, 30, told.append)
    bringing_it_back.join()
    catalogue.close()

    assert len(told) == 1
    nowhere = Catalogue(CatalogueOptions(url=postgres_to_stop.tcp_url("absent")))
    began = time.monotonic()
    with pytest.raises(Away):
        health.wait_for(nowhere, 30, told.append)
    nowhere.close()
    assert time.monotonic() - began < 5
