"""Errors of databases and their drivers as ours; the foreign one stays the cause, for the log only.

Source: docs/design/0012-postgresql.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from calotype.domain.errors import Away, Broken, Busy, Dropped, Overtaken, Unconfirmed, Unordered

#: PostgreSQL: serialization_failure and deadlock_detected, query_canceled, lock_not_available.
_ORDER_STATES = ("40001", "40P01")
_CANCELED_STATE = "57014"
_LOCKED_STATE = "55P03"

#: connection_exception and its kind; admin_shutdown, crash_shutdown, cannot_connect_now, and ends of sessions by time.
_LOST_STATES = ("08", "57P0", "25P03", "25P04")

_UNUSABLE = "The catalogue cannot be used at the moment."


class TooSlow(Busy):
    """A statement was ended because it took longer than `statement_timeout_s`."""


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the database as ours."""
    try:
        yield
    except IntegrityError as error:
        raise Overtaken("Somebody else changed the same thing at the same time.") from error
    except DBAPIError as error:
        raise _as_ours(error) from error
    except PoolTimeout as error:
        raise Busy("All connections to the catalogue are in use; try again.") from error
    except SQLAlchemyError as error:
        raise Broken(_UNUSABLE) from error


@contextmanager
def translated_of_connecting() -> Iterator[None]:
    """The same while a connection is made: what fails then is no transaction that was lost."""
    try:
        yield
    except DBAPIError as error:
        raise Away(_UNUSABLE) from error


@contextmanager
def translated_of_committing() -> Iterator[None]:
    """The same while the database is told to keep a change: if it goes away then, nobody knows whether it has."""
    try:
        yield
    except DBAPIError as error:
        if not is_lost(error):
            raise
        raise Unconfirmed(
            "The catalogue did not say whether it has kept the change; look before trying again."
        ) from error


def is_lost(error: DBAPIError) -> bool:
    """True if the connection is gone: PostgreSQL said so, or the driver, which has no state to tell."""
    if error.connection_invalidated:
        return True
    if not hasattr(error.orig, "sqlstate"):  # SQLite's, which has no connection that could be lost
        return False
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state.startswith(_LOST_STATES) if state else isinstance(error, OperationalError)


def as_sqlalchemy_says(connection: Connection, sql: str, error: Exception) -> BaseException:
    """The driver's *error* in *sql*, which went past SQLAlchemy, in the form that `translated` looks for."""
    driver: Any = connection.dialect.dbapi
    return DBAPIError.instance(sql, None, error, driver.Error, dialect=connection.dialect)


def _as_ours(error: DBAPIError) -> Exception:
    text = str(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if state in _ORDER_STATES:
        return Unordered("Somebody else changed the same thing at the same time; try again.")
    if state == _CANCELED_STATE or text == "interrupted":
        return TooSlow("The catalogue took too long to answer.")
    if is_lost(error):
        return Dropped(_UNUSABLE)
    if state == _LOCKED_STATE or (isinstance(error, OperationalError) and ("locked" in text or "busy" in text)):
        return Busy("The catalogue is locked by another change; try again.")
    return Broken(_UNUSABLE)
