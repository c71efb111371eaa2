"""Images made by POST. Source: docs/api/v1.md, "Create"."""

import json
import os
import resource
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asking import META, OCTETS, RAW, V1, md5, wait_for
from keeping import Kept

import disks
from servers import Server

Tell = Callable[[Any], AbstractContextManager[int]]

KEYS = [
    "status", "deleted_at", "name", "deleted", "container_format", "created_at", "disk_format", "updated_at", "min_disk",
    "protected", "id", "min_ram", "checksum", "owner", "is_public", "virtual_size", "properties", "size",
]  # fmt: skip


@pytest.fixture(scope="module")
def v1(tell: Tell) -> Iterator[V1]:
    """The application with nothing in it at first; tests make what they need and count by name."""
    with tell({}) as port:
        yield V1(port)


@pytest.fixture(scope="module")
def small(tell: Tell) -> Iterator[V1]:
    """The same with room for little: images of at most a MiB."""
    with tell({"options": {"image_size_cap_bytes": 1 << 20}}) as port:
        yield V1(port)


def named(**fields: str) -> tuple[str, dict[str, str]]:
    """A name of the test's own, and the headers of a raw image with it and *fields*."""
    name = uuid4().hex
    return name, {**RAW, f"{META}name": name, **{META + key: value for key, value in fields.items()}}


def the_id(v1: V1, name: str) -> str:
    """The only image of this name, whatever its status."""
    path = f"/v1/images?is_public=none&changes-since=2000&name={name}"
    (image,) = json.loads(v1.ask("GET", path, caller="admin").body)["images"]
    found: str = image["id"]
    return found


@pytest.mark.parametrize("prefix", ["/v1", "/v1.0", "/v1.1"])
def test_an_image_with_its_data_is_active_and_answered_whole(v1: V1, prefix: str) -> None:
    data = os.urandom(100_000)
    name, headers = named()

    answer = v1.post({**headers, **OCTETS}, data, path=f"{prefix}/images")

    image = answer.image
    assert answer.status == 201
    assert list(json.loads(answer.body)) == ["image"]
    assert list(image) == KEYS
    assert (image["name"], image["status"], image["size"]) == (name, "active", 100_000)
    assert (image["checksum"], image["virtual_size"], image["owner"]) == (md5(data), 100_000, "mine")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == f"http://127.0.0.1:{v1.port}/v1/images/{image['id']}"
    assert answer.headers["ETag"] == md5(data)
    assert answer.headers["X-Openstack-Request-Id"].startswith("req-")


def test_an_image_without_data_waits_for_them(v1: V1) -> None:
    answer = v1.post({})

    image = answer.image
    assert answer.status == 201
    assert (image["status"], image["size"], image["checksum"], image["virtual_size"]) == ("queued", 0, None, None)
    assert (image["disk_format"], image["container_format"], image["name"]) == (None, None, None)
    assert (image["min_disk"], image["min_ram"], image["is_public"], image["protected"]) == (0, 0, False, False)
    assert "ETag" not in answer.headers


def test_a_declared_size_shows_before_the_data_come(v1: V1) -> None:
    image = v1.post({f"{META}size": "12345"}).image

    assert (image["status"], image["size"]) == ("queued", 12345)


def test_an_image_of_no_bytes_is_active_at_once(v1: V1) -> None:
    image = v1.post({f"{META}size": "0"}).image

    answer = v1.ask("GET", f"/v1/images/{image['id']}")
    assert (image["status"], image["size"]) == ("active", 0)
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")


def test_a_body_of_length_0_is_no_body(v1: V1) -> None:
    assert v1.post({**RAW}, b"").image["status"] == "queued"


def test_a_chunked_body_is_a_body_even_if_it_is_empty(v1: V1) -> None:
    image = v1.post({**RAW, **OCTETS}, iter([])).image

    assert (image["status"], image["size"], image["checksum"]) == ("active", 0, md5(b""))


def test_a_chunked_body_is_taken_whole(v1: V1) -> None:
    pieces = [os.urandom(size) for size in (1, 70_000, 3_000_000, 5)]

    image = v1.put_in(iter(pieces))

    assert (image["size"], image["checksum"]) == (3_070_006, md5(b"".join(pieces)))
    assert v1.ask("GET", f"/v1/images/{image['id']}").body == b"".join(pieces)


def test_all_metadata_are_kept(v1: V1) -> None:
    given = {
        "name": "Ünïcode 东京 100 % \U0001f4f7",
        "min_disk": "2147483647",
        "min-ram": "512",
        "protected": "True",
        "property-Foo-Bar": "x y",
        "property-empty": "",
        "property-os_distro": "debian",
        "status": "active",
        "uri": "x",
        "copy_from": "y",
        "deleted": "true",
        "virtual_size": "None",
        "created_at": "2010-01-01T00:00:00",
        "deleted_at": "",
    }
    image = v1.post({META + name: value for name, value in given.items()}).image

    assert (image["name"], image["min_disk"], image["min_ram"]) == (given["name"], 2147483647, 512)
    assert image["properties"] == {"foo_bar": "x y", "empty": None, "os_distro": "debian"}
    assert (image["protected"], image["status"], image["deleted"], image["virtual_size"]) == (
        True,
        "queued",
        False,
        None,
    )
    assert not image["created_at"].startswith("2010")


@pytest.mark.parametrize("separator", ["-", "_"])
def test_hyphen_and_underscore_are_the_same_in_a_field(v1: V1, separator: str) -> None:
    sent = {
        META + "disk_format".replace("_", separator): "qcow2",
        META + "container_format".replace("_", separator): "ovf",
    }

    image = v1.post(sent).image

    assert (image["disk_format"], image["container_format"]) == ("qcow2", "ovf")


@pytest.mark.parametrize("word", ["1", "t", "TRUE", "on", "Y", "yes"])
def test_words_of_truth_protect_an_image(v1: V1, word: str) -> None:
    assert v1.post({f"{META}protected": word}).image["protected"] is True


@pytest.mark.parametrize("word", ["0", "false", "", "none", "2", "maybe"])
def test_any_other_word_is_false_and_no_error(v1: V1, word: str) -> None:
    image = v1.post({f"{META}protected": word, f"{META}is_public": word}).image

    assert (image["protected"], image["is_public"]) == (False, False)


BAD = {
    "disk_format": ["", "floppy", "QCOW2", "qed", "gpt"],
    "container_format": ["", "box", "Bare"],
    "size": ["", "-1", "1.5", "1e3", "0x10", "large", "9" * 19, "9" * 5000],
    "min_disk": ["", "-1", "2147483648", "x"],
    "min_ram": ["", "-1", "2147483648", "1.0", "9" * 5000],
    "virtual_size": ["-1", "none", "x"],
    "checksum": ["a" * 33, "a" * 42],
    "created_at": ["-1", "yesterday", "2010-13-01", "1899-12-31T23:59:59", "2010x", "1290000000"],
    "updated_at": ["garbage", "0001-01-01T00:00:00+23:00"],
    "deleted_at": ["2010-02-30"],
    "id": ["1", "-1", "g" * 32, "3c3d1d01b48a46398a8808be3b9b5d7", "{3c3d1d01-b48a-4639-8a88-08be3b9b5d78}",
           "3c3d1d01-b48a46398a8808be3b9b5d78", "3c3d1d01-b48a-4639-8a88-08be3b9b5d78\t0"],
    "store": ["nowhere", "Local"],
    "name": ["x" * 256],
    "location": ["", "http://example.org/image", "file:///etc/passwd"],
    "unknown": ["x", ""],
    "tags": ["x"],
    "property-": ["x"],
    "property-" + "x" * 256: ["x"],
    "property-x": ["y" * 65_536],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, all_of in BAD.items() for value in all_of])
def test_a_value_that_cannot_be_one_is_refused_by_name_and_nothing_is_made(v1: V1, field: str, value: str) -> None:
    name, headers = named()

    for body in (None, b"data"):
        answer = v1.post({**headers, **OCTETS, META + field: value}, body)

        assert answer.status == 400
        assert any(f"for '{shown}'" in answer.text for shown in shown_as(field))
    assert name not in v1.names()


def shown_as(field: str) -> tuple[str, ...]:
    """How an error may call the field of a header: a property goes by its own name if that can be one."""
    return (field, META + field, field.removeprefix("property-"), "property name")


@pytest.mark.parametrize("value", ["", "http://example.org/image"])
def test_copying_from_elsewhere_is_not_offered(v1: V1, value: str) -> None:
    name, headers = named()

    answer = v1.post({**headers, "x-glance-api-copy-from": value})

    assert answer.status == 400
    assert "copy-from" in answer.text
    assert name not in v1.names()


def test_a_field_in_two_spellings_is_refused(v1: V1) -> None:
    answer = v1.post({f"{META}min-disk": "1", f"{META}min_disk": "2"})

    assert answer.status == 400
    assert "twice" in answer.text


@pytest.mark.parametrize("field", ["disk_format", "container_format"])
@pytest.mark.parametrize("kind", ["ami", "ari", "aki"])
def test_an_amazon_format_is_both_formats(v1: V1, field: str, kind: str) -> None:
    image = v1.post({META + field: kind}).image

    assert (image["disk_format"], image["container_format"]) == (kind, kind)


@pytest.mark.parametrize(("disk", "container"), [("ami", "aki"), ("raw", "ami"), ("ari", "bare")])
def test_amazon_formats_do_not_mix(v1: V1, disk: str, container: str) -> None:
    answer = v1.post({f"{META}disk_format": disk, f"{META}container_format": container})

    assert answer.status == 400
    assert "container_format" in answer.text


def test_an_owner_is_chosen_by_admins_only(v1: V1) -> None:
    sent = {f"{META}owner": "somebody"}

    assert v1.post(sent, caller="me").image["owner"] == "mine"
    assert v1.post(sent, caller="admin").image["owner"] == "somebody"
    assert v1.post({f"{META}owner": ""}, caller="admin").image["owner"] is None
    assert v1.post({}, caller="admin").image["owner"] == "admins"
    assert v1.post({f"{META}owner": "x" * 256}, caller="admin").status == 400


def test_a_public_image_is_made_by_admins_only(v1: V1) -> None:
    name, headers = named(is_public="true")

    assert v1.post(headers, caller="me").status == 403
    assert v1.post({**headers, **OCTETS}, b"data", caller="me").status == 403
    assert name not in v1.names()
    assert v1.post(headers, caller="admin").image["is_public"] is True


@pytest.mark.parametrize(("caller", "status"), [("reader", 403), ("nobody", 403), ("unknown", 401)])
@pytest.mark.parametrize("body", [None, b"data"])
def test_who_may_not_make_images_makes_none(v1: V1, caller: str, status: int, body: bytes | None) -> None:
    name, headers = named()

    assert v1.post({**headers, **OCTETS}, body, caller=caller).status == status
    assert name not in v1.names()


def test_an_id_is_kept_as_given_and_used_once(v1: V1) -> None:
    for given in (str(uuid4()), str(uuid4()).upper(), uuid4().hex, uuid4().hex.upper()):
        name, headers = named(id=given)
        assert v1.post(headers).image["id"] == given

        for again in (given, given.lower(), given.replace("-", "")):
            assert v1.post({**headers, f"{META}id": again}).status == 409
            assert v1.post({**headers, **OCTETS, f"{META}id": again}, b"data", caller="other").status == 409
        assert v1.names().count(name) == 1


def test_128_properties_are_kept_and_129_refused(v1: V1) -> None:
    name, headers = named()
    properties = {f"{META}property-p{number}": "x" for number in range(129)}

    assert v1.post({**headers, **OCTETS, **properties}, b"data").status == 413
    assert name not in v1.names()
    properties.popitem()
    image = v1.post({**headers, **OCTETS, **properties}, b"data").image
    assert len(image["properties"]) == 128


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_data_sent_as_something_else_kill_the_image(v1: V1, kind: str | None) -> None:
    name, headers = named()

    answer = v1.post({**headers, **({} if kind is None else {"content-type": kind})}, b"data")

    assert answer.status == 400
    assert "Content-Type" in answer.text
    assert v1.status_of(the_id(v1, name)) == "killed"


def test_the_type_of_data_may_be_spelled_freely(v1: V1) -> None:
    assert v1.post({**RAW, "content-type": "Application/Octet-Stream; x=y"}, b"data").status == 201


@pytest.mark.parametrize("absent", ["disk_format", "container_format"])
def test_without_a_format_data_are_refused_and_the_image_stays_queued(v1: V1, absent: str) -> None:
    name, headers = named()
    del headers[META + absent]

    answer = v1.post({**headers, "content-type": "text/plain"}, b"data")

    assert answer.status == 400
    assert absent in answer.text
    assert v1.status_of(the_id(v1, name)) == "queued"


DISHONEST = [
    {"size": "3"},
    {"size": "5"},
    {"checksum": "0" * 32},
    {"size": "4", "checksum": "0" * 32},
    {"size": "5", "checksum": md5(b"data")},
]


@pytest.mark.parametrize("promise", DISHONEST)
@pytest.mark.parametrize("chunked", [True, False])
def test_data_other_than_promised_kill_the_image(v1: V1, promise: dict[str, str], chunked: bool) -> None:
    name, headers = named(**promise)

    answer = v1.post({**headers, **OCTETS}, iter([b"da", b"ta"]) if chunked else b"data")

    assert answer.status == 400
    image_id = the_id(v1, name)
    assert v1.status_of(image_id) == "killed"
    assert v1.ask("GET", f"/v1/images/{image_id}").status == 404


@pytest.mark.parametrize("promise", [{"size": "4"}, {"size": "0"}, {"checksum": md5(b"data")}, {"checksum": ""}])
def test_promises_that_are_kept_or_say_nothing_are_no_matter(v1: V1, promise: dict[str, str]) -> None:
    assert v1.put_in(b"data", **promise)["size"] == 4


@pytest.mark.parametrize(
    ("disk_format", "data"),
    [("qcow2", os.urandom(70_000)), ("raw", disks.qcow2(backing=b"/etc/passwd")), ("iso", disks.qcow2())],
)
def test_data_that_contradict_their_format_or_are_unsafe_kill_the_image(v1: V1, disk_format: str, data: bytes) -> None:
    name, headers = named(disk_format=disk_format)

    answer = v1.post({**headers, **OCTETS}, data)

    assert answer.status == 400
    assert "disk_format" in answer.text
    assert v1.status_of(the_id(v1, name)) == "killed"


def test_the_virtual_size_comes_from_the_data(v1: V1) -> None:
    assert v1.put_in(disks.qcow2(virtual_size=1 << 40), disk_format="qcow2")["virtual_size"] == 1 << 40


@pytest.mark.parametrize("body", [None, b"data"])
def test_a_declared_size_over_the_cap_makes_nothing(small: V1, body: bytes | None) -> None:
    name, headers = named(size=str((1 << 20) + 1))

    assert small.post({**headers, **OCTETS}, body).status == 400
    assert name not in small.names()


def test_a_body_announced_over_the_cap_makes_nothing(small: V1) -> None:
    name, headers = named()

    assert small.post({**headers, **OCTETS}, bytes((1 << 20) + 1)).status == 400
    assert name not in small.names()


def test_a_body_as_large_as_the_cap_is_taken(small: V1) -> None:
    assert small.put_in(bytes(1 << 20), size=str(1 << 20))["size"] == 1 << 20


def test_a_body_that_passes_the_cap_kills_the_image(small: V1) -> None:
    name, headers = named()

    answer = small.post({**headers, **OCTETS}, repeat(bytes(1 << 18), 5))

    assert answer.status == 413
    assert small.status_of(the_id(small, name)) == "killed"


def exchange(port: int, head: bytes, body: bytes = b"") -> bytes:
    """What comes back for *head* sent alone; *body* follows once something came, or at once if there is none."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head)
        received = connection.recv(65536)
        if body:
            connection.sendall(body)
            received += connection.recv(65536)
        return received


def raw_head(v1: V1, length: int, **fields: str) -> bytes:
    headers = {**RAW, **OCTETS, **{META + name: value for name, value in fields.items()}}
    lines = ["POST /v1/images HTTP/1.1", f"Host: 127.0.0.1:{v1.port}", "X-Auth-Token: me", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())]).encode()


def test_what_would_be_refused_is_refused_before_a_byte_is_sent(v1: V1) -> None:
    for head in (raw_head(v1, 10 << 40), raw_head(v1, 10 << 30, disk_format="floppy")):
        received = exchange(v1.port, head + b"\r\nExpect: 100-continue\r\n\r\n")

        assert received.startswith(b"HTTP/1.1 400 ")


def test_a_client_that_waits_to_be_asked_is_asked(v1: V1) -> None:
    received = exchange(v1.port, raw_head(v1, 4) + b"\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", b"data")

    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ")


def test_a_client_that_hangs_up_leaves_a_killed_image_and_no_bytes(v1: V1) -> None:
    name = uuid4().hex
    with socket.create_connection(("127.0.0.1", v1.port), timeout=30) as connection:
        connection.sendall(raw_head(v1, 5_000_000, name=name) + b"\r\n\r\n" + bytes(2_000_000))
        wait_for(lambda: name in v1.names())

    wait_for(lambda: v1.status_of(the_id(v1, name)) == "killed")


@pytest.mark.on_files("a folder that is gone; tests/contract takes S3 away, and tests/fire too")
def test_a_store_that_does_not_work_is_503_and_kills_the_image(keeper: tuple[V1, Kept]) -> None:
    v1, kept = keeper
    name, headers = named()
    shutil.rmtree(kept.folder / "blobs")

    answer = v1.post({**headers, **OCTETS}, b"data")

    assert (answer.status, str(kept.folder) in answer.text) == (503, False)
    assert v1.status_of(the_id(v1, name)) == "killed"


def test_a_refused_upload_leaves_no_bytes(keeper: tuple[V1, Kept]) -> None:
    v1, kept = keeper

    assert v1.post({**RAW, **OCTETS, f"{META}size": "9"}, os.urandom(3_000_000)).status == 400
    assert kept.keys() == []


def test_data_that_vanished_from_the_store_are_404(keeper: tuple[V1, Kept]) -> None:
    v1, kept = keeper
    image = v1.put_in(b"data")
    kept.lose()

    assert v1.ask("GET", f"/v1/images/{image['id']}").status == 404


def test_a_full_store_is_413_and_kills_the_image(start_server: Callable[..., Server]) -> None:
    """The workers may write no file larger than 2 MiB, which is how a quota looks from inside."""
    server = start_server("--ephemeral")
    parent = server.process.pid
    for worker in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        resource.prlimit(int(worker), resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
    name, headers = named()

    answer = server.request("POST", "/v1/images", bytes(3 << 20), {**headers, **OCTETS})

    listed = server.request("GET", f"/v1/images?changes-since=2000&name={name}").json["images"]
    head = server.request("HEAD", f"/v1/images/{listed[0]['id']}")
    assert answer.status == 413
    assert b"full" in answer.body
    assert head.headers["x-image-meta-status"] == "killed"
    assert server.request("POST", "/v1/images", bytes(1 << 20), {**headers, **OCTETS}).status == 201
