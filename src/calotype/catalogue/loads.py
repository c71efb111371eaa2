"""Statements about bulk loads: how far each has come, and whether look-ups and indexes still have to be built."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Column, Connection, delete, exists, insert, select, update

from calotype.catalogue.conditions import Binds
from calotype.catalogue.engine import is_sqlite
from calotype.catalogue.tables import blobs, images, loads, used_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last committed line of a load: its number, and its digest to tell whether the file is still the same."""

    lines_done: int
    last_line_digest: str
    look_ups_pending: bool = False


def get_position(connection: Connection, source: str) -> Position | None:
    columns = (loads.c.lines_done, loads.c.last_line_digest, loads.c.look_ups_pending)
    row = connection.execute(select(*columns).where(loads.c.source == source)).first()
    return None if row is None else Position(lines_done=row[0], last_line_digest=row[1], look_ups_pending=bool(row[2]))


def put_position(connection: Connection, source: str, position: Position) -> None:
    connection.execute(delete(loads).where(loads.c.source == source))
    connection.execute(
        insert(loads).values(
            source=source,
            lines_done=position.lines_done,
            last_line_digest=position.last_line_digest,
            look_ups_pending=position.look_ups_pending,
        )
    )


def are_look_ups_pending(connection: Connection) -> bool:
    """True if a load was interrupted while look-ups and indexes were put off."""
    return bool(connection.scalar(select(exists().where(loads.c.look_ups_pending))))


def end_pending(connection: Connection) -> None:
    connection.execute(update(loads).values(look_ups_pending=False))


def is_empty(connection: Connection) -> bool:
    """True if the catalogue holds no image and has never given an id."""
    return not connection.scalar(select(exists(select(images.c.id)) | exists(select(used_ids.c.id_key))))


def select_used_ids(connection: Connection, id_keys: Collection[str]) -> set[str]:
    """Those of *id_keys* that were ever given. One statement."""
    return _select_present(connection, used_ids.c.id_key, id_keys)


def select_blob_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of *keys* that a row names already. One statement, none without keys."""
    return _select_present(connection, blobs.c.key, keys) if keys else set()


def _select_present(connection: Connection, column: Column[str], values: Collection[str]) -> set[str]:
    binds = Binds(is_sqlite(connection))
    found = binds.among(column.name, values)
    sql = f"SELECT {column.name} FROM {column.table.name} WHERE {found}"  # noqa: S608 -- names of our own tables
    return set(connection.exec_driver_sql(sql, binds.values).scalars())
