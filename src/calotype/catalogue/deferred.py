"""Loading into an empty SQLite catalogue that nobody else uses: look-ups and secondary indexes are built last.

With all indexes in place a load slows down to a quarter, since every row lands in the middle of some twenty trees. What is
put off can be made from `images` (usage: and `blobs`) alone, so an interruption loses nothing: a row of `loads` says that it is still to
be done, and `build` may be begun again from any point. Decision and measurements: docs/design/0005-bulk-load.md.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, Engine, StaticPool, create_engine, delete, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, DropIndex

from calotype.catalogue import loads, usage
from calotype.catalogue.engine import Catalogue, CatalogueOptions, translated
from calotype.catalogue.keys import LONGEST_KEY_BYTES, value_key
from calotype.catalogue.tables import blobs, image_members, image_properties, image_tags, images
from calotype.domain.errors import Busy

#: The tables whose secondary indexes are put off.
_TABLES = (images, image_properties, image_tags, image_members, blobs)

#: Holds the trees of used ids of some millions of images, and what a sort collects before it spills into a file.
CACHE_KIB = 256 * 1024

#: The fill of each look-up that is made from `images` when the load is over. `value_key` is Python's; it is only asked where
#: the value is not its own key, since a call costs more than the rest of the row.
_KEY_IN_SQL = (
    f"CASE WHEN length(CAST(value AS BLOB)) <= {LONGEST_KEY_BYTES} AND substr(value, 1, 7) <> 'sha256:'"
    " THEN value ELSE value_key(value) END"
)
_FILLS = {
    image_properties: (
        f"INSERT INTO image_properties (name, value_key, image_id) SELECT key, {_KEY_IN_SQL}, images.id"  # noqa: S608 -- constants
        " FROM images, json_each(images.properties) WHERE deleted_at IS NULL AND value IS NOT NULL ORDER BY 1, 2, 3"
    ),
    image_tags: (
        f"INSERT INTO image_tags (tag_key, image_id) SELECT {_KEY_IN_SQL}, images.id"  # noqa: S608 -- constants
        " FROM images, json_each(images.tags) WHERE deleted_at IS NULL ORDER BY 1, 2"
    ),
}

Told = Callable[[str], None]
"""Called with the name of what is being built."""


def _tell_nobody(_: str) -> None: ...


@contextmanager
def alone(options: CatalogueOptions) -> Iterator[Engine | None]:
    """An engine whose one connection keeps everybody else out of a SQLite catalogue, or None where that cannot be had.

    A file that anybody has open in WAL mode cannot leave that mode, so getting a rollback journal proves that we are alone;
    it also writes each new page once instead of twice. Others wait, and get Busy, until the block ends.
    """
    url = make_url(options.url)
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        yield None
        return
    engine = _engine(url, is_durable=options.is_durable)
    try:
        if not _take(engine):
            yield None
            return
        yield engine
        _give_back(engine)
    finally:
        engine.dispose()


def _engine(url: URL, *, is_durable: bool) -> Engine:
    connect_args = {"isolation_level": None, "timeout": 0.1}
    engine = create_engine(url, connect_args=connect_args, poolclass=StaticPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=TRUNCATE")
        connection.execute(f"PRAGMA synchronous={'FULL' if is_durable else 'OFF'}")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        connection.create_function("value_key", 1, value_key, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin_exclusive(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    return engine


def _take(engine: Engine) -> bool:
    try:
        with engine.begin():
            return True
    except (OperationalError, sqlite3.OperationalError):
        return False


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction on the engine of `alone`, like `Catalogue.writing()`."""
    with translated(), engine.begin() as connection:
        yield connection


def _give_back(engine: Engine) -> None:
    """Leave the file in WAL mode. If this is never reached, the next connection of a Catalogue does the same."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA locking_mode=NORMAL")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()


def put_off(connection: Connection) -> None:
    """Take away look-ups and secondary indexes; the same transaction writes a position with `look_ups_pending`."""
    for table in _TABLES:
        for index in table.indexes:
            connection.execute(DropIndex(index, if_exists=True))
    for table in _FILLS:
        connection.execute(delete(table))


def build(engine: Engine, told: Told = _tell_nobody) -> None:
    """Make all that was put off, telling of each part before it.

    What belongs to a table is made in one transaction, and may be made again after an interruption.
    """
    for table in _TABLES:
        with writing(engine) as connection:
            if table in _FILLS:
                told(table.name)
                connection.execute(delete(table))
                connection.exec_driver_sql(_FILLS[table])
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                told(str(index.name))
                connection.execute(CreateIndex(index, if_not_exists=True))
    with writing(engine) as connection:
        told("usage")
        usage.recount(connection)
        loads.end_pending(connection)


def finish_interrupted(catalogue: Catalogue) -> None:
    """Build what a load that was interrupted had put off; nothing if nothing was. Until then listings are wrong and slow.

    Raises Busy if there is something to build and somebody else has the catalogue open.
    """
    with catalogue.reading() as connection:
        if not loads.are_look_ups_pending(connection):
            return
    catalogue.close()  # connections of our own would count as somebody else's
    with alone(catalogue.options) as engine:
        if engine is None:
            raise unfinished()
        build(engine)


def unfinished() -> Busy:
    return Busy("An interrupted load left look-ups to be built: stop the service, then load again with --resume.")
