"""What may be set about the catalogue; loads no database's library, so that a configuration can be read without one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """How a program works with its database. Source: docs/operate/configure.md, docs/design/0012-postgresql.md."""

    database_pool_size: int = 8
    """Connections of a worker to its database, 1000 at most; on PostgreSQL all workers of all nodes together must stay below its max_connections."""
    database_pool_wait_s: float = 10.0
    """Seconds that a call waits for one of them; then 503."""
    database_connect_timeout_s: int = 3
    """Seconds for a connection to PostgreSQL to be made, for each of its addresses; less than 2 are 2."""
    database_tcp_timeout_s: int = 10
    """Seconds after which a host that acknowledges nothing is taken for gone: keep-alives and TCP_USER_TIMEOUT."""
    database_statement_timeout_s: float = 5.0
    """Seconds for a statement that reads, at least 0.1; then 503. A server that says nothing for 2 s more is taken for gone."""
    database_lock_wait_s: float = 30.0
    """Seconds that a change waits for another one, at least 0.1 (on SQLite for the whole file); then 503."""
    database_wait_s: float = 15.0
    """Seconds that a start waits for a PostgreSQL that cannot be reached, which may be starting itself; then exit code 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """What one catalogue is opened with."""

    url: str
    # Folder-wide durability of SQLite: FULL survives a power cut; OFF is for data that go at exit anyway.
    is_durable: bool = True
    pool_size: int = 8
    # How long a call waits for a connection of the pool; None: as long as for a lock.
    pool_wait_s: float | None = None
    connect_timeout_s: int = 3
    tcp_timeout_s: int = 10
    # A reading statement that takes longer reads far more than a page; it is ended so that others can go on.
    statement_timeout_s: float = 5.0
    # How long a transaction waits for what another one holds; on SQLite the whole file.
    lock_wait_s: float = 30.0

    @property
    def longest_pool_wait_s(self) -> float:
        return self.lock_wait_s if self.pool_wait_s is None else self.pool_wait_s


def of(options: DatabaseOptions, url: str, *, is_durable: bool = True) -> CatalogueOptions:
    """*options* for the database at *url*."""
    return CatalogueOptions(
        url=url,
        is_durable=is_durable,
        pool_size=options.database_pool_size,
        pool_wait_s=options.database_pool_wait_s,
        connect_timeout_s=options.database_connect_timeout_s,
        tcp_timeout_s=options.database_tcp_timeout_s,
        statement_timeout_s=options.database_statement_timeout_s,
        lock_wait_s=options.database_lock_wait_s,
    )
