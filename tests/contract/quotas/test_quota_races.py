"""A hundred at once: a quota admits as many as fit, not one more, and not one less where sizes are known."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ledger import counted, held, set_quota

from calotype.domain.errors import OverLimit
from calotype.domain.images import Image, Status
from calotype.service.changes import Change
from calotype.service.upload import Declared, Upload
from unit.transfers.studio import ADMIN, MEMBER, Studio, raw_image

AT_ONCE, ADMITTED = 100, 37

IMAGES, BYTES = ("mine", "images"), ("mine", "bytes")


def at_once(do: Callable[[int], Any]) -> list[Any]:
    """What *do* gives to each of a hundred threads that begin together; those that are refused are left out."""
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> Any:
        barrier.wait(60)
        try:
            return do(number)
        except OverLimit:
            return None

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [done for done in threads.map(one, range(AT_ONCE)) if done is not None]


def test_of_uploads_that_declare_their_size_exactly_those_that_fit_begin_and_become_active(studio: Studio) -> None:
    set_quota(studio, size_bytes=ADMITTED * 1000 + 999)

    begun = at_once(lambda _: studio.begin(body_bytes=1000))
    assert len(begun) == ADMITTED
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: AT_ONCE, BYTES: ADMITTED * 1000}

    with ThreadPoolExecutor(8) as threads:
        images = list(threads.map(finished, begun))
    assert [image.status for image in images] == [Status.ACTIVE] * ADMITTED
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: AT_ONCE, BYTES: ADMITTED * 1000}


def finished(upload: Upload) -> Image:
    upload.write(bytes(1000))
    return upload.finish()


def test_whole_uploads_side_by_side_fill_a_quota_exactly(studio: Studio) -> None:
    set_quota(studio, size_bytes=ADMITTED * 1000 + 999)

    images = at_once(lambda _: finished(studio.begin(body_bytes=1000)))

    assert len(images) == ADMITTED
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: AT_ONCE, BYTES: ADMITTED * 1000}


def test_of_uploads_of_unknown_length_exactly_those_that_fit_become_active(studio: Studio) -> None:
    set_quota(studio, size_bytes=ADMITTED * 1000 + 999)
    begun = [studio.begin() for _ in range(AT_ONCE)]

    images = at_once(lambda number: finished(begun[number]))

    assert len(images) == ADMITTED
    assert counted(studio.catalogue) == held(studio.catalogue) == {IMAGES: AT_ONCE, BYTES: ADMITTED * 1000}


def test_uploads_of_unknown_length_in_many_steps_never_pass_a_quota(studio: Studio) -> None:
    quota = ADMITTED * 1000
    set_quota(studio, size_bytes=quota)
    most_seen = 0

    def upload(_: int) -> Image:
        nonlocal most_seen
        upload = studio.begin()
        for _ in range(10):
            upload.write(bytes(100))
            most_seen = max(most_seen, sum(map(file_bytes, studio.folder.rglob("*"))))
        return upload.finish()

    images = at_once(upload)

    # Some may have been refused for what others had reserved ahead.
    assert 1 <= len(images) <= ADMITTED
    assert 0 < most_seen <= quota
    assert (
        counted(studio.catalogue)
        == held(studio.catalogue)
        == {IMAGES: counted(studio.catalogue)[IMAGES], BYTES: len(images) * 1000}
    )


def file_bytes(path: Any) -> int:
    """The size of a file, 0 for a folder and for what was renamed or removed while we looked."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("with_data", [False, True])
def test_as_many_images_are_made_as_their_quota_admits(studio: Studio, with_data: bool) -> None:
    set_quota(studio, images=ADMITTED)

    def make(_: int) -> Image:
        return finished(studio.begin(body_bytes=1000)) if with_data else studio.images.create(MEMBER, raw_image())

    made = at_once(make)

    assert len(made) == ADMITTED
    wanted = {IMAGES: ADMITTED, BYTES: ADMITTED * 1000} if with_data else {IMAGES: ADMITTED}
    assert counted(studio.catalogue) == held(studio.catalogue) == wanted


def test_making_deleting_giving_and_uploading_at_once_end_without_a_deadlock_and_counted_right(studio: Studio) -> None:
    """On PostgreSQL a deadlock would come as Overtaken."""
    images = [studio.active(bytes(10)) for _ in range(AT_ONCE)]
    owners = ("theirs", "mine", "admins")

    def mix(number: int) -> bool:
        match number % 4:
            case 0:
                studio.deletions.delete(ADMIN, images[number].id)
            case 1:
                for owner in owners:
                    studio.images.update(ADMIN, images[number].id, Change(owner=owner), purge=False)
            case 2:
                finished(studio.begin(raw_image(id=None)))
            case 3:
                for owner in reversed(owners):
                    new = raw_image(owner=owner)
                    upload = studio.uploads.begin_new(ADMIN, new, Declared(size_bytes=1000), on_failure=Status.KILLED)
                    studio.images.update(ADMIN, upload.image_id, Change(owner=owners[number % 3]), purge=False)
                    finished(upload)
        return True

    assert len(at_once(mix)) == AT_ONCE
    assert counted(studio.catalogue) == held(studio.catalogue)
