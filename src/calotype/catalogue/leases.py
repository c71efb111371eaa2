"""Statements about work that one process does for all nodes, and about whose turn it is.

A lease runs by the database's clock. Who has it says so in each transaction that it makes under it (`keep`): then nobody else
can take it before that transaction has ended, and one whose lease ran out changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from calotype.catalogue.clock import DatabaseNow
from calotype.catalogue.engine import is_sqlite
from calotype.catalogue.tables import leases
from calotype.catalogue.times import from_micros

_MICROS = 1_000_000

_lease = leases.c
_UNTIL = DatabaseNow() + bindparam("length", type_=BigInteger)
_MINE = (_lease.name == bindparam("lease_name"), _lease.holder == bindparam("mine"))
_KEEP = update(leases).where(*_MINE, _lease.lease_until > DatabaseNow()).values(lease_until=_UNTIL)
_END = update(leases).where(*_MINE, _lease.lease_until > DatabaseNow()).values(lease_until=DatabaseNow())
_NOTE_ROUND = update(leases).where(*_MINE).values(round_ended_at=DatabaseNow())


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """*left_s*: how long the lease still runs, 0 if it ran out. *round_ended_at*: None if no round ever ended."""

    holder: str
    left_s: float
    taken_at: datetime
    round_ended_at: datetime | None


def get(connection: Connection, name: str) -> LeaseRow | None:
    """The lease of this name; None if nobody ever had it."""
    left = (_lease.lease_until - DatabaseNow()).label("left")
    row = connection.execute(select(leases, left).where(_lease.name == name)).one_or_none()
    if row is None:
        return None
    ended_at = row.round_ended_at
    return LeaseRow(
        holder=row.holder,
        left_s=max(0.0, row.left / _MICROS),
        taken_at=from_micros(row.taken_at),
        round_ended_at=None if ended_at is None else from_micros(ended_at),
    )


def take(connection: Connection, name: str, holder: str, *, lease_s: float) -> bool:
    """Have *holder* hold it for *lease_s* from now, if it did already or if the lease ran out. False if it is another's."""
    insert: Any = sqlite.insert if is_sqlite(connection) else postgresql.insert
    now = DatabaseNow()
    until = now + _micros(lease_s)
    put_in = insert(leases).values(name=name, holder=holder, lease_until=until, taken_at=now)
    statement = put_in.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "holder": holder,
            "lease_until": until,
            "taken_at": case((_lease.holder == holder, _lease.taken_at), else_=now),
        },
        where=or_(_lease.holder == holder, _lease.lease_until <= now),
    )
    return connection.execute(statement.returning(_lease.name)).first() is not None


def keep(connection: Connection, name: str, holder: str, *, lease_s: float) -> bool:
    """Hold it for *lease_s* from now, and keep others off it until the transaction ends. False if it is not *holder*'s any more.

    On PostgreSQL a process that falls asleep within the transaction loses it with the lease; it would keep others off for ever.
    """
    if not is_sqlite(connection):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {_micros(lease_s) // 1000}")
    values = {"lease_name": name, "mine": holder, "length": _micros(lease_s)}
    return connection.execute(_KEEP, values).rowcount == 1


def give_back(connection: Connection, name: str, holder: str) -> bool:
    """Let the next one have it. False if it was not *holder*'s any more."""
    return connection.execute(_END, {"lease_name": name, "mine": holder}).rowcount == 1


def note_round(connection: Connection, name: str, holder: str) -> None:
    """Note that *holder* has done all there was to do."""
    connection.execute(_NOTE_ROUND, {"lease_name": name, "mine": holder})


def _micros(seconds: float) -> int:
    return int(seconds * _MICROS)
