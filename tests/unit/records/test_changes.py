"""What a change makes of an image."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from calotype.domain.errors import Invalid, Refused
from calotype.domain.images import Image, Status, Visibility
from calotype.service.changes import Change, changed

MakeImage = Callable[..., Image]


def after(image: Image, change: Change, *, as_admin: bool = False, purge: bool = False) -> Image:
    return changed(image, change, as_admin=as_admin, purge=purge)


def test_what_is_not_said_stays(an_image: MakeImage) -> None:
    image = an_image(properties={"a": "1"}, tags=("t",), min_disk_gib=2, is_protected=True)

    assert after(image, Change()) == image


def test_what_is_said_is_so(an_image: MakeImage) -> None:
    image = an_image(status=Status.QUEUED)
    said: dict[str, Any] = {
        "name": None, "disk_format": "raw", "container_format": "ovf", "size_bytes": 7, "checksum": "c",
        "min_disk_gib": 3, "min_ram_mib": 4, "is_protected": True, "owner": None,
    }  # fmt: skip

    assert after(image, Change(**said)) == replace(image, **said)


@pytest.mark.parametrize(
    ("purge", "properties"),
    [(True, {"b": "new", "c": None}), (False, {"a": "1", "b": "new", "c": None})],
)
def test_properties_replace_the_others_or_join_them(
    an_image: MakeImage, purge: bool, properties: dict[str, str | None]
) -> None:
    image = an_image(properties={"a": "1", "b": "old"})

    made = after(image, Change(properties={"b": "new", "c": None}), purge=purge)

    assert made.properties == properties
    assert image.properties == {"a": "1", "b": "old"}


def test_a_purge_without_properties_leaves_none(an_image: MakeImage) -> None:
    assert after(an_image(properties={"a": "1"}), Change(), purge=True).properties == {}


@pytest.mark.parametrize(
    ("before", "is_public", "visibility"),
    [
        (Visibility.SHARED, True, Visibility.PUBLIC),
        (Visibility.COMMUNITY, True, Visibility.PUBLIC),
        (Visibility.PUBLIC, True, Visibility.PUBLIC),
        (Visibility.PUBLIC, False, Visibility.SHARED),
        (Visibility.PRIVATE, False, Visibility.PRIVATE),
        (Visibility.COMMUNITY, False, Visibility.COMMUNITY),
        (Visibility.SHARED, False, Visibility.SHARED),
    ],
)
def test_whether_it_is_public_is_a_visibility(
    an_image: MakeImage, before: Visibility, is_public: bool, visibility: Visibility
) -> None:
    assert after(an_image(visibility=before), Change(is_public=is_public)).visibility is visibility


@pytest.mark.parametrize("as_admin", [False, True])
@pytest.mark.parametrize("status", list(Status))
def test_id_and_status_can_only_be_agreed_with(an_image: MakeImage, status: Status, as_admin: bool) -> None:
    image = an_image(status=status)

    assert after(image, Change(id=image.id, status=status.value), as_admin=as_admin) == image
    with pytest.raises(Refused, match="'id'"):
        after(image, Change(id="another"), as_admin=as_admin)
    for other in {*Status} - {status}:
        with pytest.raises(Refused, match="'status'"):
            after(image, Change(status=other.value), as_admin=as_admin)


SETTLED: list[dict[str, Any]] = [
    {"size_bytes": 7}, {"checksum": "c"}, {"checksum": None}, {"disk_format": "raw"}, {"container_format": "ovf"},
]  # fmt: skip


@pytest.mark.parametrize("said", SETTLED, ids=str)
@pytest.mark.parametrize("status", [Status.SAVING, Status.ACTIVE, Status.DEACTIVATED])
def test_what_the_data_were_judged_by_is_an_admins_to_change(
    an_image: MakeImage, status: Status, said: dict[str, Any]
) -> None:
    image = an_image(status=status)

    assert after(image, Change(**said), as_admin=True) == replace(image, **said)
    with pytest.raises(Refused):
        after(image, Change(**said))


@pytest.mark.parametrize("said", SETTLED, ids=str)
@pytest.mark.parametrize("status", [Status.QUEUED, Status.KILLED])
def test_without_data_nothing_is_settled(an_image: MakeImage, status: Status, said: dict[str, Any]) -> None:
    image = an_image(status=status)

    assert after(image, Change(**said)) == replace(image, **said)


def test_what_the_data_settled_may_be_repeated(an_image: MakeImage) -> None:
    image = an_image()
    same = Change(
        size_bytes=image.size_bytes or 0,
        checksum=image.checksum,
        disk_format=image.disk_format or "",
        container_format=image.container_format or "",
    )

    assert after(image, same) == image


@pytest.mark.parametrize("said", [{"disk_format": "ami"}, {"container_format": "ami"}])
def test_an_amazon_format_fills_in_the_other(an_image: MakeImage, said: dict[str, Any]) -> None:
    image = an_image(status=Status.QUEUED, disk_format=None, container_format=None)

    made = after(image, Change(**said))

    assert (made.disk_format, made.container_format) == ("ami", "ami")


def test_an_amazon_format_does_not_mix_with_what_is_there(an_image: MakeImage) -> None:
    image = an_image(status=Status.QUEUED, disk_format="raw", container_format="bare")

    with pytest.raises(Invalid, match="container_format"):
        after(image, Change(disk_format="ami"))


def test_formats_that_never_went_together_stand_in_the_way_of_no_other_change(an_image: MakeImage) -> None:
    image = an_image(disk_format="ami", container_format="bare")

    assert after(image, Change(name="new")).name == "new"
