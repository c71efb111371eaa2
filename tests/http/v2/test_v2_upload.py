"""Image data taken in by v2. Source: docs/api/v2.md, "Upload"."""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from asking_v2 import OCTETS, RAW, V2
from connecting import Answer, md5, wait_for

import disks

Tell = Callable[[Any], AbstractContextManager[int]]
Raw = Callable[[str, int, bytes], bytes]

MIB = 1 << 20
DATA = b"some data"


@pytest.fixture(scope="module")
def small(tell: Tell) -> Iterator[V2]:
    """An application that takes images of at most a MiB, and two MiB of the project of *other* in all."""
    with tell({"options": {"image_size_cap_bytes": MIB}, "quotas": {"theirs": {"bytes": 2 * MIB - 1}}}) as port:
        yield V2(port)


def queued(v2: V2, caller: str = "me", **fields: Any) -> str:
    """The id of an image that waits for its data, raw unless *fields* say otherwise."""
    return str(v2.create(caller, **{**RAW, **fields})["id"])


def put(v2: V2, image_id: str, body: Any = DATA, headers: dict[str, str] | None = None, caller: str = "me") -> Answer:
    return v2.ask("PUT", f"/v2/images/{image_id}/file", {**OCTETS, **(headers or {})}, body, caller)


def chunks(data: bytes, step: int = 64 << 10) -> Iterator[bytes]:
    for first in range(0, len(data), step):
        yield data[first : first + step]


def is_as_before_its_data(image: dict[str, Any]) -> bool:
    told_by_data = ("size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value")
    return image["status"] == "queued" and all(image[name] is None for name in told_by_data)


@pytest.mark.parametrize("chunked", [True, False])
def test_data_make_the_image_active_and_tell_all_about_it(v2: V2, chunked: bool) -> None:
    data = os.urandom(3_000_001)
    image_id = queued(v2)

    answer = put(v2, image_id, chunks(data) if chunked else data)

    assert (answer.status, answer.body, answer.headers["content-type"]) == (204, b"", None)
    image = v2.show(image_id)
    assert (image["status"], image["size"], image["virtual_size"]) == ("active", len(data), len(data))
    assert image["checksum"] == md5(data)
    assert (image["os_hash_algo"], image["os_hash_value"]) == ("sha512", hashlib.sha512(data).hexdigest())
    assert "stores" not in image


@pytest.mark.parametrize("body", [b"", iter([b""]), None], ids=["length 0", "no chunk", "no body"])
def test_no_byte_at_all_is_an_image_of_size_zero(v2: V2, body: Any) -> None:
    image_id = queued(v2)

    assert put(v2, image_id, body).status == 204

    image = v2.show(image_id)
    assert (image["status"], image["size"], image["virtual_size"]) == ("active", 0, None)
    assert (image["checksum"], image["os_hash_value"]) == (md5(b""), hashlib.sha512().hexdigest())


@pytest.mark.parametrize("media_type", ["application/octet-stream; charset=x", "Application/Octet-Stream"])
def test_the_type_may_have_parameters_and_any_case(v2: V2, media_type: str) -> None:
    assert put(v2, queued(v2), headers={"content-type": media_type}).status == 204


@pytest.mark.parametrize("media_type", ["", "application/json", "application/octet-streams", "text/plain"])
def test_another_type_is_refused_before_anything_is_looked_at(v2: V2, media_type: str) -> None:
    image_id = queued(v2)

    assert put(v2, image_id, headers={"content-type": media_type}).status == 415
    assert put(v2, str(uuid4()), headers={"content-type": media_type}).status == 415
    assert is_as_before_its_data(v2.show(image_id))


@pytest.mark.parametrize("size", ["many", "", "-1", "1.0", "9" * 5000])
def test_an_announced_size_that_is_none_is_refused(v2: V2, size: str) -> None:
    image_id = queued(v2)

    answer = put(v2, image_id, headers={"x-openstack-image-size": size})

    assert answer.status == 400
    assert "x-openstack-image-size" in answer.text
    assert is_as_before_its_data(v2.show(image_id))


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("size", [0, len(DATA) - 1, len(DATA) + 1])
def test_other_data_than_announced_are_refused(v2: V2, size: int, chunked: bool) -> None:
    image_id = queued(v2)

    answer = put(v2, image_id, iter([DATA[:4], DATA[4:]]) if chunked else DATA, {"x-openstack-image-size": str(size)})

    assert answer.status == 400
    assert is_as_before_its_data(v2.show(image_id))


@pytest.mark.parametrize("data", [b"", DATA])
def test_data_as_announced_are_taken(v2: V2, data: bytes) -> None:
    image_id = queued(v2)

    assert put(v2, image_id, iter([data]), {"x-openstack-image-size": str(len(data))}).status == 204
    assert v2.show(image_id)["size"] == len(data)


def test_what_version_1_promised_of_the_data_holds_for_the_first_upload(v2: V2) -> None:
    meta = {"disk_format": "raw", "container_format": "bare", "size": str(len(DATA)), "checksum": md5(DATA)}
    headers = {f"x-image-meta-{name}": value for name, value in meta.items()}
    image_id = v2.ask("POST", "/v1/images", headers).json["image"]["id"]
    assert v2.show(image_id)["size"] == len(DATA)

    assert put(v2, image_id, DATA + b"!").status == 400
    assert is_as_before_its_data(v2.show(image_id))
    assert put(v2, image_id, b"others").status == 204


def test_a_body_that_is_not_as_long_as_it_says_is_broken_off_and_the_image_queued_again(v2: V2) -> None:
    image_id = queued(v2)
    lines = [f"PUT /v2/images/{image_id}/file HTTP/1.1", "Host: a", "X-Auth-Token: me", "Content-Length: 100"]
    head = "\r\n".join([*lines, "Content-Type: application/octet-stream", "", ""]).encode()
    with socket.create_connection(("127.0.0.1", v2.port), timeout=30) as connection:
        connection.sendall(head + DATA)
        wait_for(lambda: v2.show(image_id)["status"] == "saving")

    wait_for(lambda: is_as_before_its_data(v2.show(image_id)))
    assert put(v2, image_id).status == 204


def test_a_store_that_is_named_where_there_is_one_only_is_no_matter(v2: V2) -> None:
    assert put(v2, queued(v2), headers={"x-image-meta-store": "elsewhere"}).status == 204


@pytest.mark.parametrize("formats", [{}, {"disk_format": "raw"}, {"container_format": "bare"}])
def test_an_image_without_formats_takes_no_data_until_it_has_them(v2: V2, formats: dict[str, str]) -> None:
    image_id = v2.create(**formats)["id"]

    assert put(v2, image_id).status == 400
    assert is_as_before_its_data(v2.show(image_id))
    said = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in RAW.items()]
    assert v2.patch(image_id, *said).status == 200
    assert put(v2, image_id).status == 204


def test_a_second_upload_is_a_conflict_and_changes_nothing(v2: V2) -> None:
    image = v2.active(DATA)

    assert put(v2, image["id"], b"other data").status == 409
    assert v2.show(image["id"]) == image


# Who may


def test_what_is_not_there_for_the_caller_is_404_whatever_the_caller_may(v2: V2) -> None:
    theirs = queued(v2, "other", visibility="private")

    statuses = [put(v2, image_id, caller=who).status for image_id in (str(uuid4()), theirs) for who in ("me", "reader")]

    assert statuses == [404] * 4


def test_who_has_no_role_is_told_that_nothing_is_there(v2: V2) -> None:
    assert put(v2, queued(v2), caller="nobody").status == 404


def test_a_reader_may_not_upload(v2: V2) -> None:
    assert put(v2, queued(v2), caller="reader").status == 403


def test_an_image_of_others_that_one_sees_is_not_ones_own_to_fill(v2: V2) -> None:
    theirs = queued(v2, "other", visibility="community")

    assert put(v2, theirs).status == 403
    assert put(v2, theirs, caller="admin").status == 204


def test_a_deleted_image_is_not_there_for_admins_either(v2: V2) -> None:
    image_id = queued(v2)
    assert v2.ask("DELETE", f"/v2/images/{image_id}").status == 204

    assert put(v2, image_id, caller="admin").status == 404


def test_what_is_wrong_first_is_told_first(small: V2) -> None:
    """Size, then whether the image is there, then the right, then the state, then the formats."""
    large = {"x-openstack-image-size": str(MIB + 1)}
    theirs = small.active(caller="other", visibility="community")["id"]
    without_formats = small.create()["id"]

    assert put(small, str(uuid4()), chunks(b"x"), large).status == 413
    assert put(small, str(uuid4()), caller="reader").status == 404
    assert put(small, theirs).status == 403
    assert put(small, theirs, caller="admin").status == 409
    assert put(small, without_formats).status == 400


# Limits


@pytest.mark.parametrize("chunked", [True, False])
def test_data_over_the_cap_are_refused_and_the_image_is_queued_again(small: V2, chunked: bool) -> None:
    image_id, data = queued(small), bytes(MIB + 1)

    assert put(small, image_id, chunks(data) if chunked else data).status == 413
    assert is_as_before_its_data(small.show(image_id))
    assert put(small, image_id, data[1:]).status == 204


@pytest.mark.parametrize("chunked", [True, False])
def test_data_over_the_projects_quota_are_refused_and_the_image_is_queued_again(small: V2, chunked: bool) -> None:
    first, second, data = queued(small, "other"), queued(small, "other"), bytes(MIB)
    assert put(small, first, data, caller="other").status == 204

    answer = put(small, second, chunks(data) if chunked else data, caller="other")

    assert answer.status == 413
    assert is_as_before_its_data(small.show(second, "other"))
    assert small.ask("DELETE", f"/v2/images/{first}", caller="other").status == 204
    assert put(small, second, data, caller="other").status == 204
    assert small.ask("DELETE", f"/v2/images/{second}", caller="other").status == 204


def expecting(v2: V2, image_id: str, raw: Raw, *lines: str) -> bytes:
    """All that is said to a client that asks before it sends its data, and then does not."""
    head = [f"PUT /v2/images/{image_id}/file HTTP/1.1", "Host: a", "X-Auth-Token: me", "Expect: 100-continue"]
    said = "\r\n".join([*head, "Connection: close", *lines, "", ""]).encode()
    return raw("127.0.0.1", v2.port, said)


OCTETS_LINE = "Content-Type: application/octet-stream"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Type: text/plain", "Content-Length: 9"], 415),
        ([OCTETS_LINE, "Content-Length: 9", "X-OpenStack-Image-Size: 8"], 400),
        ([OCTETS_LINE, f"Content-Length: {MIB + 1}"], 413),
        ([OCTETS_LINE, "Transfer-Encoding: chunked", f"X-OpenStack-Image-Size: {MIB + 1}"], 413),
    ],
)
def test_who_asks_first_is_refused_before_a_byte_is_sent(small: V2, raw: Raw, lines: list[str], status: int) -> None:
    image_id = queued(small)

    assert expecting(small, image_id, raw, *lines).startswith(f"HTTP/1.1 {status} ".encode())
    assert is_as_before_its_data(small.show(image_id))


def test_who_asks_first_is_told_what_stands_against_the_image_too(v2: V2, raw: Raw) -> None:
    lines = [OCTETS_LINE, "Content-Length: 9"]

    assert expecting(v2, str(uuid4()), raw, *lines).startswith(b"HTTP/1.1 404 ")
    assert expecting(v2, v2.active()["id"], raw, *lines).startswith(b"HTTP/1.1 409 ")
    assert expecting(v2, v2.create()["id"], raw, *lines).startswith(b"HTTP/1.1 400 ")


def test_who_asks_first_and_may_go_on_is_told_so(v2: V2) -> None:
    image_id = queued(v2)
    head = [f"PUT /v2/images/{image_id}/file HTTP/1.1", "Host: a", "X-Auth-Token: me", "Expect: 100-continue"]
    head += [OCTETS_LINE, f"Content-Length: {len(DATA)}", "Connection: close"]
    with socket.create_connection(("127.0.0.1", v2.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(DATA)
        assert connection.recv(100).startswith(b"HTTP/1.1 204 ")

    assert v2.show(image_id)["checksum"] == md5(DATA)


# What data may be


REFUSED = {
    "random bytes that say QCOW2": ("qcow2", os.urandom(70_000)),
    "a QCOW2 that says VMDK": ("vmdk", disks.qcow2()),
    "a QCOW2 that says ISO": ("iso", disks.qcow2()),
    "a QCOW2 that says ploop": ("ploop", disks.qcow2()),
    "a backing file": ("qcow2", disks.qcow2(backing=b"/etc/passwd")),
    "a backing file in raw": ("raw", disks.qcow2(backing=b"/etc/passwd")),
    "an unknown feature": ("qcow2", disks.qcow2(features=1 << 60)),
    "an external data file": ("qcow2", disks.qcow2(features=1 << 2)),
    "no data for a QCOW2": ("qcow2", b""),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_data_of_another_format_or_unsafe_ones_are_415_and_leave_nothing(v2: V2, name: str) -> None:
    disk_format, data = REFUSED[name]
    image_id = queued(v2, disk_format=disk_format)

    answer = put(v2, image_id, data)

    assert answer.status == 415
    assert disk_format in answer.text
    assert is_as_before_its_data(v2.show(image_id))


def test_after_a_refusal_the_image_is_told_by_the_second_data_alone(v2: V2) -> None:
    image_id = queued(v2, disk_format="qcow2")
    good = disks.qcow2(virtual_size=1 << 40)
    assert put(v2, image_id, os.urandom(70_000)).status == 415

    assert put(v2, image_id, good).status == 204

    image = v2.show(image_id)
    assert (image["size"], image["virtual_size"], image["checksum"]) == (len(good), 1 << 40, md5(good))
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == good


def test_what_is_in_another_container_is_not_looked_into(v2: V2) -> None:
    data = disks.qcow2(backing=b"/etc/passwd")
    image_id = queued(v2, disk_format="qcow2", container_format="ovf")

    assert put(v2, image_id, data).status == 204
    assert (v2.show(image_id)["size"], v2.show(image_id)["virtual_size"]) == (len(data), None)


def test_where_formats_need_not_match_unsafe_data_are_refused_all_the_same(tell: Tell) -> None:
    with tell({"options": {"require_image_format_match": False}}) as port:
        v2 = V2(port)

        assert put(v2, queued(v2, disk_format="vmdk"), disks.qcow2()).status == 204
        assert put(v2, queued(v2, disk_format="vmdk"), disks.qcow2(backing=b"/etc/passwd")).status == 415


# Somebody else meanwhile


@pytest.mark.parametrize("round_", range(5))
def test_of_two_uploads_at_once_one_wins(v2: V2, round_: int) -> None:
    image_id = queued(v2)
    barrier = Barrier(2)

    def upload(number: int) -> int:
        barrier.wait()
        return put(v2, image_id, chunks(b"%d" % number * 100_000)).status

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(upload, range(2)))

    assert sorted(statuses) == [204, 409]
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == b"%d" % statuses.index(204) * 100_000


def test_an_image_deleted_while_its_data_arrive_is_410_for_who_sends_them(v2: V2) -> None:
    image_id = queued(v2)
    head = [f"PUT /v2/images/{image_id}/file HTTP/1.1", "Host: a", "X-Auth-Token: me", "Connection: close"]
    head += [OCTETS_LINE, "Transfer-Encoding: chunked"]
    with socket.create_connection(("127.0.0.1", v2.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", "4", "data", ""]).encode())
        wait_for(lambda: v2.show(image_id)["status"] == "saving")
        assert v2.ask("DELETE", f"/v2/images/{image_id}").status == 204
        connection.sendall(b"4\r\nmore\r\n0\r\n\r\n")
        answer = connection.recv(1000)

    assert answer.startswith(b"HTTP/1.1 410 ")
    assert v2.ask("GET", f"/v2/images/{image_id}", caller="admin").status == 404
