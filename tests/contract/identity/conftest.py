"""Accounts over every database, and a clock that stands until it is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from calotype.catalogue import schema, tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.accounts import ByName, IssuedToken, PasswordProof, Scope
from calotype.domain.callers import Role
from calotype.service.accounts import Accounts
from databases import PostgresServer


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


class Town:
    """Accounts in the making: `settle` gives a user a role, `log_in` a token."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self.catalogue = catalogue
        self.accounts = Accounts(catalogue, clock)

    def settle(self, user: str = "ann", project: str = "web", role: Role = Role.MEMBER) -> None:
        """Make what is not there yet; the password is `secret of USER`, the first project the default."""
        if project not in [each.name for each in self.accounts.projects()]:
            self.accounts.create_project(project)
        if user not in [each.name for each in self.accounts.users()]:
            self.accounts.create_user(user, f"secret of {user}", project)
        self.accounts.grant(role, user, project)

    def log_in(
        self, user: str = "ann", scope: ByName | Scope = Scope.DEFAULT, password: str | None = None
    ) -> IssuedToken:
        proof = PasswordProof(ByName(user), f"secret of {user}" if password is None else password)
        return self.accounts.logins.log_in([proof], scope)


@pytest.fixture(scope="session", params=["sqlite", "postgres_18", "postgres_15"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of one prepared database for all tests here: to make one takes PostgreSQL longer than any of them."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('identity') / 'catalogue.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue(request.param)
        url = server.new_database()
    catalogue = Catalogue(CatalogueOptions(url=url, is_durable=False))
    schema.prepare(catalogue)
    catalogue.close()
    return url


@pytest.fixture
def catalogue(database: str) -> Iterator[Catalogue]:
    """A catalogue without accounts and images, each kind of database in turn."""
    catalogue = Catalogue(CatalogueOptions(url=database, is_durable=False))
    with catalogue.writing() as connection:
        for table in (tables.tokens, tables.application_credentials, tables.role_assignments, tables.users):
            connection.execute(table.delete())
        for table in (tables.projects, tables.images):
            connection.execute(table.delete())
    yield catalogue
    catalogue.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def town(catalogue: Catalogue, clock: Clock) -> Town:
    return Town(catalogue, clock)
