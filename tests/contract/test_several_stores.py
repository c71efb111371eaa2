"""Data in several stores: what it costs to tell them, and what becomes of those that are removed, on every database."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from counting import Counting

from calotype.blobs.opening import open_stores
from calotype.blobs.options import read_stores
from calotype.blobs.stores import Stores
from calotype.catalogue import images, uploads, usage
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.errors import Refused
from calotype.domain.images import Image, Location, Status, StoredBlob
from calotype.domain.query import ImageQuery
from calotype.domain.quotas import Holding
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.images import Images
from calotype.service.location_options import LocationOptions
from calotype.service.options import ServiceOptions
from calotype.service.placements import Placements
from calotype.service.quotas import Quotas
from calotype.service.stores import NamedStores

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = Caller("user", "project", frozenset({"member"}))
ADMIN = Caller("boss", "admins", frozenset({"admin"}))
RULES = Rules(DEFAULT_RULES)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return open_stores(read_stores(("a=file:a", "b=file:b?weight=1", "c=file:c"), tmp_path), is_durable=False)


def insert(catalogue: Catalogue, number: int, *names: str, locations: tuple[Location, ...] = ()) -> str:
    """The id of an active image of which each of these stores holds ten bytes."""
    image = Image(
        id=f"image-{number}",
        owner="project",
        status=Status.ACTIVE,
        size_bytes=10,
        created_at=NOW,
        updated_at=NOW,
        locations=locations,
    )
    with catalogue.writing() as connection:
        images.insert_image(connection, image)
        for name in names:
            uploads.insert_blob(connection, image.id, StoredBlob(name, f"{name}{number}", 10), NOW)
        usage.reserve(connection, "project", 10 * len(names))
        usage.add_image(connection, "project")
    return image.id


def the_images(catalogue: Catalogue | Counting, stores: Stores) -> Images:
    return Images(catalogue, RULES, ServiceOptions(), lambda: NOW, Placements(stores, LocationOptions()))  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [1, 60])
def test_the_stores_of_a_page_are_one_statement_more_whatever_its_size(
    catalogue: Catalogue, stores: Stores, limit: int
) -> None:
    for number in range(61):
        insert(catalogue, number, "a", "c", "b")
    counting = Counting(catalogue)

    page = the_images(counting, stores).page(OWNER, ImageQuery(limit=limit), with_stores=True)

    assert [image.stores for image in page] == [("b", "a", "c")] * limit
    assert len(counting.statements) == 2


def test_where_there_is_one_store_no_statement_asks_for_it(catalogue: Catalogue, tmp_path: Path) -> None:
    insert(catalogue, 1, "local")
    counting = Counting(catalogue)
    single = open_stores(read_stores((), tmp_path), is_durable=False)

    (image,) = the_images(counting, single).page(OWNER, ImageQuery(), with_stores=True)

    assert (image.stores, len(counting.statements)) == ((), 1)


def test_an_empty_page_asks_for_no_store(catalogue: Catalogue, stores: Stores) -> None:
    counting = Counting(catalogue)

    assert the_images(counting, stores).page(OWNER, ImageQuery(), with_stores=True) == []
    assert len(counting.statements) == 1


def named_stores(catalogue: Catalogue, stores: Stores) -> NamedStores:
    return NamedStores(catalogue, stores, the_images(catalogue, stores), RULES)


def test_data_removed_from_a_store_count_no_more(catalogue: Catalogue, stores: Stores) -> None:
    image_id = insert(catalogue, 1, "a", "b")

    named_stores(catalogue, stores).remove_data(ADMIN, "b", image_id)

    assert the_images(catalogue, stores).show(OWNER, image_id, with_stores=True).stores == ("a",)
    holdings = Quotas(catalogue).of_caller(OWNER)
    assert holdings is not None
    assert (holdings.bytes, holdings.images) == (Holding(10, None), Holding(1, None))


def test_the_last_data_are_not_removed_and_nothing_has_changed(catalogue: Catalogue, stores: Stores) -> None:
    image_id = insert(catalogue, 1, "a")
    before = the_images(catalogue, stores).show(OWNER, image_id, with_stores=True)

    with pytest.raises(Refused):
        named_stores(catalogue, stores).remove_data(ADMIN, "a", image_id)

    assert the_images(catalogue, stores).show(OWNER, image_id, with_stores=True) == before
    holdings = Quotas(catalogue).of_caller(OWNER)
    assert holdings is not None
    assert holdings.bytes == Holding(10, None)


def test_what_lies_elsewhere_in_the_store_is_forgotten_with_it(catalogue: Catalogue, stores: Stores) -> None:
    kept, dropped = Location("https://images.example/1", "c"), Location("https://images.example/2", "b")
    image_id = insert(catalogue, 1, "b", locations=(kept, dropped))

    named_stores(catalogue, stores).remove_data(ADMIN, "b", image_id)

    image = the_images(catalogue, stores).show(OWNER, image_id, with_stores=True)
    assert (image.locations, image.stores) == ((kept,), ("c",))


def test_who_belongs_to_no_project_has_nothing(catalogue: Catalogue) -> None:
    assert Quotas(catalogue).of_caller(Caller("user", None)) is None
