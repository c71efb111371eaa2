"""Images as v1 writes them: JSON and headers."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from calotype.domain.images import Image, Location, Status, Visibility
from calotype.faces.v1 import wire
from calotype.http.messages import json_response

MakeImage = Callable[..., Image]

#: The answer of the first v1.1 service whose documentation gives its length: 495 bytes.
FIRST_ANSWER = (
    b'{"images": [{"status": "active", "deleted_at": null, "name": "cirros", "deleted": false, '
    b'"container_format": "bare", "created_at": "2016-05-22T06:04:20.425843", "disk_format": "qcow2", '
    b'"updated_at": "2016-05-22T06:04:22.719791", "min_disk": 0, "protected": false, '
    b'"id": "3c3d1d01-b48a-4639-8a88-08be3b9b5d78", "min_ram": 0, "checksum": "64d7c1cd2b6f60c92c14662941cb7913", '
    b'"owner": "23f4cb75768d4febb39542ef6fe169f3", "is_public": true, "virtual_size": null, "properties": {}, '
    b'"size": 13167616}]}'
)


def test_the_first_record_comes_out_as_exactly_its_495_bytes(cirros: MakeImage) -> None:
    body = json_response({"images": [wire.write_detail(cirros())]}).body

    assert len(FIRST_ANSWER) == 495
    assert body == FIRST_ANSWER


def test_a_brief_entry_has_six_fields(cirros: MakeImage) -> None:
    assert wire.write_brief(cirros()) == {
        "id": "3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
        "name": "cirros",
        "size": 13167616,
        "disk_format": "qcow2",
        "container_format": "bare",
        "checksum": "64d7c1cd2b6f60c92c14662941cb7913",
    }


def test_an_entry_has_all_18_fields_even_where_nothing_is_known(cirros: MakeImage) -> None:
    bare = Image(id="a", created_at=datetime(2016, 1, 1, tzinfo=UTC), updated_at=datetime(2016, 1, 1, tzinfo=UTC))

    assert list(wire.write_detail(bare)) == list(wire.write_detail(cirros()))
    assert len(wire.write_detail(bare)) == 18


def test_a_whole_second_has_six_digits_and_an_early_year_four(cirros: MakeImage) -> None:
    detail = wire.write_detail(cirros(created_at=datetime(16, 1, 1, tzinfo=UTC)))

    assert detail["created_at"] == "0016-01-01T00:00:00.000000"


@pytest.mark.parametrize("visibility", [Visibility.SHARED, Visibility.PRIVATE, Visibility.COMMUNITY])
def test_only_what_is_public_is_public(cirros: MakeImage, visibility: Visibility) -> None:
    assert wire.write_detail(cirros(visibility=visibility))["is_public"] is False


def test_a_deleted_image_shows_no_properties(cirros: MakeImage) -> None:
    gone = cirros(
        status=Status.DELETED, deleted_at=datetime(2016, 6, 1, tzinfo=UTC), properties={"os_distro": "debian"}
    )

    assert wire.write_detail(gone)["properties"] == {}
    assert wire.write_detail(gone)["deleted"] is True
    assert wire.write_detail(gone)["deleted_at"] == "2016-06-01T00:00:00.000000"
    assert "x-image-meta-property-os_distro" not in dict(wire.write_headers(gone))


def test_no_shape_tells_where_the_data_are(cirros: MakeImage) -> None:
    located = cirros(locations=(Location("https://store.example/secret"),), tags=("golden",))

    written = f"{wire.write_brief(located)} {wire.write_detail(located)} {wire.write_headers(located)}"

    assert "secret" not in written
    assert "golden" not in written


def test_headers_hold_every_field_that_is_not_null(cirros: MakeImage) -> None:
    assert dict(wire.write_headers(cirros(properties={"os_distro": "debian"}))) == {
        "x-image-meta-status": "active",
        "x-image-meta-name": "cirros",
        "x-image-meta-deleted": "False",
        "x-image-meta-container_format": "bare",
        "x-image-meta-created_at": "2016-05-22T06:04:20.425843",
        "x-image-meta-disk_format": "qcow2",
        "x-image-meta-updated_at": "2016-05-22T06:04:22.719791",
        "x-image-meta-min_disk": "0",
        "x-image-meta-protected": "False",
        "x-image-meta-id": "3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
        "x-image-meta-min_ram": "0",
        "x-image-meta-checksum": "64d7c1cd2b6f60c92c14662941cb7913",
        "x-image-meta-owner": "23f4cb75768d4febb39542ef6fe169f3",
        "x-image-meta-is_public": "True",
        "x-image-meta-size": "13167616",
        "x-image-meta-property-os_distro": "debian",
        "ETag": "64d7c1cd2b6f60c92c14662941cb7913",
    }


def test_without_a_checksum_there_is_no_etag(cirros: MakeImage) -> None:
    assert "ETag" not in dict(wire.write_headers(cirros(checksum=None)))


def test_a_property_header_is_lower_case_and_a_null_has_none(cirros: MakeImage) -> None:
    headers = dict(wire.write_headers(cirros(properties={"Foo-Bar": "Baz", "nothing": None, "empty": ""})))

    assert headers["x-image-meta-property-foo-bar"] == "Baz"
    assert headers["x-image-meta-property-empty"] == ""
    assert "x-image-meta-property-nothing" not in headers


@pytest.mark.parametrize("name", ["my key", "größe", "a:b", "line\r\nbreak", ""])
def test_a_property_that_no_header_can_name_is_left_out(cirros: MakeImage, name: str) -> None:
    headers = wire.write_headers(cirros(properties={name: "x"}))

    assert headers == wire.write_headers(cirros())


def test_a_value_keeps_its_letters(cirros: MakeImage) -> None:
    headers = dict(wire.write_headers(cirros(name="größe 🙂", properties={"note": "a\tb"})))

    assert headers["x-image-meta-name"] == "größe 🙂"
    assert headers["x-image-meta-property-note"] == "a\tb"
