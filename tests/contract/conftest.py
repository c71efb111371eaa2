"""Every database the catalogue supports, in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from databases import PostgresServer


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
