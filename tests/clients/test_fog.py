"""fog (Debian's package ruby-fog-openstack) with version 1 of the Image API. docs/api/v1-differences.md says what it lacks."""

from typing import Any

import pytest
from fog import Fog
from programs import asked


@pytest.fixture(scope="module")
def life(fog: Fog, qcow2: Any) -> dict[str, Any]:
    """What fog saw of an image from its creation to its deletion."""
    return fog.do("life", path=str(qcow2))


def test_an_image_is_created_with_data_found_changed_and_deleted(life, qcow2):
    created = life["created"]

    assert (created["status"], created["size"], created["min_ram"]) == ("active", qcow2.stat().st_size, 64)
    assert created["properties"] == {"os": "linux"}
    assert life["detailed"] == [created]
    assert [image["id"] for image in life["brief"]] == [created["id"]]
    assert (life["updated"]["name"], life["updated"]["properties"]) == ("late", {"arch": "arm"})
    assert (life["deleted"], life["afterwards"]) == (200, None)


def test_an_image_is_shown_by_its_headers(life):
    created = life["created"]

    assert (
        life["head"].items()
        >= {
            "x-image-meta-id": created["id"],
            "x-image-meta-name": "by fog",
            "x-image-meta-checksum": created["checksum"],
            "x-image-meta-property-os": "linux",
        }.items()
    )


def test_its_objects_stay_empty_when_fetched_by_id_because_it_wants_capitals_in_header_names(life):
    assert {name: value for name, value in life["model"].items() if value} == {}


def test_its_objects_are_created_renamed_and_destroyed(fog):
    said = fog.do("model")

    assert (said["status"], said["renamed"], said["destroyed"], said["left"]) == ("queued", "renamed", True, [])


def test_its_errors_are_those_its_users_rescue_and_say_why(fog):
    said = fog.do("refusals")

    assert {what: kind for what, (kind, _) in said["errors"].items()} == {
        "unknown": "Fog::OpenStack::Image::NotFound",
        "format": "Excon::Error::BadRequest",
        "public": "Excon::Error::Forbidden",
    }
    assert "floppy" in said["errors"]["format"][1]


def test_a_wrong_password_is_refused(fog):
    assert fog.refused("list", fog.options | {"openstack_api_key": "wrong"}) == "Excon::Error::Unauthorized"


def test_it_finds_version_1_by_a_service_type_of_its_own_or_by_that_of_images(fog):
    for options in (fog.options, fog.options | {"openstack_service_type": "image"}):
        assert asked(fog.server, lambda options=options: fog.do("list", options)) == [
            "POST /identity/v3/auth/tokens 201",
            "GET /v1/images 200",
        ]
