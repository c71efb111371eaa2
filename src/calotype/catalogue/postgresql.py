"""A pool of connections to PostgreSQL that none of ours waits on for ever, and that no lost connection comes out of twice.

Source: docs/design/0012-postgresql.md.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import InvalidatePoolError

from calotype.catalogue.failures import translated_of_connecting
from calotype.catalogue.options import CatalogueOptions
from calotype.domain.errors import Away

#: What the server has beyond its own time limit to say that it was reached.
GRACE_S = 2.0

#: A transaction of a program that was stopped or cut off must not hold its locks for ever; ours ask on within milliseconds.
_IDLE_IN_TRANSACTION_S = 60.0

#: A host that says nothing is asked so often before it is taken for gone.
_KEEPALIVES = 3


class Gate:
    """While a server is silent one caller at a time knocks, and the others are told at once.

    A server that hangs still accepts connections; without this each call would wait out its time, four at a time.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self.silent_at = 0.0
        self._knocking = Lock()

    def note_silence(self) -> None:
        self.silent_at = time.monotonic()
        self.is_silent = True

    def note_answer(self) -> None:
        self.is_silent = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Raises Away while somebody else knocks."""
        if not self.is_silent:
            yield
            return
        if not self._knocking.acquire(blocking=False):
            raise Away("The catalogue cannot be used at the moment: the database does not answer.")
        try:
            yield
        finally:
            self._knocking.release()


class Server:
    """The connections of this process to one PostgreSQL."""

    def __init__(self, url: URL, options: CatalogueOptions) -> None:
        self.gate = Gate()
        #: Longer than this no statement that reads takes on a server that works.
        self.reading_limit_s = options.statement_timeout_s + GRACE_S
        self.writing_limit_s = options.lock_wait_s + options.statement_timeout_s + GRACE_S
        self.engine = _engine(url, options, self)

    @contextmanager
    def connection(self, limit_s: float | None) -> Iterator[Connection]:
        """A connection that waits *limit_s* at most for each answer; None: for ever. Raises Away if there is none to be had."""
        with self.gate.passing(), translated_of_connecting():
            connection = self.engine.connect()
        try:
            driver: Any = connection.connection.driver_connection
            driver.limit_s = limit_s
            yield connection
        finally:
            connection.close()


def _engine(url: URL, options: CatalogueOptions, server: Server) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=options.pool_size,
        max_overflow=0,
        pool_timeout=options.longest_pool_wait_s,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=_connect_args(url, options),
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
        from calotype.catalogue.waiting import Bounded  # psycopg is loaded where there is a PostgreSQL

        try:
            connection = Bounded.connect(*arguments, **parameters)
        except Bounded.Silent:
            server.gate.note_silence()
            raise
        server.gate.note_answer()
        connection.watch(server.gate, server.reading_limit_s)
        return connection

    @event.listens_for(engine, "connect")
    def note_birth(_connection: Any, record: Any) -> None:
        record.info["born_at"], record.info["is_new"] = time.monotonic(), True

    @event.listens_for(engine, "checkout")
    def refuse_the_dead(connection: Any, record: Any, _proxy: Any) -> None:
        """Have another one made in the place of a connection that is lost, at no round trip."""
        if record.info.pop("is_new", False):
            return
        if record.info["born_at"] < server.gate.silent_at or _has_news(connection.fileno()):
            raise InvalidatePoolError

    return engine


def _has_news(descriptor: int) -> bool:
    """True if something came on a connection that nothing was asked on: its end, or why it ends. Takes 2 µs."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _connect_args(url: URL, options: CatalogueOptions) -> dict[str, Any]:
    """What libpq is told; what the URL's query says of the same is stronger."""
    session = {
        "statement_timeout": _millis(options.statement_timeout_s),
        "lock_timeout": _millis(options.lock_wait_s),
        "idle_in_transaction_session_timeout": _millis(_IDLE_IN_TRANSACTION_S),
        "TimeZone": "UTC",
    }
    ours = {
        "connect_timeout": options.connect_timeout_s,
        "keepalives_idle": options.tcp_timeout_s,
        "keepalives_interval": max(1, options.tcp_timeout_s // _KEEPALIVES),
        "keepalives_count": _KEEPALIVES,
        "tcp_user_timeout": _millis(options.tcp_timeout_s),
        "application_name": "calotype",
    }
    told = {name: value for name, value in ours.items() if name not in url.query}
    theirs = url.query.get("options", "")
    words = [f"-c {name}={value}" for name, value in session.items()]
    return told | {"options": " ".join([*words, theirs if isinstance(theirs, str) else " ".join(theirs)]).rstrip()}


def _millis(seconds: float) -> int:
    """At least 1, since 0 is PostgreSQL's word for no limit."""
    return max(1, int(seconds * 1000))
