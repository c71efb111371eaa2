"""Tombstones go by age, with all that is left of their images, on every database. Source: docs/operate/housekeeping.md."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from counting import Counting
from sqlalchemy import func, insert, select

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Stores
from calotype.catalogue import images, members, purging, tables, uploads, usage
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.keys import id_key
from calotype.domain.callers import Caller
from calotype.domain.errors import Conflict, ImageNotFound
from calotype.domain.images import Image, Member, Status, StoredBlob
from calotype.domain.query import ImageQuery
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.deletions import Deletions
from calotype.service.housekeeping import Chore, Housekeeping, Task
from calotype.service.images import Images, NewImage
from calotype.service.options import HousekeepingOptions, ServiceOptions

OWNER = Caller("user", "project", frozenset({"member"}))
ADMIN = Caller("boss", "admins", frozenset({"admin"}))
RULES = Rules(DEFAULT_RULES)

PARTS = (tables.image_members, tables.image_properties, tables.image_tags, tables.blobs, tables.uploads)


class House:
    """A catalogue whose clock goes when it is told to, and its housekeeping, which keeps tombstones for 30 days."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self.catalogue = catalogue
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.stores = Stores({"local": LocalStore(folder, is_durable=False)}, default="local")
        self.images = Images(catalogue, RULES, ServiceOptions(), lambda: self.now)
        self.deletions = Deletions(catalogue, self.stores, RULES, lambda: self.now)

    def housekeeping(self, kept_days: int = 30, **more: Any) -> Housekeeping:
        options = HousekeepingOptions(deleted_kept_days=kept_days)
        return Housekeeping(self.catalogue, self.stores, lambda: self.now, options=options, **more)

    def purge(self, kept_days: int = 30, *, is_dry: bool = False) -> int:
        chores = list(self.housekeeping(kept_days, is_dry=is_dry).tombstones())
        assert {chore.task for chore in chores} <= {Task.PURGE_DELETED}
        return sum(chore.count for chore in chores)

    def image(self) -> Image:
        new = NewImage(name="web", owner="project", properties={"os": "debian"}, tags=("lts",))
        image = self.images.create(OWNER, new)
        with self.catalogue.writing() as connection:
            members.insert_members(connection, image, [Member(project="friend")])
        return image

    def deleted(self) -> Image:
        image = self.image()
        self.deletions.delete(OWNER, image.id)
        return image

    def insert_tombstones(self, count: int) -> None:
        """Images that were deleted now."""
        moment = self.now
        with self.catalogue.writing() as connection:
            for _ in range(count):
                image = Image(id=str(uuid4()), created_at=moment, updated_at=moment, deleted_at=moment)
                images.insert_image(connection, image)

    def go_on(self, days: float) -> None:
        self.now += timedelta(days=days)

    def count(self, table: Any) -> int:
        with self.catalogue.reading() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def usage(self) -> dict[str, int]:
        with self.catalogue.reading() as connection:
            return {row.kind: row.value for row in connection.execute(select(tables.usage)) if row.value}


@pytest.fixture
def house(catalogue: Catalogue, tmp_path: Path) -> House:
    return House(catalogue, tmp_path / "store")


def test_a_tombstone_goes_when_it_is_old_enough_with_all_its_rows(house: House) -> None:
    image = house.deleted()
    house.go_on(29)
    assert house.purge() == 0
    assert house.images.show(ADMIN, image.id).is_deleted
    house.go_on(2)

    assert house.purge() == 1

    with pytest.raises(ImageNotFound):
        house.images.show(ADMIN, image.id)
    assert [house.count(table) for table in (tables.images, *PARTS)] == [0] * 6
    assert house.purge() == 0


def test_images_that_are_there_and_those_deleted_lately_stay(house: House) -> None:
    house.deleted()
    alive = house.image()
    house.go_on(40)
    lately = house.deleted()

    assert house.purge() == 1
    assert house.images.show(OWNER, alive.id).tags == ("lts",)
    assert house.images.show(ADMIN, lately.id).is_deleted
    assert house.count(tables.images) == 2


def test_no_days_keep_them_for_ever(house: House) -> None:
    house.deleted()
    house.go_on(10_000)

    assert house.purge(0) == 0
    assert house.purge(0, is_dry=True) == 0


def test_an_id_is_not_given_again_after_a_purge(house: House) -> None:
    image = house.deleted()
    house.go_on(31)
    house.purge()

    with pytest.raises(Conflict):
        house.images.create(OWNER, NewImage(id=image.id, owner="project"))
    with house.catalogue.reading() as connection:
        assert connection.execute(select(tables.used_ids.c.id_key)).scalars().all() == [id_key(image.id)]


def test_rows_and_bytes_that_a_loaded_tombstone_still_had_go_too_and_count_no_more(house: House) -> None:
    moment = house.now
    with house.catalogue.writing() as connection:
        for number, owner in enumerate(("project", "project", None)):
            image = Image(id=f"i{number}", owner=owner, created_at=moment, updated_at=moment, deleted_at=moment)
            images.insert_image(connection, image)
            uploads.insert_blob(connection, image.id, StoredBlob("local", f"k{number}", 7), moment)
            connection.execute(insert(tables.image_tags).values(tag_key="left", image_id=image.id))
        usage.reserve(connection, "project", 14)
    for number in range(3):
        house.stores.by_name["local"].writer(f"k{number}").commit()
    kept = house.image()
    house.go_on(31)

    assert house.purge() == 3

    assert house.usage() == {"images": 1}
    assert house.count(tables.blobs) == 0
    assert list(house.stores.by_name["local"].keys()) == []
    assert house.images.show(OWNER, kept.id).member_count == 1


def test_a_dry_run_says_how_many_and_does_nothing(house: House) -> None:
    house.insert_tombstones(purging.BATCH + 5)
    house.go_on(31)
    dry = house.housekeeping(is_dry=True)

    assert list(dry.tombstones()) == [Chore(Task.PURGE_DELETED, "deleted images", purging.BATCH + 5)]
    assert house.count(tables.images) == purging.BATCH + 5
    assert house.purge() == purging.BATCH + 5


def test_a_batch_is_a_few_statements_whatever_its_size(house: House) -> None:
    house.insert_tombstones(purging.BATCH)
    house.go_on(31)
    counting = Counting(house.catalogue)

    with counting.writing() as connection:
        purged = purging.purge(connection, deleted_before=house.now, after=purging.START)

    assert (purged.count, purged.goes_on_at is not None) == (purging.BATCH, True)
    assert len(counting.statements) <= 9


def test_a_purge_keeps_to_its_rate(house: House) -> None:
    house.insert_tombstones(2 * purging.BATCH)
    house.go_on(31)
    waited: list[float] = []

    list(house.housekeeping(wait=waited.append).tombstones())

    a_batch_s = purging.BATCH / 100
    assert waited == [pytest.approx(a_batch_s, abs=0.1), pytest.approx(2 * a_batch_s, abs=1.1 * a_batch_s)]


def test_lists_beside_a_purge_are_whole(house: House) -> None:
    """Every page that is answered while tombstones go shows all images there are."""
    alive = {house.image().id for _ in range(5)}
    house.insert_tombstones(5 * purging.BATCH)
    house.go_on(31)
    failures: list[BaseException] = []
    done = threading.Event()
    pages: list[set[str]] = []

    def list_images() -> None:
        try:
            while not done.is_set() or not pages:
                pages.append({image.id for image in house.images.page(OWNER, ImageQuery(limit=100))})
        except BaseException as error:  # noqa: BLE001 -- handed to the test's own thread
            failures.append(error)

    lister = threading.Thread(target=list_images)
    lister.start()
    purged = house.purge()
    done.set()
    lister.join()

    assert failures == []
    assert purged == 5 * purging.BATCH
    assert all(page == alive for page in pages)


def test_two_purges_at_once_take_each_tombstone_once(house: House) -> None:
    house.insert_tombstones(3 * purging.BATCH)
    house.go_on(31)
    counts: list[int] = []

    purges = [threading.Thread(target=lambda: counts.append(house.purge())) for _ in range(2)]
    for one in purges:
        one.start()
    for one in purges:
        one.join()

    assert sum(counts) == 3 * purging.BATCH
    assert house.count(tables.images) == 0


def test_an_image_that_waits_to_be_deleted_is_no_tombstone(house: House) -> None:
    moment = house.now
    with house.catalogue.writing() as connection:
        waiting = Image(id="w", status=Status.PENDING_DELETE, created_at=moment, updated_at=moment)
        images.insert_image(connection, waiting)
    house.go_on(31)

    assert house.purge() == 0
