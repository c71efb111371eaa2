"""Connections and transactions, on SQLite and PostgreSQL.

With SQLAlchemy's defaults on SQLite two processes lost 92 % of their acknowledged read-then-write transactions, silently.
Hence: the driver's own transaction control is off, a reading transaction cannot write, a writing one takes its lock at once.
Source: docs/design/0002-catalogue.md; docs/design/0012-postgresql.md.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from calotype.catalogue import sqlite
from calotype.catalogue.failures import TooSlow, as_sqlalchemy_says, translated, translated_of_committing
from calotype.catalogue.options import CatalogueOptions
from calotype.catalogue.postgresql import Server
from calotype.domain import attempts
from calotype.domain.errors import Busy

#: `Connection` is what the floors above hand from `reading()` or `writing()` to statements; they know no more of it.
__all__ = ["Catalogue", "CatalogueOptions", "Connection", "TooSlow", "as_sqlalchemy_says", "translated"]


class Catalogue:
    """One database. `reading()` and `writing()` are its only doors; close it when done.

    *file*: where it lies on SQLite, there or not; None on a server.
    """

    def __init__(self, options: CatalogueOptions) -> None:
        self.options = options
        url = make_url(options.url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.file = Path(url.database) if self.is_sqlite and url.database else None
        self._write_lock = threading.Lock()
        if self.is_sqlite:
            self._readers = sqlite.engine_of(url, options, begin="BEGIN", query_only=True)
            self._writers = sqlite.engine_of(url, options, begin="BEGIN IMMEDIATE", query_only=False)
        else:
            self._server = Server(url, options)

    @contextmanager
    def reading(self, *, within_s: float | None = None) -> Iterator[Connection]:
        """A transaction that sees one state of the catalogue and cannot change it.

        *within_s*: how long a PostgreSQL that says nothing is waited for; otherwise somewhat longer than for a statement.
        Raises TooSlow for a statement over the time limit, Away while the database cannot be reached and Dropped when it
        hangs up, Broken while it cannot be used for any other reason.
        """
        with translated():
            if self.is_sqlite:
                with self._readers.connect() as connection:
                    connection.info["deadline"][0] = time.monotonic() + self.options.statement_timeout_s
                    with connection.begin():
                        yield connection
                return
            limit_s = self._server.reading_limit_s if within_s is None else within_s
            with self._server.connection(limit_s) as connection:
                of_one_state = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with of_one_state.begin():
                    yield connection

    @contextmanager
    def writing(self, *, is_long: bool = False) -> Iterator[Connection]:
        """A transaction that is committed, durably, when the block ends well, and undone otherwise.

        On SQLite it is the only one, in this process and among all: what it reads stays true until it ends.
        On PostgreSQL rows that a decision rests on are read `FOR UPDATE`. *is_long*: its statements may take any time.
        Raises Busy if another one holds it up for `lock_wait_s`, Unordered if the database cannot order two changes,
        otherwise like `reading`, and Unconfirmed if the database goes away while it commits.
        """
        if self.is_sqlite:
            with self._writing_alone() as connection:
                yield connection
            return
        limit_s = None if is_long else self._server.writing_limit_s
        with translated(), self._server.connection(limit_s) as connection:
            transaction = connection.begin()
            try:
                # A change reads few rows; what takes long is a step to a new schema, which must not be ended half way.
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                yield connection
            except BaseException:
                with suppress(SQLAlchemyError):  # a connection that is lost has undone it already
                    transaction.rollback()
                raise
            attempts.note_kept()
            with translated_of_committing():
                transaction.commit()

    @contextmanager
    def _writing_alone(self) -> Iterator[Connection]:
        if not self._write_lock.acquire(timeout=self.options.lock_wait_s):
            raise Busy("The catalogue is locked by another change; try again.")
        try:
            with translated(), self._writers.begin() as connection:
                yield connection
                attempts.note_kept()
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Close every connection; the next transaction would open one again."""
        if self.is_sqlite:
            self._readers.dispose()
            self._writers.dispose()
        else:
            self._server.engine.dispose()


def is_sqlite(connection: Connection) -> bool:
    """True on SQLite, False on PostgreSQL."""
    return connection.dialect.name == "sqlite"


def ask(connection: Connection, sql: str, values: Any) -> Sequence[Sequence[Any]]:
    """All rows that *sql*, in the driver's own words, gives; for what is asked on every request.

    SQLAlchemy's way to the same rows takes 0.06 ms longer, as much as a look-up. An error of the driver comes as
    SQLAlchemy would give it, so that `translated` knows it.
    """
    with _cursor(connection, sql) as cursor:
        cursor.execute(sql, values)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows


def tell(connection: Connection, sql: str, values: Any) -> int:
    """How many rows *sql*, in the driver's own words, has changed; otherwise like `ask`."""
    with _cursor(connection, sql) as cursor:
        cursor.execute(sql, values)
        count: int = cursor.rowcount
        return count


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:
    driver: Any = connection.dialect.dbapi
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except driver.Error as error:
        raise as_sqlalchemy_says(connection, sql, error) from error
    finally:
        cursor.close()
