"""What v2 answers against the schemas it serves, read by a validator that is not ours."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_v2 import V2
from jsonschema import Draft4Validator

METADEFS = ("namespace", "resource_type", "property", "object", "tag")
NAMES = (
    *("image", "images", "member", "members", "task", "tasks"),
    *(f"metadefs/{name}" for name in METADEFS),
    *("metadefs/namespaces", "metadefs/resource_types", "metadefs/properties", "metadefs/objects", "metadefs/tags"),
)

KERNEL = "aaaaaaaa-0000-4000-8000-0000000000ff"
LOADED = [
    {"id": "aaaaaaaa-0000-4000-8000-000000000001", "name": None, "owner": None, "status": "queued"},
    {"id": "AAAAAAAA-0000-4000-8000-000000000002", "name": "größe", "owner": "mine", "status": "killed"},
    {"id": "aaaaaaaa000040008000000000000003", "name": "", "owner": "mine", "status": "deactivated", "os_hidden": True},
    {
        "id": "aaaaaaaa-0000-4000-8000-000000000004",
        "owner": "mine",
        "status": "active",
        "visibility": "public",
        "protected": True,
        "size": 0,
        "disk_format": "qcow2",
        "container_format": "bare",
        "virtual_size": 5,
        "checksum": "0" * 32,
        "os_hash_algo": "sha512",
        "os_hash_value": "0" * 128,
        "tags": ["a", "b"],
        "properties": {"kernel_id": None, "ramdisk_id": KERNEL, "own": None, "size": "huge", "description": "x"},
    },
    {
        "id": "aaaaaaaa-0000-4000-8000-000000000005",
        "owner": "mine",
        "status": "queued",
        "visibility": "shared",
        "members": [{"member": "theirs", "status": "accepted"}, {"member": "elsewhere"}],
    },
]


@pytest.fixture(scope="module")
def filled(tell: Callable[[dict[str, Any]], Any]) -> Iterator[V2]:
    """Images as they come: loaded, in every state that is shown, with and without all that may be missing."""
    with tell({"images": LOADED}) as port:
        yield V2(port)


def validator(client: V2, name: str) -> Draft4Validator:
    answer = client.ask("GET", f"/v2/schemas/{name}")
    assert answer.status == 200, answer.text
    return Draft4Validator(answer.json)


def faults(client: V2, name: str, sent: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(client, name).iter_errors(sent)]


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_one(filled: V2, name: str) -> None:
    Draft4Validator.check_schema(filled.ask("GET", f"/v2/schemas/{name}").json)


def test_a_definition_that_a_schema_mentions_is_in_it(filled: V2) -> None:
    rules = {"title": "t", "type": "string", "name": "n", "minLength": 0, "maxLength": 1, "required": ["a"]}
    listed = {"namespaces": [{"namespace": "n", "properties": {"p": rules}, "objects": [{"required": ["a"]}]}]}

    assert faults(filled, "metadefs/property", rules) == []
    assert faults(filled, "metadefs/properties", {"properties": {"p": rules}}) == []
    assert faults(filled, "metadefs/namespaces", listed) == []
    assert faults(filled, "metadefs/objects", {"objects": [{"name": "o", "properties": {"p": {}}}]}) != []


def test_every_image_is_as_the_schema_says(filled: V2) -> None:
    for loaded in LOADED:
        shown = filled.ask("GET", f"/v2/images/{loaded['id']}", caller="admin")

        assert shown.status == 200, shown.text
        assert faults(filled, "image", shown.json) == [], loaded["id"]


def test_so_is_every_page(filled: V2) -> None:
    page = filled.ask("GET", "/v2/images?limit=2", caller="admin").json

    assert len(page["images"]) == 2
    assert {"first", "next", "schema"} <= set(page)
    assert faults(filled, "images", page) == []


def test_so_is_every_member(filled: V2) -> None:
    members = f"/v2/images/{LOADED[4]['id']}/members"
    listed = filled.ask("GET", members).json

    assert [member["status"] for member in listed["members"]] == ["pending", "accepted"]
    assert faults(filled, "members", listed) == []
    for member in listed["members"]:
        shown = filled.ask("GET", f"{members}/{member['member_id']}").json
        assert faults(filled, "member", shown) == []


def test_every_base_property_but_those_of_options_is_in_an_image(filled: V2) -> None:
    """Clients take what the schema calls base for something that every image has."""
    properties = filled.ask("GET", "/v2/schemas/image").json["properties"]
    base = {name for name, rule in properties.items() if rule.get("is_base", True)}
    shown = filled.ask("GET", f"/v2/images/{LOADED[0]['id']}").json

    assert base - set(shown) == {"stores", "direct_url", "locations"}
    assert set(shown) <= base


def test_what_the_service_alone_says_is_read_only(filled: V2) -> None:
    properties = filled.ask("GET", "/v2/schemas/image").json["properties"]

    read_only = {name for name, rule in properties.items() if rule.get("readOnly")}
    assert read_only == {
        *("status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "created_at", "updated_at"),
        *("self", "file", "schema", "direct_url", "stores"),
    }


def test_a_null_where_the_schema_allows_one_stays_null(filled: V2) -> None:
    """Elsewhere it is '', since a custom property is a text; there '' would break the pattern."""
    shown = filled.ask("GET", f"/v2/images/{LOADED[3]['id']}").json

    assert (shown["kernel_id"], shown["own"]) == (None, "")


def test_what_options_and_stores_add_is_as_the_schema_says(tell: Callable[[dict[str, Any]], Any]) -> None:
    stores = ["local=file:blobs", "second=file:second"]
    options = {"show_multiple_locations": True, "show_image_direct_url": True, "store": stores}
    with tell({"options": options}) as port:
        client = V2(port)
        shown = client.active()

        assert {"stores", "direct_url", "locations"} <= set(shown)
        assert faults(client, "image", shown) == []
        assert faults(client, "images", client.ask("GET", "/v2/images").json) == []


def test_so_is_a_location_longer_than_one_that_patch_takes(tell: Callable[[dict[str, Any]], Any]) -> None:
    """A client that validates would show no list in which there is one; presigned URLs are often that long."""
    place = {"url": "https://images.example/a?" + "x" * 1_000, "store": "http"}
    located = {**LOADED[-1], "id": "5f0b0b1c-41c7-4bb4-8a5c-1f6f0a3d9b02", "locations": [place], "members": []}
    with tell({"options": {"show_multiple_locations": True}, "images": [located]}) as port:
        client = V2(port)

        shown = client.ask("GET", "/v2/images", caller="admin").json
        assert shown["images"][0]["locations"][0]["url"] == place["url"]
        assert faults(client, "images", shown) == []
