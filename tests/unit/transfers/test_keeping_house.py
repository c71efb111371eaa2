"""What housekeeping ends and removes, and what it leaves alone."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update
from studio import ADMIN, MEMBER, Studio, everything, raw_image

from calotype.blobs.opening import open_stores
from calotype.blobs.options import read_stores
from calotype.blobs.stores import Stores
from calotype.catalogue import tables, uploads
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.times import to_micros
from calotype.domain.errors import Broken, Conflict
from calotype.domain.images import Image, Status, StoredBlob
from calotype.service.housekeeping import Chore, Housekeeping, Task
from calotype.service.options import HousekeepingOptions
from calotype.service.upload import Declared


def housekeeping(studio: Studio, *, is_dry: bool = False) -> Housekeeping:
    return Housekeeping(studio.catalogue, studio.stores, studio.clock, is_dry=is_dry)


def let_leases_lapse(studio: Studio) -> None:
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.uploads).values(lease_until=0))


def age(studio: Studio, days: float = 1.1) -> None:
    """Make everything in the store as old as that."""
    moment = time.time() - days * 86400
    for path in studio.folder.rglob("*"):
        os.utime(path, (moment, moment))


def leave_orphan(studio: Studio, key: str = "0rphan") -> None:
    studio.store.writer(key).commit()


@pytest.mark.parametrize("on_failure", [Status.KILLED, Status.QUEUED])
def test_an_upload_whose_lease_ran_out_leaves_the_image_as_told_and_nothing_else(
    studio: Studio, on_failure: Status
) -> None:
    upload = studio.begin(on_failure=on_failure)
    upload.write(b"data")
    let_leases_lapse(studio)
    studio.clock.go_on(400)

    chores = list(housekeeping(studio).uploads())

    assert chores == [Chore(Task.END_UPLOAD, f"image {upload.image_id} becomes {on_failure}")]
    image = studio.shown(upload.image_id)
    assert (image.status, image.updated_at) == (on_failure, studio.clock.now)
    assert studio.is_clean()


def test_an_upload_that_is_alive_is_left_alone(studio: Studio) -> None:
    upload = studio.begin()
    upload.write(b"data")

    assert list(housekeeping(studio).everything()) == []

    assert upload.finish().status is Status.ACTIVE


def test_a_sleeper_that_wakes_up_gets_a_conflict_and_leaves_nothing(studio: Studio) -> None:
    sleeper = studio.begin()
    sleeper.write(b"data")
    let_leases_lapse(studio)
    list(housekeeping(studio).uploads())

    with pytest.raises(Conflict):
        sleeper.finish()

    assert studio.shown(sleeper.image_id).status is Status.KILLED
    assert studio.is_clean()


def test_an_image_that_housekeeping_queued_again_takes_the_second_upload(studio: Studio) -> None:
    sleeper = studio.begin(on_failure=Status.QUEUED)
    sleeper.write(b"sleeper")
    let_leases_lapse(studio)
    list(housekeeping(studio).uploads())
    second = studio.uploads.begin(MEMBER, sleeper.image_id, Declared(), on_failure=Status.QUEUED)
    second.write(b"second")

    with pytest.raises(Conflict):
        sleeper.finish()
    image = second.finish()

    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"second"
    assert studio.files() == [row.key for row in studio.rows(tables.blobs)]
    assert list(housekeeping(studio).everything()) == []


class MeanwhileCatalogue(Catalogue):
    """Lets somebody else do something before the next writing transaction."""

    meanwhile: Callable[[], object] | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        with super().writing() as connection:
            yield connection


@pytest.mark.parametrize("others", ["renews", "finishes"])
def test_an_upload_that_wakes_up_first_is_not_ended(studio: Studio, others: str) -> None:
    upload = studio.begin()
    upload.write(b"data")
    let_leases_lapse(studio)
    catalogue = MeanwhileCatalogue(studio.catalogue.options)
    studio.clock.go_on(31)
    catalogue.meanwhile = (lambda: upload.write(b"more")) if others == "renews" else upload.finish

    chores = list(Housekeeping(catalogue, studio.stores, studio.clock).uploads())

    assert chores == []
    if others == "renews":
        upload.finish()
    assert studio.shown(upload.image_id).status is Status.ACTIVE
    catalogue.close()


def test_two_housekeepers_end_an_upload_once(studio: Studio) -> None:
    studio.begin()
    let_leases_lapse(studio)
    catalogue = MeanwhileCatalogue(studio.catalogue.options)
    first: list[Chore] = []
    catalogue.meanwhile = lambda: first.extend(housekeeping(studio).uploads())

    second = list(Housekeeping(catalogue, studio.stores, studio.clock).uploads())

    assert (len(first), len(second)) == (1, 0)
    assert studio.is_clean()
    catalogue.close()


def test_bytes_that_cannot_be_removed_now_are_an_orphan_later(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = studio.begin()
    let_leases_lapse(studio)

    def fail(*_arguments: Any) -> None:
        raise Broken("The store cannot be used at the moment.")

    with monkeypatch.context() as patch:
        patch.setattr(type(studio.store), "delete", fail)
        list(housekeeping(studio).uploads())
    assert studio.shown(upload.image_id).status is Status.KILLED
    age(studio)

    assert [chore.task for chore in housekeeping(studio).everything()] == [Task.REMOVE_BYTES]
    assert studio.is_clean()


def test_a_saving_image_without_an_upload_is_left_alone(studio: Studio, an_image: Callable[..., Image]) -> None:
    image = an_image(status=Status.SAVING)
    with studio.catalogue.writing() as connection:
        connection.execute(insert(tables.images), _as_row(image))

    assert list(housekeeping(studio).everything()) == []
    assert studio.shown(image.id).status is Status.SAVING


def _as_row(image: Image) -> Any:
    from calotype.catalogue.rows import to_row

    return to_row(image)


def test_a_key_that_nothing_names_goes_after_a_day(studio: Studio) -> None:
    leave_orphan(studio)
    age(studio, days=0.9)
    assert list(housekeeping(studio).orphans()) == []
    age(studio, days=1.1)

    chores = list(housekeeping(studio).orphans())

    assert chores == [Chore(Task.REMOVE_BYTES, "local/0rphan")]
    assert studio.is_clean()


def test_old_keys_of_images_and_of_uploads_under_way_stay(studio: Studio) -> None:
    image = studio.active(b"data")
    upload = studio.begin()
    upload.write(b"more")
    age(studio)

    assert list(housekeeping(studio).orphans()) == []

    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"data"
    assert upload.finish().size_bytes == 4


def test_a_store_full_of_unknown_keys_is_left_alone_until_somebody_asks(studio: Studio) -> None:
    studio.active(b"data")
    for number in range(101):
        leave_orphan(studio, f"key{number}")
    age(studio)

    assert list(housekeeping(studio).orphans(is_asked_for=False)) == []
    assert len(studio.files()) == 102
    assert len(list(housekeeping(studio).orphans())) == 101
    assert len(studio.files()) == 1


def test_more_keys_than_one_statement_asks_about_are_told_apart(studio: Studio) -> None:
    kept = {studio.begin().image_id for _ in range(3)}
    for number in range(1100):
        leave_orphan(studio, f"key{number}")
    age(studio)

    assert len(list(housekeeping(studio).orphans())) == 1100
    assert len(studio.files()) == len(kept)


def insert_tokens(studio: Studio, count: int, expires_in_s: int) -> None:
    now = to_micros(studio.clock.now)
    row = {"user_id": "u", "project_id": None, "methods": "password", "audit_id": "a", "issued_at": now}
    rows = [
        {**row, "token_hash": f"{expires_in_s}-{number}", "expires_at": now + expires_in_s * 1_000_000}
        for number in range(count)
    ]
    with studio.catalogue.writing() as connection:
        connection.execute(insert(tables.tokens), rows)


def test_tokens_that_are_over_go_however_many_and_no_others(studio: Studio) -> None:
    insert_tokens(studio, 2500, expires_in_s=-1)
    insert_tokens(studio, 3, expires_in_s=1)

    chores = list(housekeeping(studio).tokens())

    assert sum(chore.count for chore in chores) == 2500
    assert {chore.task for chore in chores} == {Task.REMOVE_TOKENS}
    assert len(studio.rows(tables.tokens)) == 3


def test_a_dry_run_says_the_same_and_does_nothing(studio: Studio) -> None:
    leave_orphan(studio)
    upload = studio.begin()
    let_leases_lapse(studio)
    age(studio)
    insert_tokens(studio, 1500, expires_in_s=-1)
    files = studio.files()

    said = list(housekeeping(studio, is_dry=True).everything())

    assert said == [
        Chore(Task.END_UPLOAD, f"image {upload.image_id} becomes killed"),
        Chore(Task.REMOVE_BYTES, "local/0rphan"),
        Chore(Task.REMOVE_TOKENS, "expired tokens", 1500),
    ]
    assert studio.files() == files
    assert len(studio.rows(tables.uploads)) == 1
    assert len(studio.rows(tables.tokens)) == 1500


def test_a_new_image_is_taken_after_all_of_it(studio: Studio) -> None:
    studio.begin()
    let_leases_lapse(studio)
    list(housekeeping(studio).everything())

    image = studio.active(b"data", raw_image(name="next"))

    assert studio.images.show(ADMIN, image.id).status is Status.ACTIVE


def several(studio: Studio, *texts: str) -> Stores:
    """Stores below the studio's folder, an orphan in each that was made."""
    stores = open_stores(read_stores(texts, studio.folder), is_durable=False)
    for store in stores.by_name.values():
        store.writer("0rphan").commit()
    age(studio)
    return stores


def test_every_store_is_gone_through_but_one_that_is_only_read(studio: Studio) -> None:
    stores = several(studio, "a=file:a", "b=file:b", "c=file:c?read_only=true")

    chores = list(Housekeeping(studio.catalogue, stores, studio.clock).orphans())

    assert [chore.subject for chore in chores] == ["a/0rphan", "b/0rphan"]
    assert [list(store.keys()) for store in stores.by_name.values()] == [[], [], ["0rphan"]]


def test_a_store_that_does_not_work_keeps_no_other_from_its_turn(studio: Studio) -> None:
    stores = several(studio, "a=file:a", "b=file:b")
    shutil.rmtree(studio.folder / "a")
    done: list[str] = []
    chores = Housekeeping(studio.catalogue, stores, studio.clock).orphans()

    with pytest.raises(Broken):
        done.extend(chore.subject for chore in chores)

    assert done == ["b/0rphan"]


def test_a_key_that_is_named_while_orphans_are_looked_for_stays(studio: Studio) -> None:
    """As when a catalogue file is loaded over image data that are there already."""
    leave_orphan(studio, "loaded")
    age(studio)

    def load(_seconds: float) -> None:
        with studio.catalogue.writing() as connection:
            uploads.insert_blob(connection, "i", StoredBlob("local", "loaded", 0), studio.clock.now)

    house = Housekeeping(studio.catalogue, studio.stores, studio.clock, wait=load)

    assert list(house.orphans()) == []
    assert studio.files() == ["loaded"]


def test_orphans_are_removed_at_a_rate(studio: Studio) -> None:
    for number in range(20):
        leave_orphan(studio, f"key{number}")
    age(studio)
    waited: list[float] = []
    options = HousekeepingOptions(housekeeping_removals_per_s=10)
    house = Housekeeping(studio.catalogue, studio.stores, studio.clock, options=options, wait=waited.append)

    assert len(list(house.orphans())) == 20
    assert waited[-1] == pytest.approx(2.0, abs=0.5)


def test_how_many_suspicious_orphans_were_kept_is_known(studio: Studio) -> None:
    for number in range(101):
        leave_orphan(studio, f"key{number}")
    age(studio)
    house = housekeeping(studio)

    list(house.orphans(is_asked_for=False))
    assert house.kept_orphans == {"local": 101}
    list(house.orphans())
    assert house.kept_orphans == {"local": 0}
