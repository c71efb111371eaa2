"""Statements of every transfer, put together once for each kind of database and then given to the driver as text.

SQLAlchemy's way to the rows of one look-up takes 0.09 ms, the driver's 0.02; an upload makes ten such statements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from calotype.catalogue.engine import ask, tell


class Prepared:
    """*statement* with its values bound by name; they and the rows pass as the driver has them, without types between."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[Sequence[Any]]:
        """All rows it gives."""
        text = self._text(connection.dialect)
        return ask(connection, text.sql, text.bound(values))

    def run(self, connection: Connection, **values: Any) -> int:
        """How many rows it has changed. Raises SQLAlchemy's IntegrityError for a key that is taken."""
        text = self._text(connection.dialect)
        return tell(connection, text.sql, text.bound(values))

    def _text(self, dialect: Dialect) -> "_Text":
        known = self._texts.get(dialect.name)
        if known is None:
            compiled = cast("SQLCompiler", self._statement.compile(dialect=dialect))
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            known = self._texts[dialect.name] = _Text(str(compiled), constants, compiled.positiontup)
        return known


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement in the driver's own words. *order*: of its values, where they have no names."""

    sql: str
    constants: Mapping[str, Any]
    order: Sequence[str] | None

    def bound(self, values: Mapping[str, Any]) -> Any:
        named = {**self.constants, **values}
        return named if self.order is None else [named[name] for name in self.order]
