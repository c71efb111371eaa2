"""gophercloud (Debian's package, which Terraform's provider and others are built on) with version 2 of the Image API."""

import hashlib
from typing import Any

import pytest
from programs import Gophercloud, asked

from servers import Server


@pytest.fixture(scope="module")
def login(server: Server) -> dict[str, str]:
    """How the ordinary user logs in, in the words of main.go."""
    return {"url": server.url + "/identity", "domain_name": "Default", **server.credentials()}


@pytest.fixture(scope="module")
def life(gophercloud: Gophercloud, login: dict[str, str], qcow2: Any) -> dict[str, Any]:
    """What it saw of an image from its creation to its deletion; `filters`: names by what was asked for."""
    found: dict[str, Any] = gophercloud.do("life", path=str(qcow2), **login)
    return found


def test_an_image_is_created_and_filled(life, qcow2):
    made = life["made"]

    assert (made["name"], made["status"], made["min_ram"], made["tags"]) == ("by gophercloud", "active", 64, ["boot"])
    assert made["checksum"] == hashlib.md5(qcow2.read_bytes(), usedforsecurity=False).hexdigest()
    assert made["Properties"]["os_distro"] == "ipxe"


def test_lists_keep_what_their_filters_name(life):
    here = ["by gophercloud"]

    assert life["filters"] == {
        "name": here,
        "names": here,
        "tag": here,
        "created": here,
        "not so old": [],
        "format": here,
        "status": [],
        "public": [],
        "id": here,
    }


def test_it_is_patched(life):
    changed = life["changed"]

    assert (changed["name"], changed["tags"], changed["min_disk"]) == ("renamed", ["tested"], 1)
    assert (changed["visibility"], changed["Properties"]["hw_disk_bus"]) == ("private", "virtio")
    assert "os_distro" not in changed["Properties"]


def test_its_data_come_back_the_same_and_it_is_deleted(life, qcow2):
    assert life["digest"] == hashlib.sha256(qcow2.read_bytes()).hexdigest()
    assert life["afterwards"] == "gophercloud.ErrDefault404"


def test_an_image_is_offered_to_another_project_and_accepted(gophercloud, login, friend, friends_project, qcow2):
    theirs = {f"their_{name}": value for name, value in friend.items()}

    said = gophercloud.do("share", path=str(qcow2), member=friends_project, **login, **theirs)

    assert (said["offered"]["status"], said["accepted"]["status"]) == ("pending", "accepted")
    assert said["seen"] == ["passed on"]
    assert [member["member_id"] for member in said["members"]] == [friends_project]
    assert said["afterwards"] == "gophercloud.ErrDefault404"


def test_its_errors_are_those_its_users_tell_apart(gophercloud, login):
    said = gophercloud.do("refusals", **login)

    assert {what: kind for what, (kind, _) in said.items()} == {
        "unknown": "gophercloud.ErrDefault404",
        "format": "gophercloud.ErrDefault400",
        "public": "gophercloud.ErrDefault403",
    }
    assert "floppy" in said["format"][1]


def test_it_asks_for_nothing_but_versions_of_identity_a_token_and_the_list(gophercloud, login, server):
    assert asked(server, lambda: gophercloud.do("images", **login)) == [
        "GET /identity/ 300",
        "POST /identity/v3/auth/tokens 201",
        "GET /v2/images 200",
    ]
