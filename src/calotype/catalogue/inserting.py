"""Many images at once into their tables: by the driver's `executemany` on SQLite, by COPY on PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, insert

from calotype.catalogue import member_rows
from calotype.catalogue.engine import is_sqlite
from calotype.catalogue.keys import id_key
from calotype.catalogue.records import Entry
from calotype.catalogue.rows import STORED, property_keys, tag_keys, to_row
from calotype.catalogue.tables import blobs, image_members, image_properties, image_tags, images, used_ids
from calotype.domain.errors import Broken, Conflict

Rows = Mapping[Table, list[tuple[Any, ...]]]

#: The columns of each table, in its order, in which `to_rows` gives their values.
COLUMNS = {
    images: STORED,
    used_ids: ("id_key",),
    image_properties: ("name", "value_key", "image_id"),
    image_tags: ("tag_key", "image_id"),
    image_members: member_rows.STORED,
    blobs: ("key", "store", "image_id", "size_bytes", "created_at"),
}

_stored = itemgetter(*STORED)


def to_rows(entries: Iterable[Entry], *, with_look_ups: bool) -> Rows:
    """The rows of *entries* by table; without look-ups those of properties and tags are left for later."""
    rows: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
    for entry in entries:
        row = to_row(entry.image)
        rows[images].append(_stored(row))
        rows[used_ids].append((id_key(entry.image.id),))
        if entry.members or entry.blobs:
            _add_parts(rows, entry, row["created_at"])
        if with_look_ups and not entry.image.is_deleted:
            _add_look_ups(rows, entry)
    return rows


def _add_parts(rows: Rows, entry: Entry, created_at: int) -> None:
    image_id = entry.image.id
    rows[image_members].extend(member_rows.to_row(member, image_id, created_at) for member in entry.members)
    rows[blobs].extend((blob.key, blob.store, image_id, blob.size_bytes, created_at) for blob in entry.blobs)


def _add_look_ups(rows: Rows, entry: Entry) -> None:
    image = entry.image
    rows[image_properties].extend((name, key, image.id) for name, key in property_keys(image))
    rows[image_tags].extend((key, image.id) for key in tag_keys(image))


def insert_rows(connection: Connection, rows: Rows) -> None:
    """Put *rows* into their tables, one call of the driver a table. Raises Conflict if a key is there already."""
    into = _execute_many if is_sqlite(connection) else _copy
    for table, of_table in rows.items():
        if of_table:
            into(connection, table, of_table)


def _execute_many(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    statement = str(insert(table).compile(dialect=connection.dialect, column_keys=COLUMNS[table]))
    connection.exec_driver_sql(statement, rows)


def _copy(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.name} ({', '.join(COLUMNS[table])}) FROM STDIN"
    with _psycopg_translated(), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _psycopg_translated() -> Iterator[None]:
    """COPY goes past SQLAlchemy, so its errors come as the driver's own."""
    import psycopg

    try:
        yield
    except (psycopg.errors.UniqueViolation, psycopg.errors.SerializationFailure) as error:
        raise Conflict("Somebody else changed the same thing at the same time; try again.") from error
    except psycopg.Error as error:
        raise Broken("The catalogue cannot be used at the moment.") from error
