"""Engines over a SQLite file: the driver's own transaction control is off, and who writes takes the lock at once.

Source: docs/design/0002-catalogue.md.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine

from calotype.catalogue.failures import as_sqlalchemy_says
from calotype.catalogue.options import CatalogueOptions

#: SQLite asks about the deadline every so many steps of its machine: about every millisecond of work.
_STEPS_BETWEEN_QUESTIONS = 20_000

#: Between two looks at a lock that another process holds.
_PAUSE_S = 0.0005


def engine_of(url: URL, options: CatalogueOptions, *, begin: str, query_only: bool) -> Engine:
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
        pool_timeout=options.longest_pool_wait_s,
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
