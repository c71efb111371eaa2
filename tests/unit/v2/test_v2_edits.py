"""Edits and the image that comes of them, without a catalogue. Source: docs/api/v2.md, "Update"."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from calotype.domain.edits import (
    AddTag,
    Draft,
    Edit,
    Premise,
    RemoveField,
    RemoveProperty,
    RemoveTag,
    SetField,
    SetProperty,
    edited,
)
from calotype.domain.errors import CalotypeError, Conflict, NotFound, Refused
from calotype.domain.images import Image, Status

MakeImage = Callable[..., Image]


def test_edits_are_made_one_after_the_other(an_image: MakeImage) -> None:
    image = an_image(properties={"a": "1", "b": "1"}, tags=("x",))

    made = edited(
        image,
        [
            SetProperty("c", "1", Premise.IS_NEW),
            SetProperty("c", "2", Premise.IS_THERE),
            RemoveProperty("a"),
            SetProperty("a", "3", Premise.IS_NEW),
            SetField("name", "name", "first"),
            SetField("name", "name", "last"),
            AddTag("y"),
            AddTag("y"),
            RemoveTag("x"),
        ],
    )

    assert made == replace(image, name="last", properties={"b": "1", "c": "2", "a": "3"}, tags=("y",))


def test_the_image_they_begin_with_stays_as_it_was(an_image: MakeImage) -> None:
    image = an_image(properties={"a": "1"}, tags=("x",))
    before = replace(image, properties=dict(image.properties))

    edited(image, [RemoveProperty("a"), SetProperty("b", "1"), RemoveTag("x"), SetField("name", "name", "new")])

    assert image == before


def test_no_edits_make_the_same_image(an_image: MakeImage) -> None:
    image = an_image(properties={"a": None}, tags=("x",))

    assert edited(image, []) == image


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (SetProperty("there", "1", Premise.IS_NEW), Conflict),
        (SetProperty("absent", "1", Premise.IS_THERE), Conflict),
        (RemoveProperty("absent"), Conflict),
        (RemoveTag("absent"), NotFound),
        (RemoveField("name"), Refused),
        (SetField("name", "name", "x", Premise.IS_NEW), Conflict),
        (SetField("disk_format", "disk_format", "raw"), Refused),
        (SetField("container_format", "container_format", None), Refused),
    ],
    ids=repr,
)
def test_what_cannot_be_done_to_an_active_image(an_image: MakeImage, edit: Edit, error: type[CalotypeError]) -> None:
    with pytest.raises(error) as raised:
        edited(an_image(properties={"there": None}), [edit])

    assert raised.type is error


@pytest.mark.parametrize(("status", "may"), [(status, status in ("queued", "importing")) for status in Status])
def test_formats_are_settled_once_data_begin_to_come(an_image: MakeImage, status: Status, may: bool) -> None:
    def change() -> Any:
        return edited(an_image(status=status), [SetField("disk_format", "disk_format", "vmdk")]).disk_format

    if may:
        assert change() == "vmdk"
    else:
        with pytest.raises(Refused):
            change()


def test_an_edit_of_another_kind_is_made_among_the_others(an_image: MakeImage) -> None:
    """Whatever can be applied to a draft is an edit; what it sees is what those before it have left."""

    class Shout:
        def apply_to(self, draft: Draft) -> None:
            draft.fields["name"] = draft.get("name").upper()

    assert edited(an_image(), [SetField("name", "name", "new"), Shout()]).name == "NEW"
