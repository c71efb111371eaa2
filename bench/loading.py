"""Bulk load against the bare driver: the same rows into the same tables, all indexes built last."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

import population
from calotype.catalogue import deferred, loading, schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.inserting import COLUMNS, Rows, to_rows
from calotype.catalogue.records import read_entry
from data import Database
from figures import Figure, table, verdict

IMAGES = 50_000
INTO_FILLED = 10_000
SHARE_OF_FLOOR = 0.5


def measure(pairs: int, filled: Database) -> dict[str, list[float]]:
    """Images a second: `floor` and `empty` in turn, then `filled`, into a copy of *filled* that is in use."""
    lines = list(population.lines("few", IMAGES, "0" * 32))
    rows = sorted_rows(lines)
    rates: dict[str, list[float]] = {"floor": [], "empty": [], "filled": []}
    for _ in range(pairs):
        for name, load in (("floor", lambda file: _bare(file, rows)), ("empty", lambda file: _load(file, lines))):
            rates[name].append(IMAGES / _in_new_folder(load))
        print(f"  bare driver {rates['floor'][-1]:,.0f}/s, load into empty {rates['empty'][-1]:,.0f}/s")
    more = list(islice(population.lines("many", INTO_FILLED + 1, "1" * 32), INTO_FILLED))
    for _ in range(min(pairs, 3)):
        rates["filled"].append(INTO_FILLED / _in_new_folder(lambda file: _load_into_copy(file, more, filled)))
        print(f"  load into {filled.size:,} in use {rates['filled'][-1]:,.0f}/s")
    return rates


def _in_new_folder(load: Callable[[Path], float]) -> float:
    """The seconds that *load* says it took with a database file of its own."""
    folder = Path(tempfile.mkdtemp(prefix="calotype-bench-"))
    try:
        return load(folder / "catalogue.sqlite")
    finally:
        shutil.rmtree(folder)


def sorted_rows(lines: list[bytes]) -> Rows:
    """What the bare driver is given: everything read already, look-ups in the order of their keys."""
    now = datetime.now(UTC)
    rows = to_rows((read_entry(line, now) for line in lines), with_look_ups=True)
    return {one: of_table if one.name == "images" else sorted(of_table) for one, of_table in rows.items()}


def _bare(file: Path, rows: Rows) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=TRUNCATE")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{deferred.CACHE_KIB}")
    for one in rows:
        connection.execute(_sql(CreateTable(one)))
    started = time.perf_counter()
    connection.execute("BEGIN")
    for one, of_table in rows.items():
        connection.executemany(_sql_insert(one), of_table)
    for one in rows:
        for index in one.indexes:
            connection.execute(_sql(CreateIndex(index)))
    connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def _sql(element: Any) -> str:
    return str(element.compile(dialect=sqlite.dialect()))


def _sql_insert(one: Table) -> str:
    return _sql_of_insert[one.name]


_sql_of_insert = {
    one.name: str(insert(one).compile(dialect=sqlite.dialect(), column_keys=list(names)))
    for one, names in COLUMNS.items()
}


def _load(file: Path, lines: list[bytes]) -> float:
    catalogue = _catalogue(file)
    started = time.perf_counter()
    loading.load(catalogue, loading.Load(source="bench", lines=iter(lines), now=datetime.now(UTC)))
    seconds = time.perf_counter() - started
    catalogue.close()
    return seconds


def _load_into_copy(file: Path, lines: list[bytes], filled: Database) -> float:
    shutil.copy(filled.folder / "catalogue.sqlite", file)
    reader = _catalogue(file)
    with reader.reading():
        pass
    try:
        return _load(file, lines)
    finally:
        reader.close()


def _catalogue(file: Path) -> Catalogue:
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{file}"))
    schema.prepare(catalogue)
    return catalogue


def report(rates: dict[str, list[float]], filled: Database) -> str:
    share = Figure.of([ours / floor for floor, ours in zip(rates["floor"], rates["empty"], strict=True)])
    is_met = share.median >= SHARE_OF_FLOOR
    rows = [
        [f"{IMAGES:,} into an empty catalogue, images/s", Figure.of(rates["empty"]).show(0), "", ""],
        [
            "the same rows, ready made and sorted, by the bare driver, images/s",
            Figure.of(rates["floor"]).show(0),
            "",
            "",
        ],
        ["load / bare driver", share.show(), f"≥ {SHARE_OF_FLOOR}", verdict(is_met=is_met)],
        [
            f"{INTO_FILLED:,} into one of {filled.size:,} that is in use, images/s",
            Figure.of(rates["filled"]).show(0),
            "",
            "",
        ],
    ]
    if filled.made_in_s is not None:
        rate = f"{filled.size / filled.made_in_s:,.0f}"
        rows.append([f"{filled.size:,} into an empty catalogue, records made meanwhile, images/s", rate, "", ""])
    return table(["bulk load", "measured", "target", ""], rows)
