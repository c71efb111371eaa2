"""The statements that the driver is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine

from calotype.catalogue.engine import Catalogue


def reading_engine(catalogue: Catalogue) -> Engine:
    """What reads of *catalogue* go through, to listen to."""
    return catalogue._readers if catalogue.is_sqlite else catalogue._server.engine


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """The statements the driver is given on *connection*; one that is given with many rows at once counts as one.

    SQLite reports such a one row by row, so there insertions into one table are told apart by what comes between them only.
    """
    statements: list[str] = []
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":

        def note(statement: str) -> None:
            beginning = statement.partition(" VALUES ")[0]
            if not (statements and statement.startswith("INSERT") and statements[-1].startswith(beginning)):
                statements.append(statement)

        driver.set_trace_callback(note)
        yield statements
        driver.set_trace_callback(None)
        return

    class Noting(psycopg.Cursor):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            statements.append(str(query))
            return super().execute(query, *arguments, **options)

        def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
            statements.append(str(query))
            super().executemany(query, *arguments, **options)

    usual, driver.cursor_factory = driver.cursor_factory, Noting
    yield statements
    driver.cursor_factory = usual


class Counting:
    """A catalogue that keeps the statements of its last transaction."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.statements: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._catalogue.reading() as connection, counted(connection) as self.statements:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._catalogue.writing() as connection, counted(connection) as self.statements:
            yield connection
