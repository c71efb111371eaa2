"""Operations of a patch as they are read, with whatever is sent. Source: docs/api/v2.md, "Update"."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from calotype.domain.edits import Edit, Premise, RemoveProperty, SetField, SetProperty
from calotype.domain.errors import Invalid, Refused
from calotype.domain.images import Visibility
from calotype.domain.properties import is_reserved
from calotype.faces.v2 import attributes, operations, values
from calotype.faces.v2.patches import read_edit
from calotype.http.messages import Request

TYPES = tuple(f"application/openstack-images-v2.{minor}-json-patch" for minor in (0, 1))


def read(said: Any, media_type: str = TYPES[1]) -> list[Edit]:
    headers = (("content-type", media_type),)
    request = Request(
        method="PATCH",
        path="/images/a",
        raw_query="",
        headers=headers,
        request_id="req-1",
        base_url="http://images.example",
        body=json.dumps(said).encode(),
    )
    return [read_edit(operation) for operation in operations.read(request)]


def test_the_newer_syntax() -> None:
    said = [
        {"op": "add", "path": "/os_hidden", "value": True},
        {"op": "replace", "path": "/visibility", "value": "private"},
        {"op": "add", "path": "/a~1b", "value": "1"},
        {"op": "replace", "path": "/a", "value": "2"},
        {"op": "remove", "path": "/a"},
    ]

    assert read(said) == [
        SetField("is_hidden", "os_hidden", True, Premise.NOTHING),
        SetField("visibility", "visibility", Visibility.PRIVATE, Premise.IS_THERE),
        SetProperty("a/b", "1", Premise.NOTHING),
        SetProperty("a", "2", Premise.IS_THERE),
        RemoveProperty("a"),
    ]


def test_the_older_syntax() -> None:
    said = [{"add": "/os_hidden", "value": True}, {"replace": "/a", "value": "2"}, {"remove": "/a"}]

    assert read(said, TYPES[0]) == [
        SetField("is_hidden", "os_hidden", True, Premise.IS_NEW),
        SetProperty("a", "2", Premise.IS_THERE),
        RemoveProperty("a"),
    ]


def pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


@given(
    st.text(min_size=1)
    .map(str.strip)
    .filter(lambda name: name not in attributes.NOT_CUSTOM and not is_reserved(name) and "\0" not in name)
)
def test_every_name_of_a_property_has_a_path(name: str) -> None:
    assert read([{"op": "remove", "path": pointer(name)}]) == [RemoveProperty(name)]


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))  # fmt: skip
WORDS = st.sampled_from(["op", "path", "value", "add", "replace", "remove", "from"])
PATHS = st.sampled_from(["/name", "/tags", "/min_ram", "/status", "/locations/-", "/kernel_id", "/a", "/", "//", "/~"])
OPERATIONS = st.lists(st.dictionaries(WORDS, WORDS | PATHS | JSON, max_size=4) | JSON) | JSON


@given(OPERATIONS, st.sampled_from(TYPES))
def test_whatever_is_sent_is_read_or_refused(said: Any, media_type: str) -> None:
    try:
        edits = read(said, media_type)
    except (Invalid, Refused):
        return

    assert len(edits) == len(said)


@given(st.sampled_from(sorted(attributes.NOT_CUSTOM | {"os_glance_x"})), JSON, st.sampled_from(["add", "replace"]))
def test_no_value_makes_a_property_of_a_name_that_means_something(name: str, value: Any, op: str) -> None:
    try:
        (edit,) = read([{"op": op, "path": f"/ {name}\t", "value": value}])
    except (Invalid, Refused):
        return

    assert isinstance(edit, SetField)
    assert attributes.FIELDS[edit.name] == edit.field


def test_every_attribute_that_can_be_set_has_a_reader() -> None:
    assert set(values.READERS) == set(attributes.FIELDS)
