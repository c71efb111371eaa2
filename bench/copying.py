"""Bulk load on PostgreSQL against the bare driver's COPY of the same rows: into tables as they are, and with indexes built last."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, DropIndex

import population
from calotype.catalogue import loading, schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.inserting import COLUMNS, Rows
from data import Database
from figures import Figure, table, verdict
from loading import INTO_FILLED, SHARE_OF_FLOOR, sorted_rows
from postgres import Postgres

#: No more than the catalogue that is filled already holds.
MOST_IMAGES = 20_000
_NAME = "bench-load"


def measure(pairs: int, filled: Database, server: Postgres) -> dict[str, list[float]]:
    """Images a second: `floor`, `last` and `empty` in turn, then `filled`, into a copy of *filled* that is in use."""
    images, more_images = min(MOST_IMAGES, filled.size), min(INTO_FILLED, filled.size)
    lines = list(population.lines("few", images, "0" * 32))
    rows = sorted_rows(lines)
    ways: dict[str, Callable[[str], float]] = {
        "floor": lambda url: _bare(url, rows, indexes_last=False),
        "last": lambda url: _bare(url, rows, indexes_last=True),
        "empty": lambda url: _load(url, lines),
    }
    rates: dict[str, list[float]] = {name: [] for name in (*ways, "filled")}
    for _ in range(pairs):
        for name, load in ways.items():
            rates[name].append(images / load(_prepared(server.create(_NAME))))
        shown = ", ".join(f"{name} {rates[name][-1]:,.0f}/s" for name in ways)
        print(f"  {shown}", flush=True)
    more = list(islice(population.lines("many", max(1000, more_images) + 1, "1" * 32), more_images))
    for _ in range(min(pairs, 3)):
        rates["filled"].append(more_images / _load(server.create(_NAME, filled.folder.name), more))
        print(f"  load into {filled.size:,} in use {rates['filled'][-1]:,.0f}/s", flush=True)
    server.drop(_NAME)
    return rates


def _prepared(url: str) -> str:
    catalogue = Catalogue(CatalogueOptions(url=url))
    schema.prepare(catalogue)
    catalogue.close()
    return url


def _bare(url: str, rows: Rows, *, indexes_last: bool) -> float:
    indexes = [index for one in rows for index in one.indexes] if indexes_last else []
    with psycopg.connect(url, autocommit=True) as connection:
        for index in indexes:
            connection.execute(_text(DropIndex(index)))
        started = time.perf_counter()
        with connection.transaction(), connection.cursor() as cursor:
            for one, of_table in rows.items():
                names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[one]))
                with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(one.name), names)) as copy:
                    for row in of_table:
                        copy.write_row(row)
            for index in indexes:
                cursor.execute(_text(CreateIndex(index)))
        return time.perf_counter() - started


def _text(element: Any) -> bytes:
    dialect: Any = postgresql.dialect
    return str(element.compile(dialect=dialect())).encode()


def _load(url: str, lines: list[bytes]) -> float:
    """As an operator's, into a database that somebody else has open."""
    other, catalogue = Catalogue(CatalogueOptions(url=url)), Catalogue(CatalogueOptions(url=url))
    schema.prepare(other)
    started = time.perf_counter()
    loading.load(catalogue, loading.Load(source="bench", lines=iter(lines), now=datetime.now(UTC)))
    seconds = time.perf_counter() - started
    catalogue.close()
    other.close()
    return seconds


def report(rates: dict[str, list[float]], filled: Database) -> str:
    share = Figure.of([ours / floor for floor, ours in zip(rates["floor"], rates["empty"], strict=True)])
    names = {
        "empty": f"{min(MOST_IMAGES, filled.size):,} into an empty catalogue, images/s",
        "floor": "the same rows, ready made and sorted, by the bare driver's COPY in one transaction, images/s",
        "last": "the same, secondary indexes built last, images/s",
    }
    rows = [[name, Figure.of(rates[key]).show(0), "", ""] for key, name in names.items()]
    rows.append(["load / COPY", share.show(), f"≥ {SHARE_OF_FLOOR}", verdict(is_met=share.median >= SHARE_OF_FLOOR)])
    into = f"{min(INTO_FILLED, filled.size):,} into one of {filled.size:,} that is in use, images/s"
    rows.append([into, Figure.of(rates["filled"]).show(0), "", ""])
    if filled.made_in_s is not None:
        rate = f"{filled.size / filled.made_in_s:,.0f}"
        rows.append([f"{filled.size:,} into an empty catalogue, records made meanwhile, images/s", rate, "", ""])
    return table(["bulk load on PostgreSQL", "measured", "target", ""], rows)
