"""The floor of a listing: the same SQL by the bare driver and the rows as JSON, without HTTP and without a caller."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import psycopg

from calotype.catalogue.engine import Catalogue
from calotype.catalogue.rows import STORED
from data import Database

Statements = list[tuple[str, Any]]
"""Statements with their values as the driver takes them."""


class Floor(Protocol):
    """A bare connection to one database."""

    @contextmanager
    def traced(self, catalogue: Catalogue) -> Iterator[Statements]:
        """The SELECTs of *catalogue*'s next transactions, once they were made."""

    def run(self, statements: Statements) -> None:
        """Ask them and write the images of the last as JSON."""

    def close(self) -> None: ...


def floor_of(database: Database) -> Floor:
    return _OnSqlite(database.folder) if database.url is None else _OnPostgresql(database.url)


class _OnSqlite:
    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "catalogue.sqlite", isolation_level=None)
        self._connection.execute("PRAGMA cache_size=-65536")
        self.close = self._connection.close

    @contextmanager
    def traced(self, catalogue: Catalogue) -> Iterator[Statements]:
        """Their values stand in them."""
        found: Statements = []

        def note(statement: str) -> None:
            if _is_select(statement):
                found.append((statement, ()))

        with catalogue.reading() as connection:
            driver: Any = connection.connection.driver_connection
            driver.set_trace_callback(note)
        try:
            yield found
        finally:
            driver.set_trace_callback(None)

    def run(self, statements: Statements) -> None:
        _write(statements, lambda sql, values: self._connection.execute(sql, values).fetchall())


class _OnPostgresql:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self.close = self._connection.close

    @contextmanager
    def traced(self, catalogue: Catalogue) -> Iterator[Statements]:
        """By the cursors of the connection that the pool has kept: there is one while one transaction follows the other."""
        found: Statements = []

        class Noting(psycopg.Cursor[Any]):
            def execute(self, query: Any, params: Any = None, **others: Any) -> "Noting":
                if isinstance(query, str) and _is_select(query):
                    found.append((query, params))
                super().execute(query, params, **others)
                return self

        with catalogue.reading() as connection:
            driver: Any = connection.connection.driver_connection
            usual = driver.cursor_factory
            driver.cursor_factory = Noting
        try:
            yield found
        finally:
            driver.cursor_factory = usual

    def run(self, statements: Statements) -> None:
        _write(statements, lambda sql, values: self._connection.execute(sql, values).fetchall())


def _is_select(statement: str) -> bool:
    return statement.startswith(("SELECT", "WITH"))


def _write(statements: Statements, ask: Callable[[Any, Any], Sequence[Any]]) -> None:
    rows: Sequence[Any] = ()
    for sql, values in statements:
        rows = ask(sql, values)
    # Where nothing can match there is no page, only the count of the look-ups.
    images = [dict(zip(STORED, row, strict=False)) for row in rows if len(row) >= len(STORED)]
    for image in images:
        image["properties"] = msgspec.json.decode(image["properties"])
    msgspec.json.format(msgspec.json.encode({"images": images}), indent=0)
