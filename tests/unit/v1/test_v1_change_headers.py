"""A change as its headers say it."""

from typing import Any

import pytest

from calotype.domain.callers import Caller
from calotype.domain.errors import Invalid
from calotype.faces.v1.headers import Update, read_update
from calotype.service.changes import Change
from calotype.service.options import ServiceOptions

MEMBER = Caller("u", "mine", frozenset({"member"}))
ADMIN = Caller("a", "admins", frozenset({"admin"}))


def read(*, caller: Caller = MEMBER, **fields: str) -> Update:
    """What these fields say, written as in Python; behind `property_` is a property's name."""
    headers = tuple(("x-image-meta-" + name.replace("property_", "property-"), value) for name, value in fields.items())
    return read_update(headers, caller, ServiceOptions(image_size_cap_bytes=100), ("local",))


def test_no_headers_change_nothing_but_purge() -> None:
    assert read() == Update(change=Change(), store=None, purge=True)


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"name": "new"}, Change(name="new")),
        ({"name": ""}, Change(name=None)),
        ({"checksum": ""}, Change(checksum=None)),
        ({"disk_format": "raw", "container_format": "bare"}, Change(disk_format="raw", container_format="bare")),
        ({"size": "0"}, Change(size_bytes=0)),
        ({"min_disk": "1", "min_ram": "2"}, Change(min_disk_gib=1, min_ram_mib=2)),
        ({"is_public": "Yes", "protected": "no"}, Change(is_public=True, is_protected=False)),
        ({"is_public": "nonsense"}, Change(is_public=False)),
        ({"id": "garbage", "status": "active"}, Change(id="garbage", status="active")),
        ({"id": "", "status": ""}, Change()),
        ({"property_os-type": "linux", "property_gone": ""}, Change(properties={"os_type": "linux", "gone": None})),
        ({"created_at": "2001", "deleted": "true", "virtual_size": "7", "uri": "x", "copy_from": "x"}, Change()),
        ({"owner": "theirs"}, Change()),
    ],
    ids=str,
)
def test_what_is_sent_is_what_changes(fields: dict[str, str], change: Change) -> None:
    assert read(**fields).change == change


@pytest.mark.parametrize(("sent", "owner"), [("theirs", "theirs"), ("", None)])
def test_an_admin_says_who_owns_an_image(sent: str, owner: str | None) -> None:
    assert read(caller=ADMIN, owner=sent).change == Change(owner=owner)


def test_a_store_is_for_the_data() -> None:
    assert read(store="local").store == "local"


@pytest.mark.parametrize(
    ("word", "purge"), [("true", True), ("1", True), (" ON ", True), ("false", False), ("", False), ("purge", False)]
)
def test_only_a_word_of_truth_purges(word: str, purge: bool) -> None:
    headers = (("x-glance-registry-purge-props", word),)

    assert read_update(headers, MEMBER, ServiceOptions(), ()).purge is purge


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("disk_format", ""),
        ("container_format", ""),
        ("size", ""),
        ("size", "101"),
        ("size", "1.5"),
        ("min_disk", ""),
        ("min_ram", "2147483648"),
        ("checksum", "c" * 33),
        ("store", "attic"),
        ("created_at", "1899-12-31"),
        ("virtual_size", "-1"),
        ("location", ""),
        ("colour", "red"),
    ],
)
def test_a_value_that_cannot_be_one_is_named(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        read(**{name: value})

    assert name in refusal.value.field
