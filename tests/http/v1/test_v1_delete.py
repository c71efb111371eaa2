"""Images deleted, and what is seen of them afterwards. Source: docs/api/v1.md, "Delete"."""

import json
import socket
from typing import Any

import pytest
from asking import META, OCTETS, RAW, V1, Answer, wait_for
from keeping import Kept


@pytest.fixture
def v1(keeper: tuple[V1, Kept]) -> V1:
    return keeper[0]


@pytest.fixture
def kept(keeper: tuple[V1, Kept]) -> Kept:
    return keeper[1]


def delete(v1: V1, image_id: str, caller: str = "me") -> Answer:
    return v1.ask("DELETE", f"/v1/images/{image_id}", caller=caller)


def test_a_deleted_image_is_gone_with_its_bytes_and_its_tombstone_shows_to_admins(v1: V1, kept: Kept) -> None:
    image_id = v1.put_in(b"data", name="debian", **{"property-os": "debian"})["id"]

    answer = delete(v1, image_id)

    assert (answer.status, answer.body) == (200, b"")
    assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == ("text/html; charset=UTF-8", "0")
    assert kept.keys() == []
    for method in ("HEAD", "GET", "PUT", "DELETE"):
        assert v1.ask(method, f"/v1/images/{image_id}").status == 404
    assert v1.ask("GET", f"/v1/images/{image_id}", caller="admin").status == 404
    tombstone = v1.ask("HEAD", f"/v1/images/{image_id}", caller="admin")
    assert tombstone.status == 200
    assert (tombstone.meta["status"], tombstone.meta["deleted"]) == ("deleted", "True")
    assert tombstone.meta["deleted_at"] == tombstone.meta["updated_at"]
    assert "property-os" not in tombstone.meta


def test_a_deleted_image_is_listed_only_among_changes(v1: V1) -> None:
    image_id = v1.put_in(b"data", name="debian", **{"property-os": "debian"})["id"]

    delete(v1, image_id)

    def listed(query: str) -> Any:
        return json.loads(v1.ask("GET", f"/v1/images/detail{query}").body)["images"]

    assert listed("") == listed("?property-os=debian") == listed("?property-os=debian&changes-since=2000") == []
    (image,) = listed("?changes-since=2000")
    assert (image["id"], image["status"], image["deleted"], image["properties"]) == (image_id, "deleted", True, {})


def test_the_id_of_a_deleted_image_is_never_given_again(v1: V1) -> None:
    image_id = v1.put_in(b"data")["id"]
    delete(v1, image_id)

    assert v1.post({**RAW, f"{META}id": image_id}).status == 409


def test_an_image_that_is_not_protected_any_more_can_be_deleted(v1: V1) -> None:
    image_id = v1.post({f"{META}protected": "true"}).image["id"]

    assert delete(v1, image_id, caller="admin").status == 403
    assert v1.ask("PUT", f"/v1/images/{image_id}", {f"{META}protected": "false"}).status == 200
    assert delete(v1, image_id).status == 200


def test_a_killed_image_can_be_deleted(v1: V1) -> None:
    answer = v1.post({**RAW, **OCTETS, f"{META}size": "9", f"{META}name": "short"}, b"data")
    killed = json.loads(v1.ask("GET", "/v1/images?changes-since=2000&name=short").body)["images"][0]

    assert answer.status == 400
    assert delete(v1, killed["id"]).status == 200
    assert v1.status_of(killed["id"]) == "deleted"


@pytest.mark.parametrize("caller", ["me", "admin"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_image_deleted_while_its_data_arrive_is_412_for_who_sends_them(
    v1: V1, kept: Kept, caller: str, method: str
) -> None:
    image_id = "00000000-0000-0000-0000-00000000000a"
    path = "/v1/images"
    headers = {**RAW, **OCTETS, "Content-Length": "8", f"{META}id": image_id, "X-Auth-Token": "me"}
    if method == "PUT":
        v1.post({**RAW, f"{META}id": image_id})
        path += f"/{image_id}"
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection(("127.0.0.1", v1.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"data")
        wait_for(lambda: v1.ask("HEAD", f"/v1/images/{image_id}").meta.get("status") == "saving")

        assert delete(v1, image_id, caller).status == 200
        connection.sendall(b"more")
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 412 ")
    assert v1.status_of(image_id) == "deleted"
    assert kept.keys() == []


@pytest.mark.on_files("a file that cannot be removed")
def test_an_image_stays_deleted_though_its_bytes_cannot_be_removed(v1: V1, kept: Kept) -> None:
    image_id = v1.put_in(b"data")["id"]
    (file,) = (path for path in (kept.folder / "blobs").rglob("*") if path.is_file())
    file.unlink()
    file.mkdir()

    assert delete(v1, image_id).status == 200
    assert v1.status_of(image_id) == "deleted"


def test_rules_are_the_same_under_every_prefix(v1: V1) -> None:
    for prefix in ("/v1", "/v1.0", "/v1.1"):
        image_id = v1.put_in(b"data")["id"]

        assert v1.ask("DELETE", f"{prefix}/images/{image_id}").status == 200
