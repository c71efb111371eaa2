"""Quotas of a project as a client of v1 meets them. Source: docs/api/v1.md, "Quotas"."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from asking import META, OCTETS, RAW, V1

MIB = 1 << 20

Raw = Callable[[str, int, bytes], bytes]


@pytest.fixture
def v1(tell: Callable[[Any], AbstractContextManager[int]]) -> Iterator[V1]:
    """The application, with room for a MiB and four images in the project of *me*."""
    with tell({"quotas": {"mine": {"bytes": MIB, "images": 4}}}) as port:
        yield V1(port)


def status_of(v1: V1, name: str) -> str:
    """The status of the only image of this name."""
    path = f"/v1/images/detail?is_public=none&changes-since=2000&name={name}"
    (image,) = json.loads(v1.ask("GET", path, caller="admin").body)["images"]
    found: str = image["status"]
    return found


def named(**fields: str) -> tuple[str, dict[str, str]]:
    name = uuid4().hex
    return name, {**RAW, **OCTETS, f"{META}name": name, **{META + key: value for key, value in fields.items()}}


def chunks(size: int, step: int = 64 << 10) -> Iterator[bytes]:
    for first in range(0, size, step):
        yield bytes(min(step, size - first))


def test_data_that_say_their_length_are_refused_by_it_and_the_image_is_killed(v1: V1) -> None:
    name, headers = named()

    answer = v1.post(headers, bytes(MIB + 1))

    assert answer.status == 413
    assert str(MIB) in answer.text
    assert status_of(v1, name) == "killed"


def test_a_declared_size_over_the_quota_is_refused_whatever_is_sent(v1: V1) -> None:
    name, headers = named(size=str(MIB + 1))

    assert v1.post(headers, chunks(10)).status == 413
    assert status_of(v1, name) == "killed"


def test_a_client_that_asks_first_is_refused_before_it_sends_a_byte(v1: V1, raw: Raw) -> None:
    name, headers = named()
    lines = ["POST /v1/images HTTP/1.1", "Host: x", "X-Auth-Token: me", f"Content-Length: {10 << 30}"]
    lines += ["Expect: 100-continue", *(f"{key}: {value}" for key, value in headers.items()), "", ""]

    said = raw("127.0.0.1", v1.port, "\r\n".join(lines).encode())

    assert said.startswith(b"HTTP/1.1 413 ")
    assert status_of(v1, name) == "killed"


def test_a_chunked_body_is_refused_where_it_passes_the_quota_and_the_image_is_killed(v1: V1) -> None:
    name, headers = named()

    answer = v1.post(headers, chunks(MIB + 1))

    assert answer.status == 413
    assert status_of(v1, name) == "killed"


def test_a_chunked_body_may_fill_the_quota_to_its_last_byte(v1: V1) -> None:
    _, headers = named()

    answer = v1.post(headers, chunks(MIB))

    assert (answer.status, answer.image["size"]) == (201, MIB)


def test_what_fits_is_taken_after_a_refusal(v1: V1) -> None:
    _, headers = named()
    refused = [v1.post(headers, bytes(MIB + 1)).status, v1.post(headers, chunks(MIB + 1)).status]

    answer = v1.post(headers, bytes(MIB))

    assert refused == [413, 413]
    assert (answer.status, answer.image["status"]) == (201, "active")


def test_a_deleted_image_makes_room(v1: V1) -> None:
    _, headers = named()
    first = v1.post(headers, bytes(MIB)).image["id"]
    assert v1.post(headers, b"1").status == 413

    assert v1.ask("DELETE", f"/v1/images/{first}").status == 200

    assert v1.post(headers, bytes(MIB)).status == 201


@pytest.mark.parametrize("chunked", [False, True])
def test_data_for_a_queued_image_are_refused_and_the_image_is_killed(v1: V1, chunked: bool) -> None:
    name, headers = named()
    image_id = v1.post(headers).image["id"]

    answer = v1.ask("PUT", f"/v1/images/{image_id}", OCTETS, chunks(MIB + 1) if chunked else bytes(MIB + 1))

    assert answer.status == 413
    assert status_of(v1, name) == "killed"


def test_no_more_images_are_made_than_the_quota_admits(v1: V1) -> None:
    _, headers = named()
    made = [v1.post(headers).status for _ in range(4)]

    answer = v1.post(headers)

    assert (made, answer.status) == ([201] * 4, 413)
    assert "4 images" in answer.text
    assert v1.post(headers, b"data").status == 413
    assert len(json.loads(v1.ask("GET", "/v1/images").body)["images"]) == 4


def test_an_image_is_not_given_to_a_project_without_room_for_it(v1: V1) -> None:
    theirs = v1.post(named()[1], bytes(MIB + 1), caller="other").image["id"]

    answer = v1.ask("PUT", f"/v1/images/{theirs}", {f"{META}owner": "mine"}, caller="admin")

    assert answer.status == 413
    assert v1.ask("HEAD", f"/v1/images/{theirs}", caller="other").meta["owner"] == "theirs"


def test_other_projects_have_no_limit(v1: V1) -> None:
    _, headers = named()

    assert v1.post(headers, bytes(MIB + 1), caller="other").status == 201
