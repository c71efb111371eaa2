"""A page costs two statements at most, and one that takes too long is ended with the filters' names."""

from datetime import UTC, datetime

import pytest
from counting import counted

from calotype.catalogue import images, listing
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.callers import Caller
from calotype.domain.errors import Busy, Invalid
from calotype.domain.images import Image, Status
from calotype.domain.query import Compare, Comparison, Field, HasProperty, HasTag, ImageQuery, OneOf
from calotype.domain.rights import list_scope

OWNER = Caller("user", "project", frozenset({"member"}))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_FILTER = (
    OneOf(Field.NAME, ("image",)),
    OneOf(Field.STATUS, ("active",)),
    HasProperty("os", "debian"),
    HasTag(("web",)),
    Compare(Field.UPDATED_AT, Comparison.GTE, NOW),
)


def insert_images(catalogue: Catalogue, count: int) -> None:
    with catalogue.writing() as connection:
        for number in range(count):
            image = Image(
                id=f"image-{number}",
                name="image",
                owner="project",
                status=Status.ACTIVE,
                created_at=NOW,
                updated_at=NOW,
                properties={"os": "debian"},
                tags=("web",),
            )
            images.insert_image(connection, image)


@pytest.mark.parametrize("limit", [1, 60])
def test_a_page_is_two_statements_whatever_its_size_and_filters(catalogue: Catalogue, limit: int) -> None:
    insert_images(catalogue, 100)
    query = ImageQuery(conditions=EVERY_FILTER, marker="image-99", with_gone=True, limit=limit)
    with catalogue.reading() as connection, counted(connection) as statements:
        page = listing.select_page(connection, list_scope(OWNER, query), query)

    assert len(page) == limit
    assert len(statements) == 2


def test_a_page_of_as_many_filters_as_there_may_be_is_two_statements(catalogue: Catalogue) -> None:
    """500 were more than SQLite puts together, and 64 took PostgreSQL a second."""
    insert_images(catalogue, 3)
    query = ImageQuery(conditions=(HasTag(("web",)),) * listing.MOST_CONDITIONS, hidden=False)
    with catalogue.reading() as connection, counted(connection) as statements:
        page = listing.select_page(connection, list_scope(OWNER, query), query)

    assert len(page) == 3
    assert len(statements) == 2


def test_more_filters_are_refused(catalogue: Catalogue) -> None:
    query = ImageQuery(conditions=(HasTag(("web",)),) * (listing.MOST_CONDITIONS + 1))
    with pytest.raises(Invalid, match=r"129 conditions.*more than 128"), catalogue.reading() as connection:
        listing.select_page(connection, list_scope(OWNER, query), query)


def test_a_page_without_marker_and_filters_is_one_statement(catalogue: Catalogue) -> None:
    query = ImageQuery()
    with catalogue.reading() as connection, counted(connection) as statements:
        listing.select_page(connection, list_scope(OWNER, query), query)

    assert len(statements) == 1


def test_a_listing_that_takes_too_long_is_ended_and_names_its_filters(
    catalogue: Catalogue, empty_database: str
) -> None:
    insert_images(catalogue, 5_000)
    impatient = Catalogue(CatalogueOptions(url=empty_database, statement_timeout_s=0.0 if catalogue.is_sqlite else 0.5))
    query = ImageQuery(conditions=(OneOf(Field.STATUS, ("queued",)), Compare(Field.SIZE, Comparison.LTE, 1)))

    with catalogue.writing() as holding:
        if not catalogue.is_sqlite:  # PostgreSQL reads 5,000 rows in less than its timer can tell
            holding.exec_driver_sql("LOCK TABLE images IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Busy, match="Filters in use: size_bytes, status"), impatient.reading() as connection:
            listing.select_page(connection, list_scope(OWNER, query), query)
    impatient.close()
