"""An image offered, answered and withdrawn, and what the member has of it meanwhile. Source: docs/api/v2.md, "Members"."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from asking_v2 import V2
from connecting import Answer

Tell = Callable[[Any], AbstractContextManager[int]]

QUOTA = 3


@pytest.fixture(scope="module")
def v2(tell: Tell) -> Iterator[V2]:
    """The application with room for three members in an image."""
    with tell({"options": {"member_quota": QUOTA}}) as port:
        yield V2(port)


def offer(v2: V2, image_id: str, member: str, caller: str = "me") -> Answer:
    return v2.ask("POST", f"/v2/images/{image_id}/members", body=json.dumps({"member": member}).encode(), caller=caller)


def answer(v2: V2, image_id: str, member: str, status: str, caller: str) -> Answer:
    body = json.dumps({"status": status}).encode()
    return v2.ask("PUT", f"/v2/images/{image_id}/members/{member}", body=body, caller=caller)


def withdraw(v2: V2, image_id: str, member: str, caller: str = "me") -> Answer:
    return v2.ask("DELETE", f"/v2/images/{image_id}/members/{member}", caller=caller)


def members(v2: V2, image_id: str, caller: str = "me") -> dict[str, str]:
    """Who is a member, and its answer."""
    told = v2.ask("GET", f"/v2/images/{image_id}/members", caller=caller)
    assert told.status == 200, told.text
    return {one["member_id"]: one["status"] for one in told.json["members"]}


def listed(v2: V2, caller: str, query: str = "") -> list[str]:
    return [image["id"] for image in v2.ask("GET", f"/v2/images{query}", caller=caller).json["images"]]


def at_once(*do: Callable[[], Answer]) -> list[int]:
    with ThreadPoolExecutor(len(do)) as threads:
        return sorted(one.status for one in threads.map(lambda ask: ask(), do))


def test_a_member_has_the_image_from_the_offer_on_and_lists_it_once_accepted(v2: V2) -> None:
    image_id = v2.active(b"data", name="debian")["id"]
    path = f"/v2/images/{image_id}"

    def has_it() -> tuple[bool, bool, bool]:
        shown, data = v2.ask("GET", path, caller="other"), v2.ask("GET", f"{path}/file", caller="other")
        return shown.status == 200, data.body == b"data", image_id in listed(v2, "other")

    assert has_it() == (False, False, False)
    offer(v2, image_id, "theirs")
    assert has_it() == (True, True, False)
    answer(v2, image_id, "theirs", "accepted", "other")
    assert has_it() == (True, True, True)
    answer(v2, image_id, "theirs", "rejected", "other")
    assert has_it() == (True, True, False)
    withdraw(v2, image_id, "theirs")
    assert has_it() == (False, False, False)
    assert image_id not in listed(v2, "stranger", "?member_status=all")


def test_who_is_offered_an_image_again_has_not_answered_yet(v2: V2) -> None:
    image_id = v2.create()["id"]
    offer(v2, image_id, "theirs")
    answer(v2, image_id, "theirs", "accepted", "other")

    withdraw(v2, image_id, "theirs")

    assert offer(v2, image_id, "theirs").json["status"] == "pending"
    assert members(v2, image_id) == {"theirs": "pending"}


def test_an_answer_leaves_the_time_of_the_offer_and_the_image_as_they_were(v2: V2) -> None:
    image = v2.create()
    offered = offer(v2, image["id"], "theirs").json

    answered = answer(v2, image["id"], "theirs", "accepted", "other").json

    assert offered["created_at"] == offered["updated_at"] >= image["created_at"]
    assert answered["created_at"] == offered["created_at"] <= answered["updated_at"]
    assert v2.show(image["id"]) == image


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
def test_a_member_changes_nothing_of_the_image_whatever_it_answered(v2: V2, status: str) -> None:
    image = v2.create(tags=["lts"], name="debian")
    offer(v2, image["id"], "theirs")
    answer(v2, image["id"], "theirs", status, "other")
    path = f"/v2/images/{image['id']}"

    tried = [
        v2.patch(image["id"], {"op": "replace", "path": "/name", "value": "mine"}, caller="other"),
        v2.upload(image["id"], b"data", caller="other"),
        v2.ask("DELETE", path, caller="other"),
        v2.ask("PUT", f"{path}/tags/mine", caller="other"),
        v2.ask("DELETE", f"{path}/tags/lts", caller="other"),
        v2.ask("POST", f"{path}/actions/deactivate", caller="other"),
        offer(v2, image["id"], "elsewhere", "other"),
        withdraw(v2, image["id"], "theirs", "other"),
    ]

    assert [one.status for one in tried] == [403] * len(tried)
    assert v2.show(image["id"]) == image
    assert members(v2, image["id"]) == {"theirs": status}


def test_who_was_added_by_v1_has_not_answered_and_is_listed_there_all_the_same(v2: V2) -> None:
    image_id = v2.create()["id"]

    v2.ask("PUT", f"/v1/images/{image_id}/members/theirs")

    assert members(v2, image_id) == {"theirs": "pending"}
    v1s = v2.ask("GET", "/v1/images", caller="other").json["images"]
    assert (image_id in [image["id"] for image in v1s], image_id in listed(v2, "other")) == (True, False)
    v2.ask("PUT", f"/v1/images/{image_id}/members/theirs", body=b'{"member": {"can_share": true}}')
    answer(v2, image_id, "theirs", "accepted", "other")
    v2.ask("PUT", f"/v1/images/{image_id}/members", body=b'{"memberships": [{"member_id": "theirs"}]}')
    assert members(v2, image_id) == {"theirs": "accepted"}


def test_an_image_that_has_its_last_member_is_offered_to_no_other_and_413_comes_before_409(v2: V2) -> None:
    image_id = v2.create()["id"]

    assert [offer(v2, image_id, member).status for member in ("a", "b", "c", "d")] == [200, 200, 200, 413]
    assert "3 members" in offer(v2, image_id, "d").text
    assert offer(v2, image_id, "a").status == 413
    assert members(v2, image_id) == {"a": "pending", "b": "pending", "c": "pending"}
    withdraw(v2, image_id, "b")
    assert offer(v2, image_id, "a").status == 409
    assert offer(v2, image_id, "d").status == 200


@pytest.mark.parametrize(("quota", "expected"), [(0, 413), (-1, 200)])
def test_a_quota_of_none_and_no_quota(tell: Tell, quota: int, expected: int) -> None:
    with tell({"options": {"member_quota": quota}}) as port:
        v2 = V2(port)
        image_id = v2.create()["id"]

        assert {offer(v2, image_id, f"p{number}").status for number in range(130 if quota else 1)} == {expected}


def test_of_offers_to_one_project_at_once_one_is_made(v2: V2) -> None:
    for _ in range(5):
        image_id = v2.create()["id"]

        statuses = at_once(*[lambda i=image_id: offer(v2, i, "theirs")] * 2)

        assert statuses == [200, 409]
        assert members(v2, image_id) == {"theirs": "pending"}


def test_of_offers_at_once_as_many_are_made_as_fit(v2: V2) -> None:
    image_id = v2.create()["id"]

    statuses = at_once(*(lambda m=f"p{number}": offer(v2, image_id, m) for number in range(8)))

    assert statuses == [200] * QUOTA + [413] * (8 - QUOTA)
    assert len(members(v2, image_id)) == QUOTA


def test_an_offer_that_is_answered_and_withdrawn_at_once_is_gone(v2: V2) -> None:
    for _ in range(5):
        image_id = v2.create()["id"]
        offer(v2, image_id, "theirs")

        statuses = at_once(
            lambda i=image_id: withdraw(v2, i, "theirs"),
            lambda i=image_id: answer(v2, i, "theirs", "accepted", "other"),
        )

        assert statuses in ([200, 204], [204, 404])
        assert members(v2, image_id) == {}


@pytest.mark.parametrize("visibility", ["private", "community"])
def test_members_come_back_when_an_image_is_shared_again(v2: V2, visibility: str) -> None:
    image_id = v2.create()["id"]
    offer(v2, image_id, "theirs")
    answer(v2, image_id, "theirs", "accepted", "other")
    change = {"op": "replace", "path": "/visibility", "value": visibility}

    assert v2.patch(image_id, change).status == 200
    assert v2.ask("GET", f"/v2/images/{image_id}/members").status == 403
    assert offer(v2, image_id, "elsewhere").status == withdraw(v2, image_id, "theirs").status == 403
    assert image_id not in listed(v2, "other", "?member_status=all")
    v2.patch(image_id, {**change, "value": "shared"})
    assert members(v2, image_id) == {"theirs": "accepted"}
    assert image_id in listed(v2, "other")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/members", None),
        ("POST", "/members", b'{"member": "elsewhere"}'),
        ("GET", "/members/elsewhere", None),
        ("GET", "/members/theirs", None),
        ("PUT", "/members/elsewhere", b'{"status": "accepted"}'),
        ("PUT", "/members/theirs", b'{"status": "accepted"}'),
        ("DELETE", "/members/elsewhere", None),
        ("DELETE", "/members/theirs", None),
    ],
)
def test_what_is_not_yours_and_what_is_not_there_are_answered_alike(
    v2: V2, method: str, path: str, body: bytes | None
) -> None:
    image_id = v2.create()["id"]
    offer(v2, image_id, "theirs")
    absent = "00000000-0000-4000-8000-0000000000ff"

    def told(asked: str) -> tuple[int, bytes, list[str]]:
        answered = v2.ask(method, f"/v2/images/{asked}{path}", body=body, caller="stranger")
        return answered.status, answered.body.replace(asked.encode(), b""), sorted(answered.headers)

    assert told(image_id) == told(absent)
    assert told(absent)[0] == 404
    assert members(v2, image_id) == {"theirs": "pending"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_member_cannot_tell_another_member_from_who_is_none(v2: V2, method: str) -> None:
    image_id = v2.create()["id"]
    for member in ("theirs", "elsewhere"):
        offer(v2, image_id, member)
    body = b'{"status": "accepted"}' if method == "PUT" else None

    def told(member: str) -> tuple[int, bytes]:
        answered = v2.ask(method, f"/v2/images/{image_id}/members/{member}", body=body, caller="other")
        return answered.status, answered.body

    assert told("elsewhere") == told("nobodys")
    assert told("elsewhere")[0] == 404


def test_bodies_may_come_in_pieces_and_have_a_mebibyte(v2: V2) -> None:
    image_id = v2.create()["id"]
    path = f"/v2/images/{image_id}/members"
    body = b'{"member": "theirs"}'

    assert v2.ask("POST", path, body=[body[:5], body[5:]]).status == 200
    assert v2.ask("POST", path, body=body + b" " * (1 << 20)).status == 413
    assert v2.ask("POST", path, body=b'{"member": ' + b"[" * 100_000).status == 400
    assert v2.ask("PUT", f"{path}/theirs", body=b'{"status": "\\u0000"}', caller="other").status == 400
    assert v2.ask("POST", path, body='{"member": "größe 📷"}'.encode()).json["member_id"] == "größe 📷"
    assert v2.ask("GET", f"{path}/gr%C3%B6%C3%9Fe%20%F0%9F%93%B7").status == 200
