"""Loading an empty SQLite catalogue, look-ups and indexes last: interrupted anywhere, it ends up whole."""

import json
import sqlite3
from datetime import UTC, datetime
from uuid import UUID

import pytest

from calotype.catalogue import deferred, dumping, loading, schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.loading import Load
from calotype.domain.errors import Busy

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Interrupted(Exception):
    pass


def lines_of(count):
    for number in range(count):
        record = {
            "id": str(UUID(int=number)),
            "owner": f"p{number % 4}",
            "properties": {"number": str(number), "long": "x" * 200},
            "tags": [f"t{number % 3}"],
            "members": [{"member": f"m{number % 5}"}],
            "blobs": [{"store": "local", "key": f"k{number}", "size": number}],
        }
        yield json.dumps(record).encode() + b"\n"


@pytest.fixture
def new_catalogue(tmp_path):
    """Makes prepared catalogues, each in a file of its own."""
    made = []

    def make():
        path = tmp_path / f"{len(made)}.sqlite"
        catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{path}", is_durable=False))
        schema.prepare(catalogue)
        made.append(catalogue)
        return catalogue

    yield make
    for catalogue in made:
        catalogue.close()


def content(catalogue):
    """Everything in the file but positions: its schema and its rows."""
    with sqlite3.connect(catalogue.options.url.removeprefix("sqlite:///")) as connection:
        objects = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        tables = [name for kind, name, _ in objects if kind == "table" and name not in ("loads", "schema_version")]
        found = {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}  # noqa: S608
    connection.close()
    return objects, found


def load(catalogue, lines, **how):
    return loading.load(catalogue, Load(**{"source": "file", "lines": iter(lines), "now": NOW} | how))


@pytest.fixture
def whole(new_catalogue):
    """What a catalogue of 300 images holds that was loaded with all indexes in place."""
    catalogue, other = new_catalogue(), None
    other = Catalogue(catalogue.options)
    with other.reading():
        progress = load(catalogue, lines_of(300))
    assert not progress.is_deferred
    other.close()
    return content(catalogue)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(loading, "_ALONE_BYTES", 10_000)


def test_it_ends_with_the_rows_and_the_schema_of_a_load_with_all_indexes(new_catalogue, whole):
    catalogue = new_catalogue()

    progress = load(catalogue, lines_of(300))

    assert progress.is_deferred
    assert content(catalogue) == whole


def steps(catalogue):
    """How often a load of 300 images tells of itself."""
    told = []
    load(catalogue, lines_of(300), tell=lambda progress: told.append(progress.building))
    return len(told)


@pytest.mark.usefixtures("small_batches")
def test_interrupted_at_any_step_it_is_gone_on_with(new_catalogue, whole):
    for step in range(steps(new_catalogue())):
        catalogue = new_catalogue()
        interrupt(catalogue, step)

        load(catalogue, lines_of(300), resume=True)

        assert content(catalogue) == whole, step


@pytest.mark.usefixtures("small_batches")
def test_interrupted_at_any_step_a_start_makes_it_whole(new_catalogue):
    for step in range(steps(new_catalogue())):
        catalogue = new_catalogue()
        interrupt(catalogue, step)
        images = len(list(dumping.dump(catalogue)))

        deferred.finish_interrupted(catalogue)

        reference = new_catalogue()
        load(reference, list(dumping.dump(catalogue)))
        assert content(catalogue) == content(reference), step
        assert len(list(dumping.dump(catalogue))) == images


def interrupt(catalogue, step):
    """Break off a load of 300 images the moment it tells of itself for the *step*th time."""
    told = []

    def tell(progress):
        told.append(progress)
        if len(told) > step:
            raise Interrupted

    with pytest.raises(Interrupted):
        load(catalogue, lines_of(300), tell=tell)


@pytest.mark.usefixtures("small_batches")
def test_another_file_makes_an_interrupted_load_whole_before_it_is_loaded(new_catalogue, whole):
    catalogue = new_catalogue()
    lines = list(lines_of(300))
    interrupt(catalogue, 1)
    committed = len(list(dumping.dump(catalogue)))

    load(catalogue, lines[committed:], source="another")

    assert content(catalogue) == whole


@pytest.mark.usefixtures("small_batches")
def test_while_somebody_else_has_the_catalogue_open_an_interrupted_load_is_left_alone(new_catalogue):
    catalogue = new_catalogue()
    interrupt(catalogue, 1)
    other = Catalogue(catalogue.options)
    with other.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM images")
    with pytest.raises(Busy):
        load(catalogue, lines_of(300), resume=True)
    with pytest.raises(Busy):
        deferred.finish_interrupted(catalogue)
    other.close()


def test_nobody_else_gets_in_meanwhile(new_catalogue):
    catalogue = new_catalogue()
    path = catalogue.options.url.removeprefix("sqlite:///")
    refused = []

    def tell(_):
        with sqlite3.connect(path, timeout=0) as connection, pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("SELECT count(*) FROM images")
        connection.close()
        refused.append(str(caught.value))

    load(catalogue, lines_of(10), tell=tell)

    assert set(refused) == {"database is locked"}


def test_afterwards_the_file_is_in_wal_mode_and_anybody_can_use_it(new_catalogue):
    catalogue = new_catalogue()
    load(catalogue, lines_of(10))

    with sqlite3.connect(catalogue.options.url.removeprefix("sqlite:///"), timeout=0) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT count(*) FROM images").fetchone() == (10,)
    connection.close()


def test_a_catalogue_that_has_images_keeps_its_indexes(new_catalogue):
    catalogue = new_catalogue()
    lines = list(lines_of(20))
    load(catalogue, lines[:10])

    progress = load(catalogue, lines[10:], source="more")

    assert not progress.is_deferred
