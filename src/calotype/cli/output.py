"""What commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

Value = str | bool | int | None
Row = Mapping[str, Value]

Format = Annotated[Literal["table", "json"], Parameter(name="--format")]

#: Where no terminal says how wide it is, nothing is cut.
_UNLIMITED = 100_000


def print_rows(rows: Sequence[Row], columns: Sequence[str], output: Literal["table", "json"]) -> None:
    """All *rows*, each with a value for every one of *columns*."""
    if output == "json":
        _print_json([dict(row) for row in rows])
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    _print_table(table)


def print_one(row: Row, output: Literal["table", "json"]) -> None:
    """One thing: a line a field."""
    if output == "json":
        _print_json(dict(row))
        return
    table = Table("field", "value")
    for name, value in row.items():
        table.add_row(name.replace("_", " "), _cell(value))
    _print_table(table)


def _cell(value: Value) -> Text:
    """*value* as it is: a name may look like rich's markup. What does not fit is folded, not cut."""
    match value:
        case None:
            shown = ""
        case bool():
            shown = "yes" if value else "no"
        case _:
            shown = str(value)
    return Text(shown, overflow="fold")


def _print_table(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else _UNLIMITED).print(table)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))
