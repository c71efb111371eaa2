"""Every path of a PATCH with every operation, in both syntaxes. Source: docs/api/v2.md, "Update"."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

import pytest
from asking_v2 import PATCH_TYPES, RAW, V2
from connecting import Answer

Tell = Callable[[Any], AbstractContextManager[int]]

LONGEST = "n" * 255
UUID = "0f0f0f0f-0000-4000-8000-00000000000c"


def operation(syntax: str, op: str, path: Any, value: Any = None) -> dict[str, Any]:
    """In the words of *syntax*; a removal has no value."""
    words = {op: path} if syntax == "2.0" else {"op": op, "path": path}
    return words if op == "remove" else {**words, "value": value}


def outcomes(v2: V2, path: str, value: Any, *ops: str, syntax: str, caller: str = "me", **fields: Any) -> list[int]:
    """The codes of *ops*, each asked of an image of its own."""
    made = [v2.create(present="here", **fields)["id"] for _ in ops]
    return [
        v2.patch(image_id, operation(syntax, op, path, value), syntax=syntax, caller=caller).status
        for image_id, op in zip(made, ops, strict=True)
    ]


EVERY = ("add", "replace", "remove")
BOTH = pytest.mark.parametrize("syntax", ["2.1", "2.0"])

ATTRIBUTES = {
    "name": "new",
    "visibility": "private",
    "protected": True,
    "os_hidden": True,
    "tags": ["a", "b", "a"],
    "min_disk": 1,
    "min_ram": 2147483647,
    "disk_format": "qcow2",
    "container_format": "ovf",
}


@pytest.mark.parametrize(("name", "value"), list(ATTRIBUTES.items()), ids=str)
def test_an_attribute_is_replaced_and_never_removed_and_in_the_older_syntax_never_added(
    v2: V2, name: str, value: Any
) -> None:
    assert outcomes(v2, f"/{name}", value, *EVERY, syntax="2.1") == [200, 200, 403]
    assert outcomes(v2, f"/{name}", value, *EVERY, syntax="2.0") == [409, 200, 403]


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize(("name", "value"), list(ATTRIBUTES.items()), ids=str)
def test_an_attribute_is_shown_as_it_was_set(v2: V2, name: str, value: Any, op: str) -> None:
    image_id = v2.create()["id"]

    answer = v2.patch(image_id, operation("2.1", op, f"/{name}", value))

    shown = v2.show(image_id)
    assert shown == answer.json
    assert shown[name] == (["a", "b"] if name == "tags" else value)


NULLED = {"name": None, "disk_format": None, "container_format": None, "kernel_id": None}


@pytest.mark.parametrize("name", list(NULLED))
def test_what_may_be_null_may_become_it(v2: V2, name: str) -> None:
    image_id = v2.create(name="x", **RAW)["id"]

    v2.patch(image_id, operation("2.1", "add", f"/{name}", None))

    assert v2.show(image_id)[name] is None


READ_ONLY = {
    "id": UUID,
    "status": "active",
    "checksum": "0" * 32,
    "size": 1,
    "virtual_size": 1,
    "direct_url": "file:///etc/passwd",
    "self": "/v2/images/a",
    "file": "/v2/images/a/file",
    "schema": "/v2/schemas/image",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "os_hash_algo": "sha256",
    "os_hash_value": "0" * 64,
    "stores": "elsewhere",
}
RESERVED = {
    "location": "file:///etc/passwd",
    "deleted": "true",
    "deleted_at": "2026-01-01T00:00:00Z",
    "os_glance_stage_host": "https://attacker.example",
    "os_glance_import_task": "a",
    "os_glancefoo": "a",
}


@BOTH
@pytest.mark.parametrize("caller", ["me", "admin"])
@pytest.mark.parametrize(("name", "value"), list({**READ_ONLY, **RESERVED}.items()), ids=str)
def test_what_is_the_services_own_is_refused_to_everybody(
    v2: V2, name: str, value: Any, syntax: str, caller: str
) -> None:
    assert outcomes(v2, f"/{name}", value, *EVERY, syntax=syntax, caller=caller) == [403, 403, 403]


@BOTH
def test_a_disguised_name_is_the_same_name(v2: V2, syntax: str) -> None:
    for path in ("/ status", "/status ", "/\tos_glance_x", "/ owner "):
        assert outcomes(v2, path, "active", "replace", "add", syntax=syntax) in ([403, 403], [403, 409])


def test_the_owner_is_an_admins_to_change(v2: V2) -> None:
    assert outcomes(v2, "/owner", "theirs", *EVERY, syntax="2.1") == [403, 403, 403]
    assert outcomes(v2, "/owner", "theirs", "replace", "remove", syntax="2.0") == [403, 403]
    assert outcomes(v2, "/owner", "theirs", *EVERY, syntax="2.1", caller="admin") == [200, 200, 403]
    assert outcomes(v2, "/owner", "theirs", *EVERY, syntax="2.0", caller="admin") == [409, 200, 403]


def test_a_property_that_is_there_is_replaced_and_removed_and_in_the_older_syntax_not_added(v2: V2) -> None:
    assert outcomes(v2, "/present", "new", *EVERY, syntax="2.1") == [200, 200, 200]
    assert outcomes(v2, "/present", "new", *EVERY, syntax="2.0") == [409, 200, 200]


@BOTH
def test_a_property_that_is_not_there_is_only_added(v2: V2, syntax: str) -> None:
    assert outcomes(v2, "/absent", "new", *EVERY, syntax=syntax) == [200, 409, 409]


def test_a_removed_property_is_gone(v2: V2) -> None:
    made = v2.create(a="1", b="2")

    v2.patch(made["id"], operation("2.1", "remove", "/a"))

    assert v2.show(made["id"]).keys() == made.keys() - {"a"}


FIELDS_BEHIND = [
    "version",
    "is_protected",
    "min_disk_gib",
    "member_count",
    "properties",
    "extra_properties",
    "members",
    "image_id",
]


@pytest.mark.parametrize("name", FIELDS_BEHIND)
def test_the_name_of_a_field_behind_the_attributes_is_a_property_like_any_other(v2: V2, name: str) -> None:
    made = v2.create()

    answer = v2.patch(made["id"], operation("2.1", "add", f"/{name}", "5"))

    assert answer.json == {**made, name: "5", "updated_at": answer.json["updated_at"]}
    assert v2.patch(made["id"], operation("2.1", "add", f"/{name}", 5)).status == 400
    assert v2.patch(made["id"], operation("2.1", "remove", f"/{name}")).json.keys() == made.keys()


POINTERS = {
    "/": "",
    "/a b": "a b",
    "/ a ": "a",
    "/a~1b": "a/b",
    "/a~0b": "a~b",
    "/a~01": "a~1",
    "/größe 🙂": "größe 🙂",
    "/%2F": "%2F",
    "/Name": "Name",
    "/os_glan": "os_glan",
    "/" + "k" * 255: "k" * 255,
}


@BOTH
@pytest.mark.parametrize(("path", "name"), list(POINTERS.items()), ids=lambda text: text[:10])
def test_a_path_names_one_property(v2: V2, path: str, name: str, syntax: str) -> None:
    made = v2.create()

    added = v2.patch(made["id"], operation(syntax, "add", path, "v"), syntax=syntax)
    removed = v2.patch(made["id"], operation(syntax, "remove", path), syntax=syntax)

    assert added.json.keys() - made.keys() == {name}
    assert removed.json.keys() == made.keys()


NO_POINTERS = [
    "", "a", "//", "//a", "/a/", "/a//b", "/a/b", "/a/ /b", "/a~b", "/a~", "/a~2", "/~",
    "/name/first", "/tags/0", "/tags/-", "/properties/a", "/status/0", "/os_glance/x",
    5, None, True, ["name"], {"path": "/name"},
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("path", NO_POINTERS, ids=repr)
def test_what_is_no_path_is_a_bad_request(v2: V2, path: Any, syntax: str) -> None:
    image_id = v2.create()["id"]

    codes = {v2.patch(image_id, operation(syntax, op, path, "v"), syntax=syntax).status for op in EVERY}

    assert codes == {400}


LOCATIONS = {
    ("add", "/locations"): 400,
    ("add", "/locations/0"): 403,
    ("add", "/locations/-"): 403,
    ("add", "/locations/0/url"): 400,
    ("replace", "/locations"): 403,
    ("replace", "/locations/0"): 400,
    ("remove", "/locations"): 400,
    ("remove", "/locations/0"): 403,
}


@BOTH
@pytest.mark.parametrize(("asked", "code"), list(LOCATIONS.items()), ids=str)
def test_locations_are_not_offered(v2: V2, asked: tuple[str, str], code: int, syntax: str) -> None:
    op, path = asked
    value = {"url": "file:///etc/passwd", "metadata": {}}

    assert outcomes(v2, path, value if path != "/locations" else [value], op, syntax=syntax) == [code]


NO_VALUES = [
    ("name", 5), ("name", "n" * 256), ("visibility", "everybody"), ("visibility", None), ("protected", None),
    ("protected", "true"), ("os_hidden", 0), ("tags", "new"), ("tags", ["n" * 256]), ("tags", [5]), ("tags", None),
    ("min_disk", -1), ("min_disk", "1"), ("min_disk", None), ("min_disk", 1.5), ("min_ram", 2147483648),
    ("owner", 5), ("owner", "n" * 256), ("disk_format", "gpt"), ("disk_format", ""), ("container_format", "zip"),
    ("present", 5), ("present", None), ("present", True), ("present", {"a": "b"}), ("present", "v" * 65_536),
    ("k" * 256, "v"), ("kernel_id", "vmlinuz"), ("cinder_encryption_key_deletion_policy", "burn"),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("name", "value"), NO_VALUES, ids=lambda value: repr(value)[:20])
def test_a_value_of_another_kind_is_a_bad_request(v2: V2, name: str, value: Any, syntax: str) -> None:
    assert outcomes(v2, f"/{name}", value, "add", "replace", syntax=syntax) == [400, 400]


@pytest.mark.parametrize("caller", ["me", "admin"])
@pytest.mark.parametrize("status", ["queued", "importing", "saving", "uploading", "active", "deactivated", "killed"])
def test_formats_change_while_an_image_is_queued_or_imported_and_then_not_even_to_what_they_are(
    tell: Tell, status: str, caller: str
) -> None:
    formats = {"disk_format": "raw", "container_format": "bare"}
    others = [("disk_format", "qcow2"), ("container_format", "ovf"), ("disk_format", None)]
    with tell({"images": [{"id": UUID, "owner": "mine", "status": status, **formats}]}) as port:
        codes = {
            V2(port).patch(UUID, operation("2.1", op, f"/{name}", value), caller=caller).status
            for name, value in (*formats.items(), *others)
            for op in ("add", "replace")
        }

        assert codes == ({200} if status in ("queued", "importing") else {403})


BODIES: dict[str, Any] = {
    "nothing": b"",
    "no JSON": b"[",
    "no UTF-8": b'[{"op": "add", "path": "/a", "value": "\xff"}]',
    "an object": {"op": "add", "path": "/a", "value": "b"},
    "null": None,
    "a text": "a",
    "a list of texts": ["add"],
    "a list of lists": [[]],
    "an empty operation": [{}],
}
OF_2_1: dict[str, Any] = {
    "no op": [{"path": "/a", "value": "b"}],
    "no path": [{"op": "add", "value": "b"}],
    "no value": [{"op": "add", "path": "/a"}],
    "no value to replace by": [{"op": "replace", "path": "/name"}],
    "an unknown operation": [{"op": "set", "path": "/a", "value": "b"}],
    "an operation in capitals": [{"op": "ADD", "path": "/a", "value": "b"}],
    "a move": [{"op": "move", "path": "/a", "from": "/b"}],
    "a copy": [{"op": "copy", "path": "/a", "from": "/name"}],
    "a test": [{"op": "test", "path": "/name", "value": "x"}],
    "a number for an operation": [{"op": 5, "path": "/a", "value": "b"}],
    "a list for an operation": [{"op": ["add"], "path": "/a", "value": "b"}],
    "the older syntax": [{"add": "/a", "value": "b"}],
}
OF_2_0: dict[str, Any] = {
    "two operations in one": [{"add": "/a", "replace": "/name", "value": "b"}],
    "no value": [{"add": "/a"}],
    "an unknown operation": [{"set": "/a", "value": "b"}],
    "the newer syntax": [{"op": "add", "path": "/a", "value": "b"}],
}


def sent(v2: V2, body: Any, syntax: str) -> Answer:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    image_id = v2.create()["id"]
    return v2.ask("PATCH", f"/v2/images/{image_id}", {"content-type": PATCH_TYPES[syntax]}, encoded)


@BOTH
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_no_list_of_operations_is_a_bad_request(v2: V2, body: Any, syntax: str) -> None:
    assert sent(v2, body, syntax).status == 400


@pytest.mark.parametrize(
    ("body", "syntax"),
    [pytest.param(body, syntax, id=f"{syntax} {name}") for syntax, bodies in (("2.1", OF_2_1), ("2.0", OF_2_0)) for name, body in bodies.items()],
)  # fmt: skip
def test_what_is_no_operation_is_a_bad_request(v2: V2, body: Any, syntax: str) -> None:
    assert sent(v2, body, syntax).status == 400


@BOTH
def test_words_that_an_operation_has_no_use_for_are_left_aside(v2: V2, syntax: str) -> None:
    body = [
        {**operation(syntax, "add", "/a", "1"), "comment": "x"},
        {**operation(syntax, "remove", "/a"), "value": "never looked at"},
    ]

    assert sent(v2, body, syntax).status == 200


@BOTH
def test_no_operations_leave_the_time_of_change_alone(v2: V2, syntax: str) -> None:
    made = v2.create()

    answer = v2.patch(made["id"], syntax=syntax)

    assert (answer.status, answer.json) == (200, made)


TYPES = [
    "application/json",
    "application/json-patch+json",
    "application/openstack-images-v2.2-json-patch",
    "text/plain",
    "",
]


@pytest.mark.parametrize("media_type", TYPES)
def test_another_media_type_is_told_which_there_are(v2: V2, media_type: str) -> None:
    answer = v2.ask("PATCH", f"/v2/images/{UUID}", {"content-type": media_type}, b"[]")

    assert answer.status == 415
    assert answer.headers["Accept-Patch"] == ", ".join(sorted(PATCH_TYPES.values()))


@pytest.fixture(scope="module")
def narrow(tell: Tell) -> Any:
    """An application where an image may have two properties and two tags, and one has three of each from better days."""
    record = {"id": UUID, "owner": "mine", "properties": {"a": "1", "b": "1", "c": "1"}, "tags": ["a", "b", "c"]}
    with tell({"images": [record], "options": {"property_quota": 2, "tag_quota": 2}}) as port:
        yield V2(port)


def test_the_quotas_count_what_the_image_has_at_the_end(narrow: V2) -> None:
    image_id = narrow.create(a="1", tags=["a"])["id"]
    more, less = (operation("2.1", "add", f"/{name}", "1") for name in "bc"), operation("2.1", "remove", "/a")

    assert narrow.patch(image_id, *more).status == 413
    assert narrow.patch(image_id, *(operation("2.1", "add", f"/{name}", "1") for name in "bc"), less).status == 200
    assert narrow.patch(image_id, operation("2.1", "replace", "/tags", ["a", "b", "c"])).status == 413
    assert narrow.patch(image_id, operation("2.1", "replace", "/tags", ["a", "b", "a"])).status == 200


def test_an_image_over_a_lowered_quota_may_be_edited_and_shrink_but_not_grow(narrow: V2) -> None:
    growing = [operation("2.1", "add", "/d", "1"), operation("2.1", "add", "/tags", ["a", "b", "c", "d"])]

    assert [narrow.patch(UUID, one).status for one in growing] == [413, 413]
    assert narrow.patch(UUID, operation("2.1", "replace", "/a", "2")).status == 200
    assert narrow.patch(UUID, operation("2.1", "replace", "/tags", ["x", "y", "z"])).status == 200
    assert narrow.patch(UUID, *(operation("2.1", "remove", f"/{name}") for name in "ab")).status == 200
    assert narrow.patch(UUID, operation("2.1", "replace", "/tags", ["x"])).status == 200
    assert narrow.patch(UUID, *growing).status == 413


def test_of_patches_at_once_none_is_lost(v2: V2) -> None:
    image_id = v2.create()["id"]
    barrier = Barrier(8)

    def patch(number: int) -> int:
        barrier.wait(30)
        return v2.patch(image_id, operation("2.1", "add", f"/p{number}", "1")).status

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(patch, range(8))) == {200}
    assert {f"p{number}" for number in range(8)} <= v2.show(image_id).keys()


def test_thousands_of_operations_take_no_longer_than_their_number(v2: V2) -> None:
    """Each with a copy of all properties would be a hundred million of them, and minutes."""
    image_id = v2.create()["id"]
    many = [operation("2.0", op, f"/p{number}", "") for op in ("add", "remove") for number in range(14_000)]

    assert v2.patch(image_id, *many, syntax="2.0").status == 200
