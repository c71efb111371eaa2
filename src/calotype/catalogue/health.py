"""Whether the database answers."""

import time
from collections.abc import Callable

from sqlalchemy import Connection, select

from calotype.catalogue.engine import Catalogue
from calotype.catalogue.tables import schema_version
from calotype.domain.errors import Away

#: Between two knocks at a database that is about to start.
_PAUSE_S = 0.25

#: What a server says that will take connections soon. Whatever else it says, it says for good.
_SOON = ("starting up", "shutting down", "recovery", "not yet accepting", "too many")


def revision(connection: Connection) -> str:
    """The revision of the schema in use, read from the database: one statement."""
    found: str = connection.execute(select(schema_version.c.revision)).scalar_one()
    return found


def wait_for(catalogue: Catalogue, patience_s: float, tell: Callable[[str], None]) -> None:
    """Return once a server of the catalogue can be reached; *tell* is called if that takes a while.

    Raises Away if it cannot be after *patience_s*, and at once if it refuses us for a reason that will not pass by itself.
    """
    if catalogue.is_sqlite:
        return
    deadline = time.monotonic() + patience_s
    has_told = False
    while True:
        try:
            with catalogue.reading():
                return
        except Away as error:
            if time.monotonic() + _PAUSE_S > deadline or _is_final(error):
                raise
        if not has_told:
            tell(f"The database cannot be reached yet; waiting for it, {patience_s:g} s at most.")
            has_told = True
        time.sleep(_PAUSE_S)


def _is_final(error: Away) -> bool:
    said = str(getattr(error.__cause__, "orig", ""))
    return "FATAL:" in said and not any(words in said for words in _SOON)
