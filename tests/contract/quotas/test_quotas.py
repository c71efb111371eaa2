"""Quotas one step after the other: what counts, from when, until when, and what is refused."""

from datetime import UTC, datetime

import pytest
from ledger import counted, held, let_leases_run_out, set_quota
from sqlalchemy import select

from calotype.catalogue import tables
from calotype.domain.errors import BadData, Invalid, OverLimit
from calotype.domain.images import Status
from calotype.service import upload as uploading
from calotype.service.accounts import Accounts
from calotype.service.changes import Change
from calotype.service.housekeeping import Housekeeping
from calotype.service.upload import Declared
from unit.transfers.studio import ADMIN, MEMBER, Studio, raw_image

IMAGES, BYTES = ("mine", "images"), ("mine", "bytes")


def queued(studio: Studio, owner: str = "mine") -> str:
    return studio.images.create(ADMIN, raw_image(owner=owner)).id


def give(studio: Studio, image_id: str, owner: str | None) -> None:
    studio.images.update(ADMIN, image_id, Change(owner=owner), purge=False)


def test_a_record_counts_as_one_image_and_no_byte_whatever_size_it_declares(studio: Studio) -> None:
    studio.images.create(MEMBER, raw_image(size_bytes=1000))

    assert counted(studio.catalogue) == {IMAGES: 1}


def test_a_declared_size_counts_before_the_first_byte(studio: Studio) -> None:
    upload = studio.begin(size_bytes=700)

    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1, BYTES: 700}
    upload.give_up("end of the test")


def test_the_length_of_a_body_counts_like_a_declared_size(studio: Studio) -> None:
    upload = studio.begin(body_bytes=700)

    assert counted(studio.catalogue) == {IMAGES: 1, BYTES: 700}
    upload.give_up("end of the test")


def test_an_active_image_counts_its_true_size(studio: Studio) -> None:
    upload = studio.begin()
    for _ in range(5):
        upload.write(bytes(100))
    assert counted(studio.catalogue)[BYTES] >= 500

    upload.finish()

    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1, BYTES: 500}


def test_a_failed_upload_leaves_an_image_that_counts_and_no_byte(studio: Studio) -> None:
    upload = studio.begin(size_bytes=700)
    upload.write(bytes(600))
    with pytest.raises(BadData):
        upload.finish()

    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1}


def test_data_may_fill_a_quota_to_the_last_byte_and_not_pass_it_by_one(studio: Studio) -> None:
    set_quota(studio, size_bytes=1000)
    studio.active(bytes(400))

    with pytest.raises(OverLimit, match="1000 bytes"):
        studio.begin(size_bytes=601)
    upload = studio.begin(size_bytes=600)
    upload.write(bytes(600))
    upload.finish()

    assert counted(studio.catalogue)[BYTES] == 1000


@pytest.mark.parametrize("on_failure", [Status.KILLED, Status.QUEUED])
def test_a_new_image_whose_declared_size_has_no_room_is_left_as_failed(studio: Studio, on_failure: Status) -> None:
    set_quota(studio, size_bytes=1000)

    with pytest.raises(OverLimit):
        studio.begin(on_failure=on_failure, size_bytes=1001)

    (image,) = studio.rows(tables.images)
    assert image.status == on_failure
    assert studio.is_clean()
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1}


@pytest.mark.parametrize("on_failure", [Status.KILLED, Status.QUEUED])
def test_a_queued_image_whose_declared_size_has_no_room_is_left_as_failed(studio: Studio, on_failure: Status) -> None:
    set_quota(studio, size_bytes=1000)
    image_id = queued(studio)

    with pytest.raises(OverLimit):
        studio.uploads.begin(MEMBER, image_id, Declared(body_bytes=1001), on_failure=on_failure)

    assert studio.shown(image_id).status is on_failure
    assert studio.is_clean()
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1}


def test_data_of_unknown_length_end_before_a_step_over_the_quota_is_stored(studio: Studio) -> None:
    set_quota(studio, size_bytes=1000)
    upload = studio.begin()
    upload.write(bytes(400))
    upload.write(bytes(600))
    path = next(studio.folder.rglob("*.part"))

    with pytest.raises(OverLimit, match="1000 bytes"):
        upload.write(b"1")

    assert not path.exists()
    assert studio.shown(upload.image_id).status is Status.KILLED
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1}


def test_data_of_unknown_length_are_refused_at_once_where_no_byte_is_left(studio: Studio) -> None:
    set_quota(studio, size_bytes=0)

    with pytest.raises(OverLimit):
        studio.begin()


def test_what_was_refused_fits_in_a_smaller_size(studio: Studio) -> None:
    set_quota(studio, size_bytes=1000)
    upload = studio.begin()
    with pytest.raises(OverLimit):
        upload.write(bytes(1001))

    assert studio.active(bytes(1000)).status is Status.ACTIVE


def test_bytes_are_reserved_ahead_in_few_transactions(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "MOST_AHEAD_BYTES", 6400)
    upload = studio.begin()
    seen = set()
    for _ in range(200):
        upload.write(bytes(100))
        seen.add(counted(studio.catalogue)[BYTES])

    # 100, 300, 700, … doubling up to 12,700, then 6,500 more.
    assert sorted(seen) == [100, 300, 700, 1500, 3100, 6300, 12700, 19200, 25700]
    upload.finish()
    assert counted(studio.catalogue)[BYTES] == 20_000


def test_where_little_is_left_less_is_reserved_ahead(studio: Studio) -> None:
    set_quota(studio, size_bytes=1000)
    upload = studio.begin()
    for _ in range(10):
        upload.write(bytes(100))

    assert upload.finish().size_bytes == 1000


def test_a_deleted_image_counts_no_more(studio: Studio) -> None:
    image = studio.active(bytes(1000))
    studio.deletions.delete(MEMBER, image.id)

    assert counted(studio.catalogue) == held(studio.catalogue) == {}


def test_an_image_deleted_while_its_data_arrive_counts_no_more(studio: Studio) -> None:
    upload = studio.begin(size_bytes=700)
    studio.deletions.delete(MEMBER, upload.image_id)
    assert counted(studio.catalogue) == {}

    upload.give_up("end of the test")

    assert counted(studio.catalogue) == {}


def test_an_upload_that_was_lost_counts_until_housekeeping_ends_it(studio: Studio) -> None:
    studio.begin(size_bytes=700)
    let_leases_run_out(studio)
    before = counted(studio.catalogue)

    list(Housekeeping(studio.catalogue, studio.stores, studio.clock).uploads())

    assert before == {IMAGES: 1, BYTES: 700}
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1}


def test_a_sleeper_that_housekeeping_has_ended_counts_nothing_twice(studio: Studio) -> None:
    upload = studio.begin(size_bytes=700)
    let_leases_run_out(studio)
    list(Housekeeping(studio.catalogue, studio.stores, studio.clock).uploads())

    upload.give_up("awake again")

    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1}


def test_images_are_admitted_up_to_their_quota_and_then_nothing_is_made(studio: Studio) -> None:
    set_quota(studio, images=2)
    queued(studio)
    studio.active(bytes(10))

    with pytest.raises(OverLimit, match="2 images"):
        queued(studio)
    with pytest.raises(OverLimit, match="2 images"):
        studio.begin(size_bytes=10)
    with pytest.raises(OverLimit, match="2 images"):
        studio.begin(raw_image(disk_format=None))

    assert len(studio.rows(tables.images)) == 2
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 2, BYTES: 10}


def test_who_is_given_an_image_has_its_bytes_and_its_upload_too(studio: Studio) -> None:
    image = studio.active(bytes(100))
    upload = studio.begin(size_bytes=700)
    give(studio, image.id, "theirs")
    give(studio, upload.image_id, "theirs")
    between = counted(studio.catalogue)

    upload.write(bytes(700))
    upload.finish()

    assert between == counted(studio.catalogue) == held(studio.catalogue)
    assert between == {("theirs", "images"): 2, ("theirs", "bytes"): 800}


def test_who_has_no_room_for_an_image_is_not_given_it(studio: Studio) -> None:
    image = studio.active(bytes(100))
    set_quota(studio, "theirs", size_bytes=99)
    set_quota(studio, "admins", images=0)

    for owner in ("theirs", "admins"):
        with pytest.raises(OverLimit):
            give(studio, image.id, owner)

    assert studio.shown(image.id).owner == "mine"
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: 1, BYTES: 100}


def test_data_that_come_with_a_new_owner_count_for_that_one(studio: Studio) -> None:
    image_id = queued(studio)
    declared, change = Declared(body_bytes=100), Change(owner="theirs")
    upload = studio.uploads.begin(ADMIN, image_id, declared, on_failure=Status.KILLED, change=change)

    assert counted(studio.catalogue) == {("theirs", "images"): 1, ("theirs", "bytes"): 100}
    upload.give_up("end of the test")


def test_an_image_without_owner_counts_for_nobody(studio: Studio) -> None:
    new = raw_image(owner=None)
    upload = studio.uploads.begin_new(ADMIN, new, Declared(), on_failure=Status.KILLED)
    upload.write(bytes(100))
    image = upload.finish()
    assert counted(studio.catalogue) == {}

    give(studio, image.id, "mine")
    assert counted(studio.catalogue) == {IMAGES: 1, BYTES: 100}
    give(studio, image.id, None)
    studio.deletions.delete(ADMIN, image.id)

    assert counted(studio.catalogue) == {}


def test_an_owner_that_is_no_project_counts_and_has_no_limit(studio: Studio) -> None:
    studio.uploads.begin_new(
        ADMIN, raw_image(owner="elsewhere"), Declared(size_bytes=700), on_failure=Status.KILLED
    ).give_up("end of the test")

    assert counted(studio.catalogue) == {("elsewhere", "images"): 1}


def test_a_quota_that_is_lowered_takes_nothing_away_and_admits_nothing(studio: Studio) -> None:
    image = studio.active(bytes(100))
    set_quota(studio, size_bytes=50, images=0)

    with pytest.raises(OverLimit):
        queued(studio)
    assert studio.shown(image.id).status is Status.ACTIVE
    set_quota(studio)

    assert studio.active(bytes(100)).status is Status.ACTIVE


def test_a_quota_is_a_number_that_the_catalogue_can_hold(studio: Studio) -> None:
    for wrong in (-1, 2**63):
        with pytest.raises(Invalid):
            set_quota(studio, size_bytes=wrong)
        with pytest.raises(Invalid):
            set_quota(studio, images=wrong)
    set_quota(studio, size_bytes=2**63 - 1, images=2**63 - 1)

    assert studio.active(bytes(100)).status is Status.ACTIVE


def test_a_project_that_is_deleted_leaves_no_count(studio: Studio) -> None:
    studio.deletions.delete(MEMBER, studio.active(bytes(100)).id)

    Accounts(studio.catalogue, lambda: datetime.now(UTC)).delete_project("mine")

    with studio.catalogue.reading() as connection:
        assert connection.execute(select(tables.usage)).all() == []
