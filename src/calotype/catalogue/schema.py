"""The schema of the database: made, brought up to date, or refused, by one program at a time."""

import importlib
import random
import time

from sqlalchemy import Connection, RowMapping, inspect, select, text

from calotype.catalogue import migrations
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.tables import schema_version
from calotype.domain.errors import Broken, Busy

#: Of our own choosing; programs that prepare the same PostgreSQL database at once wait for each other on it.
_ADVISORY_LOCK = 4_162_931


#: On PostgreSQL a change of a table waits for whoever reads it, and everybody who comes later waits behind the change. Tried
#: again for that long, a fraction of a second at a time, it holds up nobody for longer than that.
_STEP_WAIT_MS = 300
_PATIENCE_S = 120.0


class NewerDatabase(Broken):
    """The database was made by a newer program that this one cannot work beside."""


class OlderDatabase(Broken):
    """The database is older than the program, and upgrading it was not allowed."""


def prepare(catalogue: Catalogue, *, upgrade: bool = True) -> None:
    """Bring the database to the schema of this program; an empty one gets its tables.

    Everything happens in one transaction: after an interruption the database is as it was before. Alembic is loaded only
    if there is something to do. Programs that serve meanwhile go on. Raises NewerDatabase, OlderDatabase if there is
    something to do and *upgrade* is False, Broken for a database that is somebody else's, and Busy if somebody holds a
    table for all the time that we try.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return _prepare(catalogue, upgrade=upgrade)
        except Busy:
            if catalogue.is_sqlite or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 -- no secret; those who waited behind us have their turn


def _prepare(catalogue: Catalogue, *, upgrade: bool) -> None:
    with catalogue.writing(is_long=True) as connection:
        if not catalogue.is_sqlite:
            # Another program may be at a step that takes minutes; should it hang, the server ends its session.
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_STEP_WAIT_MS}")
        found = _read(connection)
        if found is not None:
            _refuse_newer(found)
        revision = found["revision"] if found is not None else ""
        steps = [step for step in migrations.REVISIONS if step > revision]
        if not steps:
            return
        if found is not None and not upgrade:
            raise OlderDatabase(f"The database is at revision {revision}, this program needs {migrations.CURRENT}.")
        _run(connection, steps)


def check_current(catalogue: Catalogue) -> None:
    """Raises what `prepare` would, and OlderDatabase where it would change something; changes nothing itself."""
    with catalogue.reading() as connection:
        found = _read(connection)
    if found is not None:
        _refuse_newer(found)
    if found is None or found["revision"] < migrations.CURRENT:
        raise OlderDatabase("The database has not been prepared by this program yet; start `calotype serve` once.")


def _read(connection: Connection) -> RowMapping | None:
    tables = inspect(connection).get_table_names()
    if schema_version.name in tables:
        return connection.execute(select(schema_version)).mappings().one()
    if tables:
        raise Broken("The database holds tables of another program; give Calotype one of its own.")
    return None


def _refuse_newer(found: RowMapping) -> None:
    needed = found["oldest_program_revision"]
    if needed > migrations.CURRENT:
        raise NewerDatabase(
            f"The database needs a program of schema revision {needed} or later; this one is at {migrations.CURRENT}."
        )


def _run(connection: Connection, steps: list[str]) -> None:
    from alembic.migration import MigrationContext  # loaded here only: a start with nothing to do does without
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for revision in steps:
        step = importlib.import_module(f"{migrations.__name__}.r{revision}")
        step.upgrade(operations)
        connection.execute(schema_version.delete())
        row = {"only_row": 1, "revision": revision, "oldest_program_revision": step.OLDEST_PROGRAM_REVISION}
        connection.execute(schema_version.insert(), row)
