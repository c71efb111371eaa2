"""Migrations end in exactly what `tables.py` says, by the databases' own account of themselves."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from calotype.catalogue import migrations, schema, tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.errors import Broken


@pytest.fixture
def unprepared(empty_database: str) -> Iterator[Catalogue]:
    catalogue = Catalogue(CatalogueOptions(url=empty_database, is_durable=False))
    yield catalogue
    catalogue.close()


def described(catalogue: Catalogue) -> set[str]:
    """Every table, index and constraint as the database itself spells it."""
    with catalogue.reading() as connection:
        return _sqlite(connection) if catalogue.is_sqlite else _postgresql(connection)


def _sqlite(connection: Connection) -> set[str]:
    rows = connection.exec_driver_sql("SELECT coalesce(sql, name) FROM sqlite_master")
    return {" ".join(row[0].split()) for row in rows}


def _postgresql(connection: Connection) -> set[str]:
    columns = (
        "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default, generation_expression"
        " FROM information_schema.columns WHERE table_schema = 'public'"
    )
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    constraints = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace"
    )
    found = [connection.exec_driver_sql(sql) for sql in (columns, indexes, constraints)]
    return {str(tuple(row)) for rows in found for row in rows}


def test_migrations_end_in_what_tables_says(unprepared: Catalogue) -> None:
    schema.prepare(unprepared)
    migrated = described(unprepared)
    with unprepared.writing() as connection:
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)

    assert migrated == described(unprepared)
    assert any("ix_images_owner_name" in one and "deleted_at" in one for one in migrated)


def test_preparing_again_changes_nothing(unprepared: Catalogue) -> None:
    schema.prepare(unprepared)
    before = described(unprepared)
    schema.prepare(unprepared, upgrade=False)

    assert described(unprepared) == before
    schema.check_current(unprepared)


def test_programs_that_start_at_once_prepare_it_once(empty_database: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        catalogue = Catalogue(CatalogueOptions(url=empty_database, is_durable=False))
        try:
            schema.prepare(catalogue)
        except BaseException as error:  # noqa: BLE001 -- handed to the test's own thread
            failures.append(error)
        finally:
            catalogue.close()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def set_revision(catalogue: Catalogue, revision: str, oldest_program_revision: str) -> None:
    with catalogue.writing() as connection:
        values = {"revision": revision, "oldest_program_revision": oldest_program_revision}
        connection.execute(tables.schema_version.update().values(values))


def test_a_newer_database_that_still_bears_this_program_is_used_as_it_is(unprepared: Catalogue) -> None:
    schema.prepare(unprepared)
    set_revision(unprepared, "9999", migrations.CURRENT)

    schema.prepare(unprepared)
    schema.check_current(unprepared)


def test_a_newer_database_that_needs_a_newer_program_is_refused(unprepared: Catalogue) -> None:
    schema.prepare(unprepared)
    set_revision(unprepared, "9999", "9999")

    with pytest.raises(schema.NewerDatabase, match="9999"):
        schema.prepare(unprepared)
    with pytest.raises(schema.NewerDatabase, match="9999"):
        schema.check_current(unprepared)


def test_an_older_database_is_left_alone_when_upgrading_is_not_allowed(unprepared: Catalogue) -> None:
    schema.prepare(unprepared)
    set_revision(unprepared, "0000", "0000")
    before = described(unprepared)

    with pytest.raises(schema.OlderDatabase, match="0000"):
        schema.prepare(unprepared, upgrade=False)
    assert described(unprepared) == before


def test_the_database_of_another_program_is_refused(unprepared: Catalogue) -> None:
    with unprepared.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(Broken, match="another program"):
        schema.prepare(unprepared)


def test_an_unprepared_database_is_not_used(unprepared: Catalogue) -> None:
    with pytest.raises(schema.OlderDatabase, match="not been prepared"):
        schema.check_current(unprepared)
