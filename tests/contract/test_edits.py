"""Edits of one image, at once and against what a catalogue counts, on every database."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from counting import Counting
from sqlalchemy import select, update

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Stores
from calotype.catalogue import accounts, tables
from calotype.catalogue.engine import Catalogue
from calotype.domain.accounts import Project
from calotype.domain.callers import Caller
from calotype.domain.edits import AddTag, Premise, RemoveProperty, RemoveTag, SetField, SetProperty
from calotype.domain.errors import CalotypeError, Conflict, ImageNotFound, OverLimit
from calotype.domain.images import Image, Status, Visibility
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.accounts import Accounts
from calotype.service.deletions import Deletions
from calotype.service.edits import Edits
from calotype.service.images import Images, NewImage
from calotype.service.options import ServiceOptions

OWNER = Caller("user", "mine", frozenset({"member"}))
ADMIN = Caller("admin", "admins", frozenset({"admin"}))

AT_ONCE = 20


def now() -> datetime:
    return datetime.now(UTC)


class House:
    """The use cases of records over one catalogue."""

    def __init__(self, catalogue: Any, **options: Any) -> None:
        rules, limits = Rules(DEFAULT_RULES), ServiceOptions(**options)
        self.catalogue = catalogue
        self.images = Images(catalogue, rules, limits, now)
        self.edits = Edits(catalogue, self.images, rules, limits)
        self.rules = rules

    def image(self, **telling: Any) -> Image:
        return self.images.create(OWNER, NewImage(**{"owner": "mine", **telling}))

    def shown(self, image_id: str) -> Image:
        return self.images.show(ADMIN, image_id)

    def put(self, image: Image, status: Status) -> Image:
        """The image in a state that no use case brings it to by itself."""
        with self.catalogue.writing() as connection:
            connection.execute(update(tables.images).where(tables.images.c.id == image.id).values(status=status.value))
        return replace(image, status=status)


@pytest.fixture
def house(catalogue: Catalogue) -> Iterator[House]:
    return House(catalogue)


Outcome = type[CalotypeError] | None


def at_once(do: Callable[[int], object]) -> list[Outcome]:
    """What *do* raised on each of twenty threads that began together; None where it ended well."""
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> Outcome:
        barrier.wait(60)
        try:
            do(number)
        except CalotypeError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def test_of_edits_at_once_every_one_is_made(house: House) -> None:
    image = house.image(properties={"old": "1"}, tags=("old",))

    def edit(number: int) -> None:
        house.edits.make(OWNER, image.id, (SetProperty(f"p{number}", "1", Premise.IS_NEW), AddTag(f"t{number}")))

    assert set(at_once(edit)) == {None}
    edited = house.shown(image.id)
    assert edited.version == image.version + AT_ONCE
    assert set(edited.properties) == {"old", *(f"p{number}" for number in range(AT_ONCE))}
    assert set(edited.tags) == {"old", *(f"t{number}" for number in range(AT_ONCE))}


def test_what_is_new_to_all_is_made_by_one(house: House) -> None:
    image = house.image()

    outcomes = at_once(lambda n: house.edits.make(OWNER, image.id, (SetProperty("p", str(n), Premise.IS_NEW),)))

    assert (outcomes.count(None), outcomes.count(Conflict)) == (1, AT_ONCE - 1)
    assert house.shown(image.id).properties == {"p": str(outcomes.index(None))}


def test_a_quota_admits_at_once_as_many_as_fit(catalogue: Catalogue) -> None:
    house = House(catalogue, property_quota=7, tag_quota=5)
    image = house.image()

    properties = at_once(lambda n: house.edits.make(OWNER, image.id, (SetProperty(f"p{n}", "1"),)))
    tags = at_once(lambda n: house.edits.make(OWNER, image.id, (AddTag(f"t{n}"),)))

    edited = house.shown(image.id)
    assert (properties.count(None), properties.count(OverLimit), len(edited.properties)) == (7, AT_ONCE - 7, 7)
    assert (tags.count(None), tags.count(OverLimit), len(edited.tags)) == (5, AT_ONCE - 5, 5)


def test_an_edit_and_a_deletion_at_once_leave_a_tombstone(house: House, tmp_path: Path) -> None:
    stores = Stores({"local": LocalStore(tmp_path, is_durable=False)}, default="local")
    deletions = Deletions(house.catalogue, stores, house.rules, now)
    image = house.image()

    def act(number: int) -> None:
        if number == AT_ONCE // 2:
            deletions.delete(OWNER, image.id, image_first=True)
        else:
            house.edits.make(OWNER, image.id, (SetField("name", "name", str(number)),))

    outcomes = at_once(act)

    assert set(outcomes) <= {None, ImageNotFound}
    assert outcomes[AT_ONCE // 2] is None
    assert house.shown(image.id).status is Status.DELETED


def test_withholding_and_handing_out_at_once_end_in_one_of_the_two(house: House) -> None:
    image = house.put(house.image(), Status.ACTIVE)
    acts = (house.edits.deactivate, house.edits.reactivate)

    assert set(at_once(lambda number: acts[number % 2](OWNER, image.id))) == {None}
    assert house.shown(image.id).status in (Status.ACTIVE, Status.DEACTIVATED)


def test_an_edit_is_answered_as_it_is_stored_and_found_by_what_it_set(house: House) -> None:
    image = house.image(properties={"os": "debian", "arch": "arm"}, tags=("a", "b"))

    answered = house.edits.make(
        OWNER,
        image.id,
        (
            SetProperty("os", "alpine"),
            RemoveProperty("arch"),
            SetProperty("", "no name"),
            RemoveTag("a"),
            AddTag(""),
            SetField("is_hidden", "os_hidden", True),
            SetField("visibility", "visibility", Visibility.COMMUNITY),
        ),
    )

    assert answered == house.shown(image.id)
    assert (answered.is_hidden, answered.visibility, answered.version) == (
        True,
        Visibility.COMMUNITY,
        image.version + 1,
    )
    with house.catalogue.reading() as connection:
        properties = connection.execute(select(tables.image_properties.c.name, tables.image_properties.c.value_key))
        tags = connection.execute(select(tables.image_tags.c.tag_key))
        assert set(properties) == {("os", "alpine"), ("", "no name")}
        assert set(tags) == {("b",), ("",)}


def test_edits_that_fail_leave_the_image_as_it_was(house: House) -> None:
    image = house.image(properties={"a": "1"})

    with pytest.raises(Conflict):
        house.edits.make(OWNER, image.id, (SetProperty("b", "1"), SetField("name", "name", "x"), RemoveProperty("c")))

    assert house.shown(image.id) == image


def test_an_image_counts_for_its_new_owner_or_stays(house: House) -> None:
    image = house.image()
    with house.catalogue.writing() as connection:
        accounts.insert_project(connection, Project(id="full", name="full", created_at=now()))
    Accounts(house.catalogue, now).set_quota("full", size_bytes=None, images=0)

    with pytest.raises(OverLimit):
        house.edits.make(ADMIN, image.id, (SetField("owner", "owner", "full"),))
    assert house.shown(image.id) == image
    assert house.edits.make(ADMIN, image.id, (SetField("owner", "owner", "theirs"),)).owner == "theirs"

    with house.catalogue.reading() as connection:
        counted = dict(list(connection.execute(select(tables.usage.c.project, tables.usage.c.value))))
    assert (counted["mine"], counted["theirs"]) == (0, 1)


def test_a_hundred_properties_take_as_many_statements_as_one(catalogue: Catalogue) -> None:
    counting = Counting(catalogue)
    house = House(counting)
    image = house.image()

    def statements(count: int) -> int:
        edits = (*(SetProperty(f"p{n}", "1") for n in range(count)), *(AddTag(f"t{n}") for n in range(count)))
        house.edits.make(OWNER, image.id, edits)
        return len(counting.statements)

    assert statements(1) == statements(100) <= 7
