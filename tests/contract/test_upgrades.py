"""A database that stands at an older schema, with data, ends where a new one begins, and nothing of it is lost."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select
from test_schema import described

from calotype.catalogue import members, schema, tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.times import from_micros
from calotype.domain.callers import Caller
from calotype.domain.images import MemberStatus
from calotype.domain.query import ImageQuery
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.accounts import Accounts
from calotype.service.images import Images
from calotype.service.options import ServiceOptions

DATABASES = Path(__file__).parents[1] / "databases"

WEB, SHOP = "cd613e30d8f14adf91b7584a2265b1f5", "1e2feb89414c443c9027c4d1c386bbc4"
ANN = "78e51061731148a382ce6f447ed4d57b"
SHARED = "00000000-0000-0000-0000-000000000001"
SHARED_BY_0004 = "00000000-0000-0000-0000-000000000002"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["0001", "0002", "0003", "0004"])
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalogue(empty_database: str, revision: str) -> Iterator[Catalogue]:
    """A catalogue that was last used by a program of schema *revision*, each kind of database in turn."""
    if empty_database.startswith("sqlite"):
        connection = sqlite3.connect(empty_database.removeprefix("sqlite:///"))
        connection.executescript((DATABASES / f"{revision}.sqlite.sql").read_text())
        connection.close()
    else:
        with psycopg.connect(empty_database) as restoring:
            restoring.execute((DATABASES / f"{revision}.postgresql.sql").read_bytes())
    catalogue = Catalogue(CatalogueOptions(url=empty_database, is_durable=False))
    yield catalogue
    catalogue.close()


def test_it_ends_in_what_tables_says(catalogue: Catalogue) -> None:
    schema.prepare(catalogue)
    upgraded = described(catalogue)
    with catalogue.writing() as connection:
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)

    assert upgraded == described(catalogue)


def test_lists_show_what_they_showed(catalogue: Catalogue) -> None:
    schema.prepare(catalogue)
    images = Images(catalogue, Rules(DEFAULT_RULES), ServiceOptions(), now)

    page = images.page(Caller(ANN, WEB, frozenset({"member"})), ImageQuery(limit=25))

    assert {(image.name, image.status.value, image.size_bytes) for image in page} == {
        ("loaded", "active", 5),
        ("uploaded", "active", 12),
        ("queued", "queued", 1000),
        ("broken off, declared", "saving", None),
        ("broken off, unknown", "saving", None),
    }
    loaded = next(image for image in page if image.name == "loaded")
    assert (loaded.properties, loaded.tags) == ({"os": "debian", "note": "größe 📷"}, ("lts",))


def test_usage_is_what_images_and_uploads_hold(catalogue: Catalogue) -> None:
    schema.prepare(catalogue)

    with catalogue.reading() as connection:
        found = {(row.project, row.kind): row.value for row in connection.execute(select(tables.usage))}
        reserved = sorted(connection.execute(select(tables.uploads.c.bytes_reserved)).scalars())
    assert reserved == [700, 4096]
    assert found == {
        (WEB, "images"): 7,
        (WEB, "bytes"): 5 + 5 + 12 + 700 + 4096,
        (SHOP, "images"): 1,
        ("gone-project", "images"): 1,
        ("gone-project", "bytes"): 1 << 50,
    }


def test_projects_have_the_quotas_they_had_and_no_other(catalogue: Catalogue, revision: str) -> None:
    schema.prepare(catalogue)

    columns = (tables.projects.c.name, tables.projects.c.quota_bytes, tables.projects.c.quota_images)
    with catalogue.reading() as connection:
        quotas = {tuple(row) for row in connection.execute(select(*columns))}
    web = ("web", None, None) if revision == "0001" else ("web", 1 << 40, 100)
    assert quotas == {web, ("shop", None, None)}


def test_members_of_older_programs_have_been_there_since_the_image_was_made(catalogue: Catalogue) -> None:
    schema.prepare(catalogue)
    images = Images(catalogue, Rules(DEFAULT_RULES), ServiceOptions(), now)

    with catalogue.reading() as connection:
        (member,) = members.select_members(connection, SHARED)
    made_at = images.show(Caller(ANN, WEB, frozenset({"member"})), SHARED).created_at
    assert (member.project, member.status) == (SHOP, MemberStatus.ACCEPTED)
    assert member.shared_at == member.updated_at == made_at


def test_a_member_that_0004_took_has_its_own_times(catalogue: Catalogue, revision: str) -> None:
    schema.prepare(catalogue)

    with catalogue.reading() as connection:
        found = [(one.shared_at, one.updated_at) for one in members.select_members(connection, SHARED_BY_0004)]
    told = (from_micros(1790000001000000), from_micros(1790000002000000))
    assert found == ([told] if revision == "0004" else [])


def test_a_program_of_0004_may_go_on_beside_this_one(catalogue: Catalogue) -> None:
    schema.prepare(catalogue)

    with catalogue.reading() as connection:
        oldest = connection.execute(select(tables.schema_version.c.oldest_program_revision)).scalar_one()
    assert oldest == "0004"


def test_a_token_is_good_as_before(catalogue: Catalogue) -> None:
    schema.prepare(catalogue)

    caller = Accounts(catalogue, now).authenticate("a token of ann's")

    assert (caller.user, caller.project, caller.roles) == (ANN, WEB, frozenset({"member"}))


def test_it_is_left_alone_when_upgrading_is_not_allowed(catalogue: Catalogue, revision: str) -> None:
    before = described(catalogue)

    with pytest.raises(schema.OlderDatabase, match=revision):
        schema.prepare(catalogue, upgrade=False)
    with pytest.raises(schema.OlderDatabase):
        schema.check_current(catalogue)
    assert described(catalogue) == before
