"""Who gets an image's data, and what is said to everybody else."""

import os
from dataclasses import replace
from typing import Any

import pytest
from studio import ADMIN, MEMBER, READER, STRANGER, Studio, everything, raw_image

from calotype.catalogue import images, tables
from calotype.catalogue import uploads as statements
from calotype.domain.errors import BlobNotFound, Broken, ImageNotFound, NotFound, Refused
from calotype.domain.images import Image, Status, StoredBlob, Visibility
from calotype.domain.rights import Action


def put(studio: Studio, image: Image) -> None:
    with studio.catalogue.writing() as connection:
        images.insert_image(connection, image)


def change(studio: Studio, image: Image, **values: Any) -> None:
    with studio.catalogue.writing() as connection:
        assert images.write(connection, replace(studio.shown(image.id), **values))


def the_file(studio: Studio) -> Any:
    (row,) = studio.rows(tables.blobs)
    return studio.folder / row.key[:2] / row.key


def test_data_come_out_as_they_went_in(studio: Studio) -> None:
    data = os.urandom(3_000_000)
    image = studio.active(data)

    shown, blob = studio.downloads.open(MEMBER, image.id)

    assert shown == image
    assert everything(blob) == data


def test_a_public_image_is_for_everybody_and_a_private_one_for_its_project(studio: Studio) -> None:
    image = studio.active(b"data")

    with pytest.raises(ImageNotFound):
        studio.downloads.open(STRANGER, image.id)
    change(studio, image, visibility=Visibility.PUBLIC)

    assert everything(studio.downloads.open(STRANGER, image.id)[1]) == b"data"


@pytest.mark.parametrize("action", [Action.DOWNLOAD_IMAGE, Action.SHOW_IMAGE])
def test_who_may_not_download_is_told_so_before_any_look(studio: Studio, action: Action) -> None:
    image = studio.active(b"data")
    studio.refuse(action)

    for image_id in (image.id, "no-such-image"):
        with pytest.raises(Refused):
            studio.downloads.open(ADMIN, image_id)


def test_a_reader_may_not_download(studio: Studio) -> None:
    image = studio.active(b"data")

    with pytest.raises(Refused):
        studio.downloads.open(READER, image.id)


@pytest.mark.parametrize("caller", [MEMBER, ADMIN])
def test_a_deactivated_image_is_refused_to_everybody(studio: Studio, caller: Any) -> None:
    image = studio.active(b"data")
    change(studio, image, status=Status.DEACTIVATED)

    with pytest.raises(Refused, match="deactivated"):
        studio.downloads.open(caller, image.id)


def test_a_deactivated_image_of_others_is_not_even_there(studio: Studio) -> None:
    image = studio.active(b"data")
    change(studio, image, status=Status.DEACTIVATED)

    with pytest.raises(ImageNotFound):
        studio.downloads.open(STRANGER, image.id)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SAVING, Status.KILLED, Status.IMPORTING])
def test_an_image_that_is_not_active_has_no_data_yet(studio: Studio, an_image: Any, status: Status) -> None:
    image = an_image(owner="mine", status=status, size_bytes=0)
    put(studio, image)

    with pytest.raises(NotFound, match="not active"):
        studio.downloads.open(MEMBER, image.id)


@pytest.mark.parametrize("status", [Status.DELETED, Status.PENDING_DELETE])
@pytest.mark.parametrize("caller", [MEMBER, ADMIN])
def test_a_deleted_image_has_no_data(studio: Studio, an_image: Any, status: Status, caller: Any) -> None:
    image = an_image(owner="mine", status=status)
    put(studio, replace(image, deleted_at=image.created_at))

    with pytest.raises(NotFound):
        studio.downloads.open(caller, image.id)


def test_an_image_that_was_complete_without_data_is_empty(studio: Studio) -> None:
    image = studio.images.create(MEMBER, raw_image(size_bytes=0), is_complete=True)

    _, blob = studio.downloads.open(MEMBER, image.id)

    assert (blob.size, blob.read(0, 0), blob.file()) == (0, b"", None)
    blob.close()


def test_an_image_known_only_by_its_record_has_no_data_here(studio: Studio, an_image: Any) -> None:
    image = an_image(owner="mine")
    put(studio, image)

    with pytest.raises(NotFound, match="missing"):
        studio.downloads.open(MEMBER, image.id)


def test_data_whose_file_is_gone_are_missing(studio: Studio) -> None:
    image = studio.active(b"data")
    the_file(studio).unlink()

    with pytest.raises(BlobNotFound):
        studio.downloads.open(MEMBER, image.id)


def test_data_whose_file_was_cut_are_not_sent(studio: Studio) -> None:
    image = studio.active(b"data")
    os.truncate(the_file(studio), 3)

    with pytest.raises(Broken):
        studio.downloads.open(MEMBER, image.id)


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "", "a" * 500])
def test_a_record_with_a_wild_key_reaches_no_file(studio: Studio, an_image: Any, key: str) -> None:
    image = an_image(owner="mine")
    put(studio, image)
    with studio.catalogue.writing() as connection:
        statements.insert_blob(connection, image.id, StoredBlob("local", key, 1024), image.created_at)

    with pytest.raises(NotFound):
        studio.downloads.open(MEMBER, image.id)


def test_of_several_stores_the_first_that_can_is_asked(studio: Studio) -> None:
    image = studio.active(b"data")
    with studio.catalogue.writing() as connection:
        for store, key in (("elsewhere", "b"), ("local", "c")):
            statements.insert_blob(connection, image.id, StoredBlob(store, key, 4), image.created_at)

    assert everything(studio.downloads.open(MEMBER, image.id)[1]) == b"data"
