"""Images deleted, and what is left of them and of what goes on around them."""

from typing import Any

import pytest
from sqlalchemy import update
from studio import ADMIN, MEMBER, READER, STRANGER, Studio, everything, raw_image

from calotype.catalogue import tables
from calotype.catalogue.members import insert_members
from calotype.domain.callers import Caller
from calotype.domain.errors import Broken, Conflict, ImageGone, ImageNotFound, NotFound, OnlyShared, Refused
from calotype.domain.images import Member, Status, Visibility
from calotype.domain.rights import Action
from calotype.service.changes import Change
from calotype.service.upload import Declared


def queued(studio: Studio, caller: Caller = MEMBER, **telling: Any) -> str:
    return studio.images.create(caller, raw_image(**{"owner": caller.project, **telling})).id


def set_row(studio: Studio, image_id: str, **values: Any) -> None:
    """What no use case does to an image so far."""
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.images).where(tables.images.c.id == image_id).values(**values))


def test_a_deleted_image_leaves_a_tombstone_and_nothing_to_find_it_by(studio: Studio) -> None:
    image = studio.active(b"data", raw_image(properties={"os": "debian"}, tags=("web",)))
    studio.clock.go_on(5)

    studio.deletions.delete(MEMBER, image.id)

    shown = studio.shown(image.id)
    assert (shown.status, shown.deleted_at, shown.updated_at) == (Status.DELETED, studio.clock(), studio.clock())
    assert (shown.properties, shown.tags, shown.version) == ({"os": "debian"}, ("web",), image.version + 1)
    assert studio.rows(tables.image_properties) == studio.rows(tables.image_tags) == []
    assert studio.is_clean()


@pytest.mark.parametrize(
    "status", [Status.QUEUED, Status.SAVING, Status.ACTIVE, Status.KILLED, Status.DEACTIVATED, Status.IMPORTING]
)
def test_an_image_in_any_state_can_be_deleted(studio: Studio, status: Status) -> None:
    image_id = queued(studio)
    set_row(studio, image_id, status=status.value)

    studio.deletions.delete(MEMBER, image_id)

    assert studio.shown(image_id).status is Status.DELETED


def test_a_deleted_image_is_deleted_once(studio: Studio) -> None:
    image_id = queued(studio)
    studio.deletions.delete(MEMBER, image_id)
    gone = studio.shown(image_id)

    for caller in (MEMBER, ADMIN):
        with pytest.raises(ImageNotFound):
            studio.deletions.delete(caller, image_id)

    assert studio.shown(image_id) == gone


def test_a_right_is_asked_for_before_whether_there_is_an_image(studio: Studio) -> None:
    studio.refuse(Action.DELETE_IMAGE)

    with pytest.raises(Refused):
        studio.deletions.delete(ADMIN, "nowhere")


def test_a_reader_deletes_nothing(studio: Studio) -> None:
    image_id = queued(studio)

    with pytest.raises(Refused):
        studio.deletions.delete(READER, image_id)

    assert studio.shown(image_id).status is Status.QUEUED


@pytest.mark.parametrize("caller", [MEMBER, ADMIN])
def test_a_protected_image_is_deleted_by_nobody(studio: Studio, caller: Caller) -> None:
    image = studio.active(b"data", raw_image(is_protected=True))

    with pytest.raises(Refused, match="protected"):
        studio.deletions.delete(caller, image.id)

    assert studio.shown(image.id) == image
    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"data"


def test_an_image_that_waits_to_be_deleted_is_refused_to_who_sees_it(studio: Studio) -> None:
    image_id = queued(studio)
    set_row(studio, image_id, status="pending_delete", deleted_at=1)

    with pytest.raises(Refused, match="waiting"):
        studio.deletions.delete(ADMIN, image_id)
    with pytest.raises(ImageNotFound):
        studio.deletions.delete(MEMBER, image_id)


def test_another_projects_image_is_refused_by_how_it_is_seen(studio: Studio) -> None:
    private, shared, guarded = queued(studio), queued(studio), queued(studio, is_protected=True)
    public = queued(studio, ADMIN, visibility=Visibility.PUBLIC)
    with studio.catalogue.writing() as connection:
        for image_id in (shared, guarded):
            insert_members(connection, studio.shown(image_id), [Member(project="theirs")])

    def outcome(image_id: str) -> type[Exception]:
        with pytest.raises((Refused, ImageNotFound)) as raised:
            studio.deletions.delete(STRANGER, image_id)
        return raised.type

    assert outcome(private) is ImageNotFound
    assert outcome(public) is Refused
    assert outcome(shared) is OnlyShared
    assert outcome(guarded) is Refused
    assert {studio.shown(image_id).status for image_id in (private, shared, guarded, public)} == {Status.QUEUED}


def test_an_image_stays_deleted_though_its_store_keeps_the_bytes(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    image = studio.active(b"data")

    def fail(key: str) -> None:
        raise Broken("The store cannot be used at the moment.")

    with monkeypatch.context() as patch:
        patch.setattr(studio.store, "delete", fail)
        studio.deletions.delete(MEMBER, image.id)

    assert studio.shown(image.id).status is Status.DELETED
    assert studio.rows(tables.blobs) == []
    (key,) = studio.files()
    assert key in caplog.text


def test_a_store_that_is_not_configured_any_more_stands_in_no_ones_way(studio: Studio) -> None:
    image = studio.active(b"data")
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.blobs).values(store="gone"))

    studio.deletions.delete(MEMBER, image.id)

    assert studio.shown(image.id).status is Status.DELETED


def test_a_download_under_way_goes_on(studio: Studio) -> None:
    image = studio.active(b"data")
    _, blob = studio.downloads.open(MEMBER, image.id)

    studio.deletions.delete(MEMBER, image.id)

    assert everything(blob) == b"data"
    with pytest.raises(NotFound):
        studio.downloads.open(ADMIN, image.id)


@pytest.mark.parametrize("caller", [MEMBER, ADMIN])
def test_an_upload_to_a_deleted_image_learns_it_at_its_end_and_leaves_nothing(studio: Studio, caller: Caller) -> None:
    upload = studio.begin(body_bytes=8)
    upload.write(b"data")

    studio.deletions.delete(caller, upload.image_id)
    assert studio.is_clean()
    upload.write(b"more")
    with pytest.raises(ImageGone):
        upload.finish()

    assert studio.shown(upload.image_id).status is Status.DELETED
    assert studio.is_clean()


def test_an_upload_to_a_deleted_image_learns_it_at_its_next_renewal(studio: Studio) -> None:
    upload = studio.begin()
    studio.deletions.delete(MEMBER, upload.image_id)
    studio.clock.go_on(31)

    with pytest.raises(ImageGone):
        upload.write(b"data")

    assert studio.is_clean()


def test_an_upload_whose_client_leaves_after_the_deletion_changes_nothing(studio: Studio) -> None:
    upload = studio.begin()
    studio.deletions.delete(MEMBER, upload.image_id)
    gone = studio.shown(upload.image_id)

    upload.give_up("client gone")

    assert studio.shown(upload.image_id) == gone


def test_a_deleted_image_takes_neither_changes_nor_data(studio: Studio) -> None:
    image_id = queued(studio)
    studio.deletions.delete(MEMBER, image_id)

    for caller, error in ((MEMBER, ImageNotFound), (ADMIN, Refused)):
        with pytest.raises(error):
            studio.images.update(caller, image_id, Change(name="new"), purge=False)
        with pytest.raises(error):
            studio.uploads.begin(caller, image_id, Declared(), on_failure=Status.KILLED)


def test_the_id_of_a_deleted_image_is_never_given_again(studio: Studio) -> None:
    image_id = queued(studio)
    studio.deletions.delete(MEMBER, image_id)

    with pytest.raises(Conflict):
        queued(studio, id=image_id)
