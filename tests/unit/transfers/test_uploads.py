"""One upload: what stands while it runs, what is left when it ends, well or not."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update
from studio import ADMIN, MEMBER, READER, STRANGER, Studio, everything, raw_image

from calotype.blobs.local import LocalWriter
from calotype.catalogue import tables
from calotype.catalogue import uploads as statements
from calotype.catalogue.engine import Catalogue
from calotype.domain.errors import (
    BadData,
    Broken,
    Conflict,
    ImageGone,
    ImageNotFound,
    Invalid,
    NoSpace,
    OverLimit,
    Refused,
)
from calotype.domain.images import Status, Visibility
from calotype.domain.rights import Action
from calotype.service.images import NewImage
from calotype.service.upload import Declared, Upload

MIB = 1 << 20


def the_image(studio: Studio) -> Any:
    """The only row of `images`."""
    (row,) = studio.rows(tables.images)
    return row


def test_an_upload_makes_the_image_active_with_all_that_its_bytes_tell(studio: Studio) -> None:
    steps = [os.urandom(MIB), os.urandom(MIB), b"the rest"]
    upload = studio.begin()
    for step in steps:
        upload.write(step)
    studio.clock.go_on(5)

    image = upload.finish()

    data = b"".join(steps)
    assert image == studio.shown(image.id)
    assert (image.status, image.size_bytes, image.virtual_size_bytes) == (Status.ACTIVE, len(data), len(data))
    assert image.checksum == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert (image.os_hash_algo, image.os_hash_value) == ("sha512", hashlib.sha512(data).hexdigest())
    assert image.updated_at == studio.clock.now
    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == data


def test_the_row_and_the_image_stand_before_the_first_byte(studio: Studio) -> None:
    upload = studio.begin(size_bytes=700)

    (row,) = studio.rows(tables.uploads)
    assert (row.image_id, row.store, row.on_failure, row.node) == (upload.image_id, "local", "killed", "here")
    assert (row.size_declared, row.bytes_done) == (700, 0)
    assert studio.shown(upload.image_id).status is Status.SAVING
    assert studio.files() == [f"{row.blob_key}.part"]
    upload.give_up("end of the test")


def test_a_finished_upload_leaves_a_blob_and_no_row(studio: Studio) -> None:
    image = studio.active(b"data")

    (blob,) = studio.rows(tables.blobs)
    assert (blob.image_id, blob.store, blob.size_bytes) == (image.id, "local", 4)
    assert studio.files() == [blob.key]
    assert studio.rows(tables.uploads) == []


def test_keys_are_random_and_tell_nothing_of_the_image(studio: Studio) -> None:
    first, second = studio.active(b"same"), studio.active(b"same")

    keys = [row.key for row in studio.rows(tables.blobs)]
    assert len(set(keys)) == 2
    assert all(len(key) == 32 for key in keys)
    assert not {first.id.replace("-", ""), second.id.replace("-", "")} & set(keys)


def test_an_upload_without_bytes_makes_an_empty_raw_image(studio: Studio) -> None:
    image = studio.begin().finish()

    assert (image.status, image.size_bytes) == (Status.ACTIVE, 0)
    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b""


@pytest.mark.parametrize(("on_failure"), [Status.KILLED, Status.QUEUED])
def test_giving_up_leaves_nothing_but_the_image_as_told(studio: Studio, on_failure: Status) -> None:
    upload = studio.begin(on_failure=on_failure)
    upload.write(b"some")

    upload.give_up("client gone")

    assert studio.shown(upload.image_id).status is on_failure
    assert studio.is_clean()


def test_an_upload_whose_inspection_cannot_begin_leaves_no_image_saving(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inspector's library could not be imported once: every image stayed in saving."""

    def cannot(*_: Any, **__: Any) -> Any:
        raise ImportError("no inspector")

    monkeypatch.setattr("calotype.service.uploads.inspection_of", cannot)
    with pytest.raises(ImportError):
        studio.begin()

    assert the_image(studio).status == Status.KILLED
    assert studio.is_clean()


def test_giving_up_a_finished_upload_does_nothing(studio: Studio) -> None:
    upload = studio.begin()
    upload.write(b"data")
    image = upload.finish()

    upload.give_up("too late")

    assert studio.shown(image.id).status is Status.ACTIVE
    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"data"


def test_an_image_that_is_queued_again_takes_another_upload(studio: Studio) -> None:
    first = studio.begin(on_failure=Status.QUEUED)
    first.write(b"first")
    first.give_up("client gone")

    second = studio.uploads.begin(MEMBER, first.image_id, Declared(), on_failure=Status.QUEUED)
    second.write(b"second")
    image = second.finish()

    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"second"


PROMISES = [
    ({"size_bytes": 5}, b"1234", "the data have 4 bytes"),
    ({"size_bytes": 3}, b"1234", "longer"),
    ({"checksum": "0" * 32}, b"1234", "checksum"),
    ({"size_bytes": 4, "checksum": "0" * 32}, b"1234", "checksum"),
]


@pytest.mark.parametrize(("declared", "data", "reason"), PROMISES)
def test_a_promise_that_is_not_kept_kills_the_image(
    studio: Studio, declared: dict[str, Any], data: bytes, reason: str
) -> None:
    upload = studio.begin(**declared)

    with pytest.raises(BadData, match=reason):
        write_all(upload, data)

    assert studio.shown(upload.image_id).status is Status.KILLED
    assert studio.is_clean()


def write_all(upload: Upload, data: bytes) -> None:
    upload.write(data)
    upload.finish()


@pytest.mark.parametrize("size", [None, 0, 4])
@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_promises_that_are_kept_or_empty_are_no_matter(studio: Studio, size: int | None, spelling: Any) -> None:
    checksum = spelling(hashlib.md5(b"1234", usedforsecurity=False).hexdigest())
    upload = studio.begin(size_bytes=size, checksum=checksum)
    upload.write(b"1234")

    assert upload.finish().status is Status.ACTIVE


def test_data_past_the_declared_size_are_refused_before_they_end(studio: Studio) -> None:
    upload = studio.begin(size_bytes=10)
    upload.write(b"12345")

    with pytest.raises(BadData, match="longer"):
        upload.write(b"678901")

    assert studio.is_clean()


def test_data_past_the_cap_are_refused_before_they_end(studio: Studio) -> None:
    studio.limit(image_size_cap_bytes=10)
    upload = studio.begin()
    upload.write(b"1234567890")

    with pytest.raises(OverLimit):
        upload.write(b"1")

    assert studio.shown(upload.image_id).status is Status.KILLED
    assert studio.is_clean()


@pytest.mark.parametrize("declared", [{"size_bytes": 11}, {"body_bytes": 11}])
def test_data_declared_past_the_cap_are_refused_before_anything_is_made(studio: Studio, declared: Any) -> None:
    studio.limit(image_size_cap_bytes=10)

    with pytest.raises(OverLimit):
        studio.begin(**declared)

    assert studio.rows(tables.images) == []


def test_data_as_large_as_the_cap_are_taken(studio: Studio) -> None:
    studio.limit(image_size_cap_bytes=10)
    upload = studio.begin(size_bytes=10, body_bytes=10)
    upload.write(b"1234567890")

    assert upload.finish().size_bytes == 10


def test_data_that_contradict_their_format_kill_the_image(studio: Studio) -> None:
    upload = studio.begin(raw_image(disk_format="qcow2"))

    with pytest.raises(BadData, match="of format raw"):
        write_all(upload, os.urandom(1000))

    assert studio.shown(upload.image_id).status is Status.KILLED
    assert studio.is_clean()


@pytest.mark.parametrize("absent", ["disk_format", "container_format"])
def test_without_a_format_no_data_are_taken_and_the_image_stays_queued(studio: Studio, absent: str) -> None:
    with pytest.raises(Invalid, match=absent):
        studio.begin(raw_image(**{absent: None}))

    assert the_image(studio).status == "queued"
    assert studio.is_clean()


@pytest.mark.parametrize("action", [Action.ADD_IMAGE, Action.UPLOAD_IMAGE])
def test_who_may_not_add_or_upload_makes_nothing(studio: Studio, action: Action) -> None:
    studio.refuse(action)

    with pytest.raises(Refused):
        studio.begin()

    assert studio.rows(tables.images) == []


def test_a_reader_makes_nothing(studio: Studio) -> None:
    with pytest.raises(Refused):
        studio.uploads.begin_new(READER, raw_image(), Declared(), on_failure=Status.KILLED)

    assert studio.rows(tables.images) == []


def test_a_public_image_needs_its_right_before_anything_is_made(studio: Studio) -> None:
    with pytest.raises(Refused):
        studio.begin(raw_image(visibility=Visibility.PUBLIC))

    assert studio.rows(tables.images) == []


def test_an_id_is_used_once(studio: Studio) -> None:
    image = studio.active(b"data")

    with pytest.raises(Conflict, match="already exists"):
        studio.begin(raw_image(id=image.id.upper()))

    assert studio.files() == [row.key for row in studio.rows(tables.blobs)]


def test_an_unknown_store_is_refused_before_anything_is_made(studio: Studio) -> None:
    with pytest.raises(Invalid, match="nowhere"):
        studio.uploads.begin_new(MEMBER, raw_image(), Declared(), on_failure=Status.KILLED, store="nowhere")

    assert studio.rows(tables.images) == []


def test_a_store_that_cannot_be_written_kills_the_image(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open = os.open

    def read_only(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags & os.O_WRONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real_open(path, flags, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)

        with pytest.raises(Broken):
            studio.begin()

    assert the_image(studio).status == "killed"
    assert studio.is_clean()


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_store_that_fills_up_kills_the_image(studio: Studio, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_arguments: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    studio.store._is_durable = True  # type: ignore[attr-defined]
    upload = studio.begin()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)

        with pytest.raises(NoSpace):
            write_all(upload, b"data")

    assert studio.shown(upload.image_id).status is Status.KILLED
    assert studio.is_clean()


def test_an_image_deleted_while_its_data_arrive_is_gone_for_the_upload(studio: Studio) -> None:
    upload = studio.begin()
    upload.write(b"data")
    with studio.catalogue.writing() as connection:
        gone = {"status": "deleted", "deleted_at": 1}
        connection.execute(update(tables.images).where(tables.images.c.id == upload.image_id).values(gone))
        statements.delete_upload(connection, the_row(studio).id)

    with pytest.raises(ImageGone):
        upload.finish()

    assert studio.shown(upload.image_id).status is Status.DELETED
    assert studio.is_clean()


def the_row(studio: Studio) -> Any:
    """The only row of `uploads`."""
    (row,) = studio.rows(tables.uploads)
    return row


def end_by_somebody_else(studio: Studio) -> None:
    """What whoever looks after leases does with an upload that seems dead: image first, then bytes."""
    row = the_row(studio)
    studio.store.delete(row.blob_key)
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.images).values(status="killed"))
        connection.execute(delete(tables.uploads))


def test_an_upload_that_lost_its_lease_ends_at_the_next_renewal(studio: Studio) -> None:
    upload = studio.begin()
    upload.write(b"data")
    end_by_somebody_else(studio)
    studio.clock.go_on(31)

    with pytest.raises(Conflict, match="somebody else"):
        upload.write(b"more")

    assert studio.shown(upload.image_id).status is Status.KILLED
    assert studio.is_clean()


def test_an_upload_that_lost_its_lease_cannot_finish(studio: Studio) -> None:
    upload = studio.begin()
    upload.write(b"data")
    end_by_somebody_else(studio)

    with pytest.raises(Conflict, match="somebody else"):
        upload.finish()

    assert studio.is_clean()


def test_a_late_sleeper_does_not_disturb_the_upload_that_followed(studio: Studio) -> None:
    sleeper = studio.begin(on_failure=Status.QUEUED)
    sleeper.write(b"sleeper")
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.images).values(status="queued"))
        connection.execute(delete(tables.uploads))
    second = studio.uploads.begin(MEMBER, sleeper.image_id, Declared(), on_failure=Status.QUEUED)
    second.write(b"second")

    with pytest.raises(Conflict):
        sleeper.finish()
    image = second.finish()

    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"second"
    assert studio.files() == [row.key for row in studio.rows(tables.blobs)]


def test_bytes_removed_between_renewal_and_commit_end_in_a_conflict(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = studio.begin()
    upload.write(b"data")
    commit = LocalWriter.commit

    def commit_after_the_end(writer: LocalWriter) -> int:
        end_by_somebody_else(studio)
        return commit(writer)

    monkeypatch.setattr(LocalWriter, "commit", commit_after_the_end)

    with pytest.raises(Conflict):
        upload.finish()

    assert studio.is_clean()


def test_the_lease_is_renewed_as_bytes_pass(studio: Studio) -> None:
    upload = studio.begin()
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.uploads).values(lease_until=0))
    upload.write(b"1234")
    before = the_row(studio)
    studio.clock.go_on(31)

    upload.write(b"5678")

    assert (before.bytes_done, before.lease_until) == (0, 0)
    assert the_row(studio).bytes_done == 8
    assert the_row(studio).lease_until > 0
    upload.give_up("end of the test")


class Forgetful(Catalogue):
    """A catalogue whose connection breaks when told: before a commit, or after it and before it says so."""

    breaks: list[str]

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        moment = self.breaks.pop(0) if getattr(self, "breaks", None) else "never"
        if moment == "at once":
            raise Broken("The catalogue cannot be used at the moment.")
        with super().writing() as connection:
            yield connection
            if moment == "before":
                raise Broken("The catalogue cannot be used at the moment.")
        if moment == "after":
            raise Broken("The catalogue cannot be used at the moment.")


@pytest.fixture
def forgetful(studio: Studio) -> Studio:
    studio.catalogue.__class__ = Forgetful
    return studio


def breaking(studio: Studio, *moments: str) -> None:
    """From now on the transactions break at these moments, one each."""
    studio.catalogue.breaks = list(moments)  # type: ignore[attr-defined]


def test_a_commit_whose_answer_was_lost_is_found_out_to_be_a_success(forgetful: Studio) -> None:
    upload = forgetful.begin()
    upload.write(b"data")
    breaking(forgetful, "after")

    image = upload.finish()

    assert image.status is Status.ACTIVE
    assert everything(forgetful.downloads.open(MEMBER, image.id)[1]) == b"data"


def test_a_commit_that_was_lost_kills_the_image(forgetful: Studio) -> None:
    upload = forgetful.begin()
    upload.write(b"data")
    breaking(forgetful, "before")

    with pytest.raises(Broken):
        upload.finish()

    assert forgetful.shown(upload.image_id).status is Status.KILLED
    assert forgetful.is_clean()


def test_a_catalogue_that_stays_away_leaves_bytes_and_row_to_the_lease(forgetful: Studio) -> None:
    upload = forgetful.begin()
    upload.write(b"data")
    breaking(forgetful, "after", "at once")

    with pytest.raises(Broken):
        upload.finish()

    assert forgetful.shown(upload.image_id).status is Status.ACTIVE
    assert everything(forgetful.downloads.open(MEMBER, upload.image_id)[1]) == b"data"


def test_a_renewal_that_fails_does_not_end_the_upload(forgetful: Studio) -> None:
    upload = forgetful.begin(body_bytes=4)
    forgetful.clock.go_on(31)
    breaking(forgetful, "at once")
    upload.write(b"data")

    assert upload.finish().status is Status.ACTIVE


def test_an_upload_that_cannot_be_ended_now_is_left_to_its_lease(forgetful: Studio) -> None:
    upload = forgetful.begin()
    breaking(forgetful, "at once")

    upload.give_up("client gone")

    assert forgetful.files() == []
    assert the_row(forgetful).image_id == upload.image_id


def a_queued_image(studio: Studio, **telling: Any) -> str:
    return studio.images.create(MEMBER, raw_image(**telling)).id


def test_a_queued_image_takes_data_once(studio: Studio) -> None:
    image_id = a_queued_image(studio)
    first = studio.uploads.begin(MEMBER, image_id, Declared(), on_failure=Status.KILLED)

    with pytest.raises(Conflict, match="saving"):
        studio.uploads.begin(MEMBER, image_id, Declared(), on_failure=Status.KILLED)
    first.write(b"data")
    first.finish()
    with pytest.raises(Conflict, match="active"):
        studio.uploads.begin(MEMBER, image_id, Declared(), on_failure=Status.KILLED)


def test_a_queued_image_is_changed_only_by_its_owner_and_admins(studio: Studio) -> None:
    image_id = a_queued_image(studio)

    with pytest.raises(ImageNotFound):
        studio.uploads.begin(STRANGER, image_id, Declared(), on_failure=Status.KILLED)
    studio.uploads.begin(ADMIN, image_id, Declared(), on_failure=Status.KILLED).give_up("end of the test")

    assert studio.shown(image_id).status is Status.KILLED


def test_a_public_image_takes_no_data_of_a_stranger(studio: Studio) -> None:
    image_id = studio.images.create(ADMIN, raw_image(owner="admins", visibility=Visibility.PUBLIC)).id

    with pytest.raises(Refused):
        studio.uploads.begin(STRANGER, image_id, Declared(), on_failure=Status.KILLED)

    assert studio.shown(image_id).status is Status.QUEUED


def test_a_queued_image_without_formats_stays_queued(studio: Studio) -> None:
    image_id = studio.images.create(MEMBER, NewImage(owner="mine")).id

    with pytest.raises(Invalid, match="disk_format"):
        studio.uploads.begin(MEMBER, image_id, Declared(), on_failure=Status.KILLED)

    assert studio.shown(image_id).status is Status.QUEUED


def test_an_upload_keeps_what_else_is_known_of_the_image(studio: Studio) -> None:
    new = raw_image(properties={"os": "debian"}, tags=("web",), min_disk_gib=3, is_protected=True)

    image = studio.active(b"data", new)

    assert (image.properties, image.tags) == ({"os": "debian"}, ("web",))
    assert (image.min_disk_gib, image.is_protected) == (3, True)
