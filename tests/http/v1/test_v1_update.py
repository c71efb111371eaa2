"""Images changed by PUT, where it takes more than one request or data. Source: docs/api/v1.md, "Change"."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

import pytest
from asking import META, OCTETS, RAW, V1, Answer, md5, wait_for

Tell = Callable[[Any], AbstractContextManager[int]]

KEEP = {"x-glance-registry-purge-props": "false"}
DATA = b"some data"


@pytest.fixture(scope="module")
def v1(tell: Tell) -> Iterator[V1]:
    with tell({}) as port:
        yield V1(port)


@pytest.fixture(scope="module")
def small(tell: Tell) -> Iterator[V1]:
    """The same with room for little: images of at most a MiB with at most 3 properties."""
    with tell({"options": {"image_size_cap_bytes": 1 << 20, "property_quota": 3}}) as port:
        yield V1(port)


def meta(**fields: str) -> dict[str, str]:
    """Metadata headers; a property is `property_NAME`."""
    return {META + name.replace("property_", "property-"): value for name, value in fields.items()}


def queued(v1: V1, **fields: str) -> str:
    """The id of a raw image that waits for its data."""
    answer = v1.post({**RAW, **meta(**fields)})
    assert answer.status == 201, answer.text
    return str(answer.image["id"])


def put(v1: V1, image_id: str, headers: dict[str, str] | None = None, body: Any = None, **how: str) -> Answer:
    return v1.ask("PUT", f"/v1/images/{image_id}", headers or {}, body, **how)


def send(v1: V1, image_id: str, body: Any = DATA, headers: dict[str, str] | None = None, **how: str) -> Answer:
    return put(v1, image_id, {**OCTETS, **(headers or {})}, body, **how)


def shown(v1: V1, image_id: str) -> dict[str, str]:
    return v1.ask("HEAD", f"/v1/images/{image_id}", caller="admin").meta


def properties(v1: V1, image_id: str) -> dict[str, str]:
    prefix = "property-"
    return {name.removeprefix(prefix): value for name, value in shown(v1, image_id).items() if name.startswith(prefix)}


@pytest.mark.parametrize("prefix", ["/v1", "/v1.0", "/v1.1"])
def test_a_registered_image_gets_its_data_later(v1: V1, prefix: str) -> None:
    image_id = queued(v1, name="debian")

    answer = v1.ask("PUT", f"{prefix}/images/{image_id}", OCTETS, DATA)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["ETag"] == answer.image["checksum"] == md5(DATA)
    assert (answer.image["status"], answer.image["size"], answer.image["name"]) == ("active", len(DATA), "debian")
    assert v1.ask("GET", f"/v1/images/{image_id}").body == DATA


@pytest.mark.parametrize("purge", [{}, KEEP, {"x-glance-registry-purge-props": "true"}], ids=str)
def test_data_never_take_properties_away(v1: V1, purge: dict[str, str]) -> None:
    image_id = queued(v1, property_os="debian", property_arch="arm")

    answer = send(v1, image_id, headers={**purge, **meta(property_arch="x86", property_new="1")})

    assert answer.image["properties"] == {"os": "debian", "arch": "x86", "new": "1"}


def test_a_body_of_length_0_is_none_and_purges(v1: V1) -> None:
    image_id = queued(v1, property_os="debian")

    answer = send(v1, image_id, b"")

    assert (answer.status, answer.image["status"], answer.image["properties"]) == (200, "queued", {})


def test_a_chunked_body_is_one_even_if_it_is_empty(v1: V1) -> None:
    image_id = queued(v1, property_os="debian")

    answer = send(v1, image_id, iter([]))

    assert (answer.image["status"], answer.image["size"], answer.image["checksum"]) == ("active", 0, md5(b""))
    assert answer.image["properties"] == {"os": "debian"}


def test_a_chunked_body_is_taken_whole(v1: V1) -> None:
    pieces = [os.urandom(size) for size in (1, 70_000, 2_000_000)]

    assert send(v1, queued(v1), iter(pieces)).image["checksum"] == md5(b"".join(pieces))


def test_a_property_can_be_removed_and_set_again(v1: V1) -> None:
    image_id = queued(v1, property_os="debian", property_arch="arm")

    put(v1, image_id, meta(property_arch="arm"))
    removed = properties(v1, image_id)
    put(v1, image_id, {**KEEP, **meta(property_os="alpine")})

    assert removed == {"arch": "arm"}
    assert properties(v1, image_id) == {"arch": "arm", "os": "alpine"}


@pytest.mark.parametrize("change", [{META + "name": "new"}, {**KEEP, META + "property-a": "1"}, {}], ids=str)
def test_every_change_moves_the_time_of_change_and_no_other(v1: V1, change: dict[str, str]) -> None:
    image_id = queued(v1)
    before = shown(v1, image_id)

    put(v1, image_id, change)

    after = shown(v1, image_id)
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


@pytest.mark.parametrize("name", ["os_glance_stage_host", "OS-GLANCE-import_task", "os_glancefoo"])
def test_properties_that_are_the_services_own_are_nobodys_to_set(v1: V1, name: str) -> None:
    sent = {f"{META}property-{name}": "https://attacker.example"}
    image_id = queued(v1)

    assert v1.post(sent).status == 403
    assert put(v1, image_id, {**KEEP, **sent}).status == 403
    assert send(v1, image_id, headers=sent).status == 403
    assert (properties(v1, image_id), shown(v1, image_id)["status"]) == ({}, "queued")


def test_a_change_takes_none_of_the_services_own_properties_away(tell: Tell) -> None:
    own = {"os_glance_import_task": "a"}
    record = {"id": "00000000-0000-0000-0000-00000000000a", "owner": "mine", "properties": {**own, "os": "debian"}}
    with tell({"images": [record]}) as port:
        put(V1(port), record["id"], meta(name="new"))

        assert properties(V1(port), record["id"]) == own


@pytest.mark.parametrize("header", [META + "property-", META + "property-a"], ids=["without a name", "with one"])
def test_a_property_has_a_name(v1: V1, header: str) -> None:
    assert v1.post({header: "x"}).status == (201 if header.endswith("a") else 400)


def test_a_name_in_utf8_comes_back_as_it_was_sent(v1: V1) -> None:
    assert put(v1, queued(v1), meta(name="größe 🙂")).image["name"] == "größe 🙂"


def test_an_image_takes_data_once(v1: V1) -> None:
    image_id = queued(v1)
    send(v1, image_id)

    again = send(v1, image_id, b"other data", meta(name="new"))

    assert again.status == 409
    assert "active" in again.text
    assert v1.ask("GET", f"/v1/images/{image_id}").body == DATA
    assert "name" not in shown(v1, image_id)


@pytest.mark.parametrize("status", ["active", "deactivated", "killed", "saving"])
@pytest.mark.parametrize("body", [DATA, iter([])], ids=["data", "an empty chunked body"])
def test_only_a_queued_image_takes_a_body(tell: Tell, status: str, body: Any) -> None:
    record = {"id": "00000000-0000-0000-0000-00000000000a", "owner": "mine", "status": status, **FORMATS}
    with tell({"images": [record]}) as port:
        answer = send(V1(port), record["id"], body)

        assert answer.status == 409
        assert V1(port).status_of(record["id"]) == status


FORMATS = {"disk_format": "raw", "container_format": "bare"}


@pytest.mark.parametrize("absent", list(FORMATS))
def test_without_a_format_data_change_nothing(v1: V1, absent: str) -> None:
    formats = {META + name: value for name, value in FORMATS.items() if name != absent}
    image_id = v1.post(formats).image["id"]

    answer = send(v1, image_id, headers=meta(name="new"))

    assert answer.status == 400
    assert absent in answer.text
    assert shown(v1, image_id)["status"] == "queued"
    assert "name" not in shown(v1, image_id)


def test_formats_may_come_with_the_data(v1: V1) -> None:
    image_id = v1.post({}).image["id"]

    assert send(v1, image_id, headers=RAW).image["status"] == "active"


def test_what_contradicts_the_image_is_refused_before_its_data_are_taken(v1: V1) -> None:
    image_id = queued(v1)

    for headers in (meta(status="active"), meta(id="garbage"), meta(is_public="true")):
        assert send(v1, image_id, headers=headers).status == 403
    assert send(v1, image_id, headers=meta(location="http://images.example/x")).status == 400

    assert shown(v1, image_id)["status"] == "queued"


@pytest.mark.parametrize("kind", ["text/plain", "application/json", ""])
def test_data_sent_as_something_else_kill_the_image(v1: V1, kind: str) -> None:
    image_id = queued(v1)

    answer = put(v1, image_id, {"content-type": kind}, DATA)

    assert answer.status == 400
    assert v1.status_of(image_id) == "killed"


PROMISES = [{"size": "8"}, {"size": "10"}, {"checksum": md5(b"other")}]


@pytest.mark.parametrize("promise", PROMISES, ids=str)
@pytest.mark.parametrize("is_made_at_first", [True, False], ids=["by POST", "by PUT"])
def test_data_other_than_promised_kill_the_image(v1: V1, promise: dict[str, str], is_made_at_first: bool) -> None:
    image_id = queued(v1, **(promise if is_made_at_first else {}))

    answer = send(v1, image_id, headers=meta(name="new", **({} if is_made_at_first else promise)))

    assert answer.status == 400
    assert v1.status_of(image_id) == "killed"
    assert shown(v1, image_id)["name"] == "new"
    assert send(v1, image_id).status == 409


def test_data_that_contradict_their_format_kill_the_image(v1: V1) -> None:
    image_id = v1.post(meta(disk_format="qcow2", container_format="bare")).image["id"]

    assert send(v1, image_id).status == 400
    assert v1.status_of(image_id) == "killed"


def test_a_body_announced_over_the_cap_changes_nothing(small: V1) -> None:
    image_id = queued(small)

    assert send(small, image_id, bytes((1 << 20) + 1), meta(name="new")).status == 400
    assert put(small, image_id, meta(size=str((1 << 20) + 1))).status == 400
    assert shown(small, image_id)["status"] == "queued"
    assert "name" not in shown(small, image_id)


def test_a_body_that_passes_the_cap_kills_the_image(small: V1) -> None:
    image_id = queued(small)

    assert send(small, image_id, iter([bytes(1 << 20), b"x"])).status == 413
    assert small.status_of(image_id) == "killed"


def test_the_quota_counts_the_properties_the_image_would_have(small: V1) -> None:
    two = {"property_a": "1", "property_b": "1"}
    image_id = queued(small, **two)

    assert put(small, image_id, {**KEEP, **meta(property_c="1")}).status == 200
    assert put(small, image_id, {**KEEP, **meta(property_d="1")}).status == 413
    assert put(small, image_id, {**KEEP, **meta(property_c="2")}).status == 200
    assert put(small, image_id, meta(property_d="1", property_e="1", property_f="1")).status == 200
    assert put(small, image_id, meta(**{f"property_{n}": "1" for n in range(4)})).status == 413
    assert properties(small, image_id) == {"d": "1", "e": "1", "f": "1"}


def test_the_quota_counts_old_properties_too_when_data_come(small: V1) -> None:
    image_id = queued(small, property_a="1", property_b="1")

    assert send(small, image_id, headers=meta(property_c="1", property_d="1")).status == 413
    assert shown(small, image_id)["status"] == "queued"


def test_128_properties_are_kept_and_129_refused(v1: V1) -> None:
    image_id = queued(v1)
    most = {f"property_p{number}": "x" for number in range(128)}

    assert len(put(v1, image_id, meta(**most)).image["properties"]) == 128
    assert put(v1, image_id, {**KEEP, **meta(property_more="x")}).status == 413


@pytest.mark.parametrize(
    ("fields", "caller", "status"),
    [({"visibility": "public"}, "stranger", 403), ({"visibility": "private"}, "stranger", 404),
     ({"members": [{"member": "elsewhere"}]}, "stranger", 404), ({}, "reader", 403)],
    ids=str,
)  # fmt: skip
def test_data_are_taken_from_whom_changes_are_taken(
    tell: Tell, fields: dict[str, Any], caller: str, status: int
) -> None:
    record = {"id": "00000000-0000-0000-0000-00000000000a", "owner": "mine", "status": "queued", **FORMATS, **fields}
    with tell({"images": [record]}) as port:
        v1 = V1(port)

        assert send(v1, record["id"], caller=caller).status == status
        assert v1.status_of(record["id"]) == "queued"
        assert send(v1, record["id"], caller="admin").status == 200


def raw_put(v1: V1, image_id: str, length: int) -> bytes:
    lines = [f"PUT /v1/images/{image_id} HTTP/1.1", f"Host: 127.0.0.1:{v1.port}", "X-Auth-Token: me",
             "Content-Type: application/octet-stream", f"Content-Length: {length}", "", ""]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_while_data_arrive_others_are_refused_and_metadata_may_change(v1: V1) -> None:
    image_id = queued(v1)
    with socket.create_connection(("127.0.0.1", v1.port), timeout=30) as connection:
        connection.sendall(raw_put(v1, image_id, 8) + b"data")
        wait_for(lambda: v1.status_of(image_id) == "saving")

        second = send(v1, image_id)
        renamed = put(v1, image_id, meta(name="new"))
        reformatted = put(v1, image_id, meta(disk_format="qcow2"))
        connection.sendall(b"more")
        first = connection.recv(65536)

    assert (second.status, renamed.status, reformatted.status) == (409, 200, 403)
    assert first.startswith(b"HTTP/1.1 200 ")
    assert shown(v1, image_id)["name"] == "new"
    assert v1.ask("GET", f"/v1/images/{image_id}").body == b"datamore"


def test_a_client_that_hangs_up_leaves_a_killed_image(v1: V1) -> None:
    image_id = queued(v1)
    with socket.create_connection(("127.0.0.1", v1.port), timeout=30) as connection:
        connection.sendall(raw_put(v1, image_id, 8) + b"data")
        wait_for(lambda: v1.status_of(image_id) == "saving")

    wait_for(lambda: v1.status_of(image_id) == "killed")


def test_what_would_be_refused_is_refused_before_a_byte_is_sent(v1: V1) -> None:
    image_id = queued(v1)
    send(v1, image_id)
    head = raw_put(v1, image_id, 10 << 30).removesuffix(b"\r\n") + b"Expect: 100-continue\r\n\r\n"

    with socket.create_connection(("127.0.0.1", v1.port), timeout=30) as connection:
        connection.sendall(head)

        assert connection.recv(65536).startswith(b"HTTP/1.1 409 ")


def test_of_several_uploads_at_once_one_wins_and_the_others_are_conflicts(v1: V1) -> None:
    for _ in range(5):
        image_id = queued(v1)
        barrier = Barrier(4)

        def upload(number: int, image_id: str = image_id, barrier: Barrier = barrier) -> Answer:
            barrier.wait()
            return send(v1, image_id, bytes([number]) * 300_000, meta(name=str(number)))

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(upload, range(4)))

        (winner,) = [number for number, answer in enumerate(answers) if answer.status == 200]
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
        assert shown(v1, image_id)["name"] == str(winner)
        assert v1.ask("GET", f"/v1/images/{image_id}").body == bytes([winner]) * 300_000
