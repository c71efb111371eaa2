"""fog (Debian's package ruby-fog-openstack) with version 2 of the Image API."""

import hashlib
from typing import Any

import pytest
from fog import Fog
from programs import asked


@pytest.fixture(scope="module")
def life(fog_v2: Fog, qcow2: Any) -> dict[str, Any]:
    """What fog saw of an image from its creation to its deletion."""
    return fog_v2.do("life", path=str(qcow2))


def test_an_image_is_created_filled_and_found(life, qcow2):
    filled = life["filled"]

    assert (life["queued"], filled["status"], filled["size"]) == ("queued", "active", qcow2.stat().st_size)
    assert (filled["name"], filled["min_ram"], filled["os"]) == ("by fog", 64, "linux")
    assert life["by name"] == life["filtered"] == [filled["id"]]


def test_it_is_changed_tagged_and_deleted(life):
    updated = life["updated"]

    assert (updated["name"], updated["arch"]) == ("late", "arm")
    assert life["tags"] == ["tested"]
    assert (life["deleted"], life["afterwards"]) == (True, None)


def test_its_data_come_back_the_same_but_not_while_it_is_deactivated(life, qcow2):
    assert life["data"] == [hashlib.sha256(qcow2.read_bytes()).hexdigest()] * 2
    assert life["inactive"] == "Excon::Error::Forbidden"


def test_an_image_is_offered_to_another_project_and_accepted(fog_v2, friend, friends_project):
    theirs = fog_v2.options | {
        "openstack_username": friend["username"],
        "openstack_api_key": friend["password"],
        "openstack_project_name": friend["project_name"],
    }

    said = fog_v2.do("share", theirs=theirs, project=friends_project)

    assert (said["offered"], said["accepted"], said["member"]) == ("pending", "accepted", "accepted")
    assert (said["theirs"], said["members"]) == (["passed on"], [friends_project])
    assert said["left"] == [[], None]


def test_its_errors_are_those_its_users_rescue_and_say_why(fog_v2):
    said = fog_v2.do("refusals")

    assert {what: kind for what, (kind, _) in said["errors"].items()} == {
        "unknown": "Fog::OpenStack::Image::NotFound",
        "format": "Excon::Error::BadRequest",
        "public": "Excon::Error::Forbidden",
    }
    assert "floppy" in said["errors"]["format"][1]


def test_a_wrong_password_is_refused(fog_v2):
    assert fog_v2.refused("list", fog_v2.options | {"openstack_api_key": "wrong"}) == "Excon::Error::Unauthorized"


def test_it_asks_for_nothing_but_a_token_and_the_list(fog_v2):
    assert asked(fog_v2.server, lambda: fog_v2.do("list")) == [
        "POST /identity/v3/auth/tokens 201",
        "GET /v2/images 200",
    ]
