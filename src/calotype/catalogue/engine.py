"""Connections and transactions, on SQLite and PostgreSQL.

With SQLAlchemy's defaults on SQLite two processes lost 92 % of their acknowledged read-then-write transactions, silently.
Hence: the driver's own transaction control is off, a reading transaction cannot write, a writing one takes its lock at once.
Source: docs/design/0002-catalogue.md.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from calotype.domain.errors import Broken, Busy, Overtaken

#: `Connection` is what the floors above hand from `reading()` or `writing()` to statements; they know no more of it.
__all__ = ["Catalogue", "CatalogueOptions", "Connection", "TooSlow"]

#: SQLite asks about the deadline every so many steps of its machine: about every millisecond of work.
_STEPS_BETWEEN_QUESTIONS = 20_000


#: Between two looks at a lock that another process holds.
_PAUSE_S = 0.0005


class TooSlow(Busy):
    """A statement was ended because it took longer than `statement_timeout_s`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """What may be set about the catalogue."""

    url: str
    # Folder-wide durability of SQLite: FULL survives a power cut; OFF is for data that go at exit anyway.
    is_durable: bool = True
    pool_size: int = 8
    # A reading statement that takes longer reads far more than a page; it is ended so that others can go on.
    statement_timeout_s: float = 5.0
    # How long a transaction waits for what another one holds (on SQLite the whole file), and for a connection of the pool.
    lock_wait_s: float = 30.0


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
            self._readers = _sqlite_engine(url, options, begin="BEGIN", query_only=True)
            self._writers = _sqlite_engine(url, options, begin="BEGIN IMMEDIATE", query_only=False)
        else:
            self._readers = self._writers = _postgresql_engine(url, options)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the catalogue and cannot change it.

        Raises TooSlow for a statement over the time limit, Broken while the database cannot be reached.
        """
        with translated(), self._readers.connect() as connection:
            if self.is_sqlite:
                connection.info["deadline"][0] = time.monotonic() + self.options.statement_timeout_s
                with connection.begin():
                    yield connection
            else:
                of_one_state = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with of_one_state.begin():
                    yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed, durably, when the block ends well, and undone otherwise.

        On SQLite it is the only one, in this process and among all: what it reads stays true until it ends.
        On PostgreSQL rows that a decision rests on are read `FOR UPDATE`.
        Raises Busy if another one holds it up for `lock_wait_s`, Conflict if the database cannot order two changes.
        """
        if not self.is_sqlite:
            with translated(), self._writers.begin() as connection:
                # A change reads few rows; what takes long is a step to a new schema, which must not be ended half way.
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                yield connection
            return
        if not self._write_lock.acquire(timeout=self.options.lock_wait_s):
            raise Busy("The catalogue is locked by another change; try again.")
        try:
            with translated(), self._writers.begin() as connection:
                yield connection
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Close every connection; the next transaction would open one again."""
        self._readers.dispose()
        self._writers.dispose()


def _sqlite_engine(url: URL, options: CatalogueOptions, *, begin: str, query_only: bool) -> Engine:
    engine = create_engine(
        url,
        # Who writes has to wait at the beginning alone, and does so by itself: see `_patiently`.
        connect_args={
            "isolation_level": None,
            "timeout": options.lock_wait_s if query_only else 0,
            "check_same_thread": False,
        },
        pool_size=options.pool_size if query_only else 1,
        max_overflow=0,
        pool_timeout=options.lock_wait_s,
        # The connection used last has the catalogue's upper pages in its cache; taken in turn, each of eight is cold.
        pool_use_lifo=True,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        _use_wal(cursor, options.lock_wait_s)
        cursor.execute(f"PRAGMA synchronous={'FULL' if options.is_durable else 'OFF'}")
        # 16 MiB a connection, with eight readers 144 in all: a page of a million images touches less than 1 MiB.
        cursor.execute("PRAGMA cache_size=-16384")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
            deadline = record.info["deadline"] = [0.0]
            connection.set_progress_handler(lambda: time.monotonic() > deadline[0], _STEPS_BETWEEN_QUESTIONS)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_as_told(connection: Connection) -> None:
        # By the driver itself: SQLAlchemy's way to the same call takes as long as a whole look-up.
        driver: Any = connection.connection.driver_connection
        try:
            if query_only:  # which takes no lock
                driver.execute(begin)
            else:
                _patiently(lambda: driver.execute(begin), options.lock_wait_s)
        except sqlite3.Error as error:
            raise as_sqlalchemy_says(connection, begin, error) from error

    return engine


def _use_wal(cursor: Any, patience_s: float) -> None:
    """Have the file's journal be the write-ahead log, which it is for good from then on.

    For this one change SQLite's own time-out does not wait: of programs that make a catalogue at once, some were refused.
    """
    _patiently(lambda: cursor.execute("PRAGMA journal_mode=WAL"), patience_s)


def _patiently(act: Callable[[], object], patience_s: float) -> None:
    """Do *act* as soon as nobody has what it needs locked; raises the driver's error if that takes longer.

    SQLite's own time-out sleeps longer each time, up to 0.1 s; a transaction of ours holds the lock for one or two
    milliseconds, most of them for the disk.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            act()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _postgresql_engine(url: URL, options: CatalogueOptions) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=options.pool_size,
        max_overflow=0,
        pool_timeout=options.lock_wait_s,
        hide_parameters=True,
        connect_args={
            "options": f"-c statement_timeout={_millis(options.statement_timeout_s)}"
            f" -c lock_timeout={_millis(options.lock_wait_s)} -c TimeZone=UTC"
        },
    )


def _millis(seconds: float) -> int:
    """At least 1, since 0 is PostgreSQL's word for no limit."""
    return max(1, int(seconds * 1000))


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


def as_sqlalchemy_says(connection: Connection, sql: str, error: Exception) -> BaseException:
    """The driver's *error* in *sql*, which went past SQLAlchemy, in the form that `translated` looks for."""
    driver: Any = connection.dialect.dbapi
    return DBAPIError.instance(sql, None, error, driver.Error, dialect=connection.dialect)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the database as ours; the foreign one stays its cause, for the log only."""
    try:
        yield
    except IntegrityError as error:
        raise Overtaken("Somebody else changed the same thing at the same time.") from error
    except DBAPIError as error:
        raise _as_ours(error) from error
    except PoolTimeout as error:
        raise Busy("All connections to the catalogue are in use; try again.") from error
    except SQLAlchemyError as error:
        raise Broken("The catalogue cannot be used at the moment.") from error


#: PostgreSQL: serialization_failure and deadlock_detected, query_canceled, lock_not_available.
_ORDER_STATES = ("40001", "40P01")
_CANCELED_STATE = "57014"
_LOCKED_STATE = "55P03"


def _as_ours(error: DBAPIError) -> Exception:
    text = str(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if state in _ORDER_STATES:
        return Overtaken("Somebody else changed the same thing at the same time; try again.")
    if state == _CANCELED_STATE or text == "interrupted":
        return TooSlow("The catalogue took too long to answer.")
    if state == _LOCKED_STATE or (isinstance(error, OperationalError) and ("locked" in text or "busy" in text)):
        return Busy("The catalogue is locked by another change; try again.")
    return Broken("The catalogue cannot be used at the moment.")
