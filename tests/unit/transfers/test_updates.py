"""Records changed, alone or together with their data."""

from typing import Any

import pytest
from sqlalchemy import update
from studio import ADMIN, MEMBER, READER, STRANGER, Studio, raw_image

from calotype.catalogue import images as statements
from calotype.catalogue import tables
from calotype.catalogue.members import insert_members
from calotype.domain.callers import Caller
from calotype.domain.errors import BadData, Conflict, ImageNotFound, Invalid, OnlyShared, OverLimit, Overtaken, Refused
from calotype.domain.images import Image, Member, Status, Visibility
from calotype.domain.rights import Action
from calotype.service.changes import Change
from calotype.service.images import NewImage
from calotype.service.upload import Declared, Upload


def queued(studio: Studio, caller: Caller = MEMBER, **telling: Any) -> Image:
    return studio.images.create(caller, raw_image(**{"owner": caller.project, **telling}))


def set_row(studio: Studio, image: Image, **values: Any) -> None:
    """What no use case does to an image so far."""
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.images).where(tables.images.c.id == image.id).values(**values))


def begin(studio: Studio, image: Image, change: Change, caller: Caller = MEMBER) -> Upload:
    return studio.uploads.begin(caller, image.id, Declared(), on_failure=Status.KILLED, change=change)


def test_a_change_is_answered_as_it_is_stored_a_version_later(studio: Studio) -> None:
    image = queued(studio, properties={"os": "debian"})
    studio.clock.go_on(5)

    answered = studio.images.update(MEMBER, image.id, Change(name="new", properties={"arch": "arm"}), purge=False)

    assert answered == studio.shown(image.id)
    assert (answered.name, answered.properties) == ("new", {"os": "debian", "arch": "arm"})
    assert (answered.version, answered.created_at) == (image.version + 1, image.created_at)
    assert answered.updated_at == studio.clock()


def test_a_changed_property_is_found_by_its_new_value_only(studio: Studio) -> None:
    image = queued(studio, properties={"os": "debian", "arch": "arm"})

    studio.images.update(MEMBER, image.id, Change(properties={"os": "alpine"}), purge=True)

    assert [row[:2] for row in studio.rows(tables.image_properties)] == [("os", "alpine")]


@pytest.mark.parametrize("action", [Action.MODIFY_IMAGE, Action.PUBLICIZE_IMAGE])
def test_a_missing_right_comes_before_whether_there_is_an_image(studio: Studio, action: Action) -> None:
    studio.refuse(action)

    with pytest.raises(Refused) as refusal:
        studio.images.update(ADMIN, "nowhere", Change(is_public=True), purge=False)

    assert refusal.value.action == action


def test_a_reader_changes_nothing(studio: Studio) -> None:
    image = queued(studio)

    with pytest.raises(Refused):
        studio.images.update(READER, image.id, Change(name="new"), purge=False)

    assert studio.shown(image.id) == image


def test_only_an_admin_gives_an_image_away(studio: Studio) -> None:
    image = queued(studio)

    with pytest.raises(Refused):
        studio.images.update(MEMBER, image.id, Change(owner="theirs"), purge=False)

    assert studio.images.update(ADMIN, image.id, Change(owner="theirs"), purge=False).owner == "theirs"


def test_another_projects_image_is_refused_if_public_and_only_shared_if_it_is_seen(studio: Studio) -> None:
    private = queued(studio)
    public = queued(studio, ADMIN, visibility=Visibility.PUBLIC)
    ownerless = queued(studio, ADMIN, owner=None)
    shared = queued(studio)
    with studio.catalogue.writing() as connection:
        insert_members(connection, shared, [Member(project="theirs")])

    def outcome(image: Image) -> type[Exception]:
        with pytest.raises((Refused, ImageNotFound)) as raised:
            studio.images.update(STRANGER, image.id, Change(name="mine now"), purge=False)
        return raised.type

    assert outcome(private) is ImageNotFound
    assert outcome(public) is Refused
    assert outcome(ownerless) is OnlyShared
    assert outcome(shared) is OnlyShared


@pytest.mark.parametrize("status", [Status.DELETED, Status.PENDING_DELETE])
def test_a_deleted_image_is_changed_by_nobody(studio: Studio, status: Status) -> None:
    image = queued(studio)
    set_row(studio, image, status=status.value, deleted_at=1)

    with pytest.raises(ImageNotFound):
        studio.images.update(MEMBER, image.id, Change(name="new"), purge=False)
    with pytest.raises(Refused):
        studio.images.update(ADMIN, image.id, Change(name="new"), purge=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "n" * 256},
        {"disk_format": "floppy"},
        {"container_format": "box"},
        {"min_disk_gib": 2**31},
        {"min_ram_mib": -1},
        {"size_bytes": 2**63},
        {"properties": {"a": "x" * 65_536}},
    ],
    ids=str,
)
def test_what_an_image_cannot_be_changes_nothing(studio: Studio, wrong: dict[str, Any]) -> None:
    image = queued(studio)

    with pytest.raises(Invalid):
        studio.images.update(MEMBER, image.id, Change(**wrong), purge=False)

    assert studio.shown(image.id) == image


def test_a_format_that_is_not_offered_any_more_stands_in_the_way_of_no_other_change(studio: Studio) -> None:
    image = queued(studio)
    set_row(studio, image, disk_format="zvhd")

    assert studio.images.update(MEMBER, image.id, Change(name="new"), purge=False).disk_format == "zvhd"


def test_the_quota_counts_old_and_new_names_once_and_after_a_purge_the_new_ones(studio: Studio) -> None:
    studio.limit(property_quota=2)
    image = queued(studio, properties={"a": "1", "b": "1"})
    three = Change(properties={"b": "2", "c": "2"})

    with pytest.raises(OverLimit):
        studio.images.update(MEMBER, image.id, three, purge=False)
    assert studio.shown(image.id) == image

    assert studio.images.update(MEMBER, image.id, Change(properties={"b": "2"}), purge=False).properties["b"] == "2"
    assert studio.images.update(MEMBER, image.id, three, purge=True).properties == {"b": "2", "c": "2"}


def test_an_image_at_another_version_is_not_written(studio: Studio) -> None:
    image = queued(studio)
    studio.images.update(MEMBER, image.id, Change(name="faster"), purge=False)

    with studio.catalogue.writing() as connection:
        with pytest.raises(Overtaken):
            studio.images.write(connection, image, was=image)
        assert not statements.mark_deleted(connection, image, studio.clock())

    assert studio.shown(image.id).name == "faster"


def test_a_change_while_data_arrive_survives_their_end(studio: Studio) -> None:
    upload = studio.begin()
    upload.write(b"data")

    studio.images.update(MEMBER, upload.image_id, Change(name="new"), purge=False)
    image = upload.finish()

    assert (image.name, image.status, image.size_bytes) == ("new", Status.ACTIVE, 4)


def test_data_and_metadata_come_in_one_transaction(studio: Studio) -> None:
    image = queued(studio, properties={"os": "debian"})

    upload = begin(studio, image, Change(name="new", properties={"arch": "arm"}))
    saving = studio.shown(image.id)
    upload.give_up("end of the test")

    assert (saving.status, saving.name, saving.version) == (Status.SAVING, "new", image.version + 1)
    assert saving.properties == {"os": "debian", "arch": "arm"}
    assert studio.shown(image.id).name == "new"


def test_formats_may_come_with_the_data(studio: Studio) -> None:
    image = studio.images.create(MEMBER, NewImage(owner="mine"))

    upload = begin(studio, image, Change(disk_format="raw", container_format="bare"))
    upload.write(b"data")

    assert upload.finish().virtual_size_bytes == 4


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Change(name="new", disk_format="floppy"), Invalid),
        (Change(name="new", id="another"), Refused),
        (Change(name="new", is_public=True), Refused),
        (Change(name="new", owner="theirs"), Refused),
        (Change(name="new", properties={str(n): "x" for n in range(129)}), OverLimit),
    ],
)
def test_what_cannot_be_changed_begins_no_upload(studio: Studio, change: Change, error: type[Exception]) -> None:
    image = queued(studio)

    with pytest.raises(error):
        begin(studio, image, change)

    assert studio.shown(image.id) == image
    assert studio.is_clean()


@pytest.mark.parametrize("action", [Action.MODIFY_IMAGE, Action.UPLOAD_IMAGE])
def test_data_with_a_change_need_both_rights(studio: Studio, action: Action) -> None:
    studio.refuse(action)

    with pytest.raises(Refused) as refusal:
        studio.uploads.begin(ADMIN, "nowhere", Declared(), on_failure=Status.KILLED, change=Change())

    assert refusal.value.action == action


def test_an_image_that_is_not_queued_keeps_its_metadata_when_it_refuses_data(studio: Studio) -> None:
    image = studio.active(b"data")

    with pytest.raises(Conflict, match="active"):
        begin(studio, image, Change(name="new"))

    assert studio.shown(image.id) == image


@pytest.mark.parametrize("promise", [{"size_bytes": 5}, {"checksum": "0" * 32}])
@pytest.mark.parametrize("is_made_at_first", [True, False])
def test_a_promise_of_the_record_holds_for_its_data(
    studio: Studio, promise: dict[str, Any], is_made_at_first: bool
) -> None:
    image = queued(studio, **(promise if is_made_at_first else {}))

    upload = begin(studio, image, Change(**({} if is_made_at_first else promise)))
    upload.write(b"data")
    with pytest.raises(BadData):
        upload.finish()

    assert studio.shown(image.id).status is Status.KILLED
    assert studio.is_clean()
