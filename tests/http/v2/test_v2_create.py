"""What may be said of a new image and what may not. Source: docs/api/v2.md, "Create"."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from asking_v2 import V2
from connecting import Answer

LONGEST = "n" * 255
UUID = "0F0F0F0F-0000-4000-8000-00000000000c"


def post(v2: V2, body: bytes, caller: str = "me") -> Answer:
    return v2.ask("POST", "/v2/images", body=body, caller=caller)


def refused(v2: V2, caller: str = "me", **fields: Any) -> int:
    return post(v2, json.dumps(fields).encode(), caller).status


TAKEN = [
    ("name", ""),
    ("name", None),
    ("name", LONGEST),
    ("name", "größe 🙂"),
    ("visibility", "private"),
    ("visibility", "shared"),
    ("visibility", "community"),
    ("disk_format", None),
    ("container_format", None),
    ("container_format", "compressed"),
    ("min_disk", 2147483647),
    ("min_ram", 0),
    ("tags", []),
    ("tags", ["", LONGEST, "größe 🙂", "with/slash"]),
    ("kernel_id", UUID),
    ("kernel_id", None),
    ("ramdisk_id", None),
    ("instance_uuid", "any text"),
    ("cinder_encryption_key_deletion_policy", "on_image_deletion"),
    ("cinder_encryption_key_deletion_policy", "do_not_delete"),
    ("architecture", ""),
    ("k" * 255, "v" * 65_535),
    ("", "v"),
    ("with/slash", "v"),
    ("größe 🙂", "größe 🙂"),
    # Names of fields behind the attributes, here and in Glance: properties like any other.
    ("is_protected", "v"),
    ("version", "v"),
    ("deleted_by", "v"),
    ("image_id", "v"),
    ("extra_properties", "v"),
    ("members", "v"),
]


@pytest.mark.parametrize(("name", "value"), TAKEN, ids=lambda value: repr(value)[:30])
def test_what_is_taken_is_shown_as_it_was_sent(v2: V2, name: str, value: Any) -> None:
    made = v2.create(**{name: value})

    assert made[name] == value
    assert v2.show(made["id"]) == made


def test_a_whole_number_may_have_a_point(v2: V2) -> None:
    assert v2.create(min_disk=1.0)["min_disk"] == 1


NOT_TAKEN = [
    ("id", None),
    ("id", 1),
    ("id", "image"),
    ("id", UUID.replace("-", "")),
    ("id", UUID[:-1]),
    ("id", UUID + "\n"),
    ("name", "n" * 256),
    ("name", 5),
    ("name", ["debian"]),
    ("owner", "n" * 256),
    ("owner", 1),
    ("visibility", "everybody"),
    ("visibility", None),
    ("visibility", True),
    ("visibility", ["private"]),
    ("protected", "true"),
    ("protected", None),
    ("protected", 1),
    ("os_hidden", "false"),
    ("os_hidden", None),
    ("disk_format", "gpt"),
    ("disk_format", "RAW"),
    ("disk_format", ""),
    ("disk_format", 1),
    ("container_format", "zip"),
    ("container_format", {}),
    ("min_disk", -1),
    ("min_disk", 2147483648),
    ("min_disk", None),
    ("min_disk", "1"),
    ("min_disk", 1.5),
    ("min_disk", True),
    ("min_ram", -1),
    ("min_ram", 2**70),
    ("min_ram", None),
    ("tags", None),
    ("tags", "web"),
    ("tags", [1]),
    ("tags", ["n" * 256]),
    ("tags", [["web"]]),
    ("hw_machine_type", 35),
    ("hw_machine_type", True),
    ("hw_machine_type", None),
    ("hw_machine_type", {"a": "b"}),
    ("hw_machine_type", ["q35"]),
    ("hw_machine_type", "v" * 65_536),
    ("k" * 256, "v"),
    ("kernel_id", "vmlinuz"),
    ("ramdisk_id", ""),
    ("cinder_encryption_key_deletion_policy", "burn"),
    ("cinder_encryption_key_deletion_policy", None),
    ("instance_uuid", None),
    ("a\0b", "v"),
    ("a", "v\0"),
]


@pytest.mark.parametrize(("name", "value"), NOT_TAKEN, ids=lambda value: repr(value)[:30])
def test_a_value_of_another_kind_is_a_bad_request(v2: V2, name: str, value: Any) -> None:
    assert refused(v2, **{name: value}) == 400


READ_ONLY = {
    "status": "active",
    "size": 1,
    "virtual_size": 1,
    "checksum": "0" * 32,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "self": "/v2/images/a",
    "file": "/v2/images/a/file",
    "schema": "/v2/schemas/image",
    "direct_url": "file:///etc/passwd",
    "stores": "local",
}
RESERVED = {
    "locations": [],
    "location": "file:///etc/passwd",
    "deleted": "true",
    "deleted_at": "2026-01-01T00:00:00Z",
    "os_glance_import_task": "a",
    "os_glance_stage_host": "https://attacker.example",
    "os_glancefoo": "a",
}


@pytest.mark.parametrize("caller", ["me", "admin"])
@pytest.mark.parametrize(("name", "value"), list({**READ_ONLY, **RESERVED}.items()), ids=str)
def test_what_is_the_services_own_is_refused(v2: V2, name: str, value: Any, caller: str) -> None:
    assert refused(v2, caller, **{name: value}) == 403


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"image"',
    "a number": b"5",
    "null": b"null",
    "no UTF-8": b'{"name": "\xff"}',
    "half a surrogate pair": rb'{"name": "\ud800"}',
    "nested too deep": b'{"a":' * 100_000,
    "a number without end": b'{"min_disk": 1e999}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_object_is_a_bad_request(v2: V2, body: bytes) -> None:
    assert post(v2, body).status == 400


def test_a_body_of_more_than_a_mebibyte_is_too_large(v2: V2) -> None:
    assert post(v2, json.dumps({"name": "x" * (1 << 20)}).encode()).status == 413


Tell = Callable[[Any], AbstractContextManager[int]]


@pytest.fixture(scope="module")
def small(tell: Tell) -> Any:
    """The application with room for three properties and two tags in an image."""
    with tell({"options": {"property_quota": 3, "tag_quota": 2}}) as port:
        yield V2(port)


def test_an_image_has_as_many_properties_and_tags_as_the_quotas_say(small: V2) -> None:
    three, two = {"a": "1", "b": "1", "c": "1"}, ["a", "b", "a"]

    assert small.create(**three, tags=two)["tags"] == ["a", "b"]
    assert refused(small, **three, d="1") == 413
    assert refused(small, tags=[*two, "c"]) == 413


def test_by_default_they_are_128(v2: V2) -> None:
    names = [f"n{number}" for number in range(129)]

    assert len(v2.create(tags=names[1:])["tags"]) == 128
    assert refused(v2, tags=names) == 413
    assert v2.create(**dict.fromkeys(names[1:], "v"))["n128"] == "v"
    assert refused(v2, **dict.fromkeys(names, "v")) == 413


def test_a_negative_quota_is_none(tell: Tell) -> None:
    with tell({"options": {"property_quota": -1, "tag_quota": -1}}) as port:
        names = [f"n{number}" for number in range(500)]

        assert len(V2(port).create(tags=names, **dict.fromkeys(names, "v"))["tags"]) == 500


def test_images_made_without_an_id_get_one_each(v2: V2) -> None:
    assert len({v2.create()["id"] for _ in range(3)}) == 3
