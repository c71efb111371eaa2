"""What `reading()` and `writing()` promise, on every database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from calotype.catalogue import accounts
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.accounts import User
from calotype.domain.errors import Broken, Busy, Conflict


def insert_user(connection: Connection, name: str) -> None:
    user = User(id=name, name=name, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    accounts.insert_user(connection, user, "a-hash")


def names(connection: Connection) -> list[str]:
    return [user.name for user in accounts.select_users(connection)]


def test_what_is_read_is_one_state_whatever_is_committed_meanwhile(catalogue: Catalogue) -> None:
    with catalogue.reading() as reading:
        before = names(reading)
        with catalogue.writing() as writing:
            insert_user(writing, "ann")
        after = names(reading)

    with catalogue.reading() as reading:
        assert (before, after, names(reading)) == ([], [], ["ann"])


def test_a_change_that_another_one_holds_up_for_too_long_is_busy(catalogue: Catalogue, empty_database: str) -> None:
    with catalogue.writing() as first:
        insert_user(first, "ann")
    impatient = Catalogue(CatalogueOptions(url=empty_database, lock_wait_s=0.05))

    with catalogue.writing() as first:
        accounts.set_password_hash(first, "ann", "another")
        with pytest.raises(Busy), impatient.writing() as second:
            accounts.set_password_hash(second, "ann", "a-third")
    impatient.close()


def test_a_change_that_a_thread_beside_it_holds_up_for_too_long_is_busy(empty_database: str) -> None:
    catalogue = Catalogue(CatalogueOptions(url=empty_database, pool_size=1, lock_wait_s=0.05))
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with catalogue.writing():
            is_held.set()
            may_end.wait(30)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        is_held.wait(30)
        with pytest.raises(Busy), catalogue.writing():
            pass
        may_end.set()
        holding.result()
    catalogue.close()


LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n"


def test_the_time_limit_of_listings_does_not_end_a_change(empty_database: str) -> None:
    catalogue = Catalogue(CatalogueOptions(url=empty_database, statement_timeout_s=0.05))

    with pytest.raises(Busy), catalogue.reading() as reading:
        reading.exec_driver_sql(LONG)
    with catalogue.writing() as writing:
        assert writing.exec_driver_sql(LONG).scalar_one() == 2_000_000
    catalogue.close()


def test_a_commit_that_fails_is_undone_and_the_next_one_works(catalogue: Catalogue) -> None:
    with catalogue.writing() as writing:
        writing.exec_driver_sql("CREATE TABLE wholes (id BIGINT PRIMARY KEY)")
        writing.exec_driver_sql("CREATE TABLE parts (id BIGINT REFERENCES wholes DEFERRABLE INITIALLY DEFERRED)")
        driver: Any = writing.connection.driver_connection
    if catalogue.is_sqlite:
        driver.execute("PRAGMA foreign_keys=ON")  # asked for outside of transactions only

    with pytest.raises(Conflict), catalogue.writing() as writing:
        writing.exec_driver_sql("INSERT INTO parts VALUES (1)")
    with catalogue.writing() as writing:
        insert_user(writing, "ann")

    with catalogue.reading() as reading:
        assert reading.exec_driver_sql("SELECT count(*) FROM parts").scalar_one() == 0
        assert names(reading) == ["ann"]


def test_what_the_log_is_told_of_a_failed_statement_holds_none_of_its_values(catalogue: Catalogue) -> None:
    with catalogue.writing() as writing:
        writing.exec_driver_sql("ALTER TABLE users RENAME TO lost")

    with pytest.raises(Broken) as broken, catalogue.writing() as writing:
        insert_user(writing, "ann")

    assert "users" in str(broken.value.__cause__)
    assert "a-hash" not in str(broken.value.__cause__)
