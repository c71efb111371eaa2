"""Images shared, and what the other project can do with them before, with and after. Source: docs/api/v1.md, "Members"."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from asking import META, V1, Answer

Tell = Callable[[Any], AbstractContextManager[int]]


@pytest.fixture
def v1(tell: Tell) -> Iterator[V1]:
    """The application, empty, with room for three members in an image."""
    with tell({"options": {"member_quota": 3}}) as port:
        yield V1(port)


def share(v1: V1, image_id: str, member: str, body: Any = None, caller: str = "me") -> Answer:
    sent = None if body is None else json.dumps(body).encode()
    return v1.ask("PUT", f"/v1/images/{image_id}/members/{member}", body=sent, caller=caller)


def share_with_these(v1: V1, image_id: str, *memberships: Any, caller: str = "me") -> Answer:
    body = json.dumps({"memberships": memberships}).encode()
    return v1.ask("PUT", f"/v1/images/{image_id}/members", body=body, caller=caller)


def take_back(v1: V1, image_id: str, member: str, caller: str = "me") -> Answer:
    return v1.ask("DELETE", f"/v1/images/{image_id}/members/{member}", caller=caller)


def members(v1: V1, image_id: str, caller: str = "me") -> dict[str, bool]:
    """Who is a member, and whether it may share."""
    answer = v1.ask("GET", f"/v1/images/{image_id}/members", caller=caller)
    assert answer.status == 200, answer.text
    return {one["member_id"]: one["can_share"] for one in json.loads(answer.body)["members"]}


def shared_with(v1: V1, member: str, caller: str = "me") -> list[str]:
    answer = v1.ask("GET", f"/v1/shared-images/{member}", caller=caller)
    assert answer.status == 200, answer.text
    return [one["image_id"] for one in json.loads(answer.body)["shared_images"]]


def listed(v1: V1, caller: str, query: str = "") -> list[str]:
    images = json.loads(v1.ask("GET", f"/v1/images/detail{query}", caller=caller).body)["images"]
    return [image["id"] for image in images]


def test_another_project_has_an_image_exactly_while_it_is_a_member(v1: V1) -> None:
    image_id = v1.put_in(b"data", name="debian")["id"]
    path = f"/v1/images/{image_id}"

    def has_it() -> list[bool]:
        head, get = v1.ask("HEAD", path, caller="other"), v1.ask("GET", path, caller="other")
        assert get.status == head.status
        assert (get.body == b"data") is (get.status == 200)
        return [head.status == 200, listed(v1, "other") == [image_id], shared_with(v1, "theirs", "other") == [image_id]]

    assert has_it() == [False, False, False]
    assert share(v1, image_id, "theirs").status == 204
    assert has_it() == [True, True, True]
    assert listed(v1, "stranger") == shared_with(v1, "theirs", "stranger") == []
    assert take_back(v1, image_id, "theirs").status == 204
    assert has_it() == [False, False, False]
    assert share(v1, image_id, "theirs").status == 204
    assert has_it() == [True, True, True]


@pytest.mark.parametrize("can_share", [False, True])
def test_a_member_changes_nothing_of_the_image_itself(v1: V1, can_share: bool) -> None:
    image = v1.put_in(b"data", name="debian")
    queued = v1.post().image["id"]
    for image_id in (image["id"], queued):
        share(v1, image_id, "theirs", {"member": {"can_share": can_share}})

    assert v1.ask("PUT", f"/v1/images/{image['id']}", {f"{META}name": "mine"}, caller="other").status == 404
    assert v1.ask("PUT", f"/v1/images/{queued}", body=b"data", caller="other").status == 404
    assert v1.ask("DELETE", f"/v1/images/{image['id']}", caller="other").status == 404
    assert v1.ask("GET", "/v1/images/detail?name=debian").body == json.dumps({"images": [image]}).encode()


def test_what_a_body_does_not_say_stays_as_it_is(v1: V1) -> None:
    image_id = v1.post().image["id"]

    share(v1, image_id, "theirs")
    assert members(v1, image_id) == {"theirs": False}
    share(v1, image_id, "theirs", {"member": {"can_share": True}})
    share(v1, image_id, "theirs")
    share(v1, image_id, "theirs", {})
    share(v1, image_id, "theirs", {"member": {}})
    assert members(v1, image_id) == {"theirs": True}
    share(v1, image_id, "theirs", {"member": {"can_share": False}})
    assert members(v1, image_id) == {"theirs": False}
    share(v1, image_id, "theirs", {"member": {"can_share": "false"}})
    assert members(v1, image_id) == {"theirs": True}


def test_a_member_that_was_removed_is_a_new_one_when_it_comes_again(v1: V1) -> None:
    image_id = v1.post().image["id"]
    share(v1, image_id, "theirs", {"member": {"can_share": True}})

    take_back(v1, image_id, "theirs")

    assert take_back(v1, image_id, "theirs").status == 404
    assert share(v1, image_id, "theirs").status == 204
    assert members(v1, image_id) == {"theirs": False}


def test_members_are_replaced_as_a_whole(v1: V1) -> None:
    image_id = v1.post().image["id"]
    share_with_these(v1, image_id, {"member_id": "a", "can_share": True}, {"member_id": "b"}, {"member_id": "c"})

    assert share_with_these(
        v1, image_id, {"member_id": "a"}, {"member_id": "b", "can_share": True}, {"member_id": "d"}
    ).status == (204)
    assert members(v1, image_id) == {"a": True, "b": True, "d": False}
    assert share_with_these(v1, image_id).status == 204
    assert members(v1, image_id) == {}


def test_a_member_shares_further_only_while_it_may(v1: V1) -> None:
    image_id = v1.put_in(b"data")["id"]

    share(v1, image_id, "theirs")
    assert share(v1, image_id, "elsewhere", caller="other").status == 404
    share(v1, image_id, "theirs", {"member": {"can_share": True}})
    assert share(v1, image_id, "elsewhere", caller="other").status == 204
    assert v1.ask("GET", f"/v1/images/{image_id}", caller="stranger").body == b"data"
    assert members(v1, image_id) == {"elsewhere": False, "theirs": True}
    assert members(v1, image_id, "other") == {"theirs": True}
    share(v1, image_id, "theirs", {"member": {"can_share": False}})
    assert take_back(v1, image_id, "elsewhere", caller="other").status == 404


def test_an_image_that_has_its_last_member_takes_none_not_even_a_change(v1: V1) -> None:
    image_id = v1.post().image["id"]

    assert [share(v1, image_id, member).status for member in ("a", "b", "c", "d")] == [204, 204, 204, 413]
    refused = share(v1, image_id, "a", {"member": {"can_share": True}})
    assert (refused.status, "3 members" in refused.text) == (413, True)
    assert members(v1, image_id) == {"a": False, "b": False, "c": False}
    take_back(v1, image_id, "b")
    assert share(v1, image_id, "d").status == 204


def test_a_member_that_may_share_is_held_to_the_limit_of_the_whole_image(v1: V1) -> None:
    """In Glance only its own row counted, since it sees no other."""
    image_id = v1.post().image["id"]
    share_with_these(v1, image_id, {"member_id": "theirs", "can_share": True}, {"member_id": "a"}, {"member_id": "b"})

    assert share(v1, image_id, "c", caller="other").status == 413


def test_too_many_members_at_once_change_nothing(v1: V1) -> None:
    image_id = v1.post().image["id"]
    share(v1, image_id, "theirs")

    assert share_with_these(v1, image_id, *({"member_id": str(number)} for number in range(4))).status == 413
    assert members(v1, image_id) == {"theirs": False}
    assert share_with_these(v1, image_id, *({"member_id": str(number)} for number in range(3))).status == 204
    assert members(v1, image_id) == {"0": False, "1": False, "2": False}


@pytest.mark.parametrize(("quota", "fits"), [(0, False), (-1, True)])
def test_a_limit_of_none_and_no_limit(tell: Tell, quota: int, fits: bool) -> None:
    with tell({"options": {"member_quota": quota}}) as port:
        v1 = V1(port)
        image_id = v1.post().image["id"]
        many = [{"member_id": str(number)} for number in range(200)]

        assert share_with_these(v1, image_id, *many).status == (204 if fits else 413)
        assert share(v1, image_id, "theirs").status == (204 if fits else 413)
        assert len(members(v1, image_id)) == (201 if fits else 0)
        assert share_with_these(v1, image_id).status == 204


def test_what_is_shared_is_told_to_the_member_to_admins_and_of_their_own_to_owners(v1: V1) -> None:
    first, second = (v1.post().image["id"] for _ in range(2))
    foreign = v1.post(caller="stranger").image["id"]
    for image_id, owner in ((first, "me"), (second, "me"), (foreign, "stranger")):
        share(v1, image_id, "theirs", {"member": {"can_share": image_id == second}}, owner)

    assert shared_with(v1, "theirs", "other") == shared_with(v1, "theirs", "admin") == [foreign, second, first]
    assert shared_with(v1, "theirs", "me") == shared_with(v1, "theirs", "reader") == [second, first]
    assert shared_with(v1, "theirs", "stranger") == [foreign]
    assert shared_with(v1, "unknown", "admin") == shared_with(v1, "mine", "other") == []
    told = json.loads(v1.ask("GET", "/v1.1/shared-images/theirs").body)
    assert told == {"shared_images": [{"image_id": second, "can_share": True}, {"image_id": first, "can_share": False}]}


def test_a_deleted_image_is_shared_with_nobody_any_more(v1: V1) -> None:
    image_id = v1.put_in(b"data")["id"]
    share(v1, image_id, "theirs")

    v1.ask("DELETE", f"/v1/images/{image_id}")

    assert shared_with(v1, "theirs", "other") == shared_with(v1, "theirs", "admin") == []
    assert listed(v1, "me", "?changes-since=2000") == [image_id]
    assert listed(v1, "other", "?changes-since=2000") == []


def test_members_outlast_the_time_an_image_is_public(v1: V1) -> None:
    image_id = v1.post().image["id"]
    share(v1, image_id, "theirs")

    v1.ask("PUT", f"/v1/images/{image_id}", {f"{META}is_public": "true"}, caller="admin")
    assert listed(v1, "other") == listed(v1, "stranger") == [image_id]
    v1.ask("PUT", f"/v1/images/{image_id}", {f"{META}is_public": "false"})
    assert listed(v1, "other") == [image_id]
    assert listed(v1, "stranger") == []


def test_an_image_that_is_given_away_is_still_shared_and_is_its_new_owner_s_to_share(v1: V1) -> None:
    image_id = v1.post().image["id"]
    share(v1, image_id, "theirs")

    v1.ask("PUT", f"/v1/images/{image_id}", {f"{META}owner": "elsewhere"}, caller="admin")

    assert listed(v1, "other") == listed(v1, "stranger") == [image_id]
    assert share(v1, image_id, "mine", caller="me").status == 404
    assert share(v1, image_id, "mine", caller="stranger").status == 204
    assert members(v1, image_id, "stranger") == {"mine": False, "theirs": False}


def test_an_image_shared_with_its_own_owner_is_listed_once(v1: V1) -> None:
    image_id = v1.post().image["id"]

    assert share(v1, image_id, "mine").status == 204
    assert listed(v1, "me") == [image_id]


def test_members_are_no_change_of_the_image(v1: V1) -> None:
    image = v1.post().image

    share(v1, image["id"], "theirs")
    share_with_these(v1, image["id"], {"member_id": "elsewhere"})

    assert json.loads(v1.ask("GET", "/v1/images/detail").body)["images"] == [image]


def test_what_is_shared_is_found_by_every_filter_and_walked_in_pages(v1: V1) -> None:
    ids = []
    for number in range(5):
        image_id = v1.post({f"{META}name": f"image {number % 2}", f"{META}property-os": "debian"}).image["id"]
        share(v1, image_id, "theirs")
        ids.append(image_id)

    assert listed(v1, "other", "?name=image%201&sort_dir=asc") == [ids[1], ids[3]]
    assert listed(v1, "other", "?property-os=debian&limit=2&sort_dir=asc") == ids[:2]
    assert listed(v1, "other", f"?limit=2&sort_dir=asc&marker={ids[1]}") == ids[2:4]
    assert listed(v1, "admin", "?is_public=true") == []


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/members", "GET", None),
        ("/members", "PUT", b'{"memberships": [{"member_id": "theirs"}]}'),
        ("/members/theirs", "PUT", None),
        ("/members/theirs", "DELETE", None),
    ],
)
def test_what_is_not_yours_and_what_is_not_there_are_answered_alike(
    v1: V1, path: str, method: str, body: bytes | None
) -> None:
    image_id = v1.post().image["id"]
    share(v1, image_id, "theirs")
    absent = "00000000-0000-0000-0000-0000000000ff"

    def answer(asked: str) -> tuple[int, bytes, list[str]]:
        told = v1.ask(method, f"/v1/images/{asked}{path}", body=body, caller="stranger")
        return told.status, told.body.replace(asked.encode(), b""), sorted(told.headers)

    assert answer(image_id) == answer(absent)
    assert answer(absent)[0] == 404
    assert members(v1, image_id) == {"theirs": False}


def test_members_are_the_same_under_every_prefix(v1: V1) -> None:
    image_id = v1.post().image["id"]
    for prefix in ("/v1", "/v1.0", "/v1.1"):
        one, all_ = f"{prefix}/images/{image_id}/members/theirs", f"{prefix}/images/{image_id}/members"

        assert v1.ask("PUT", one).status == 204
        assert json.loads(v1.ask("GET", all_).body)["members"] == [{"member_id": "theirs", "can_share": False}]
        assert len(json.loads(v1.ask("GET", f"{prefix}/shared-images/theirs").body)["shared_images"]) == 1
        assert v1.ask("DELETE", one).status == 204
        assert v1.ask("PUT", all_, body=b'{"memberships": []}').status == 204


def test_bodies_are_read_whatever_type_they_are_sent_as_and_up_to_a_mebibyte(v1: V1) -> None:
    image_id = v1.post().image["id"]
    path = f"/v1/images/{image_id}/members"
    body = b'{"memberships": [{"member_id": "theirs"}]}'

    assert v1.ask("PUT", path, {"content-type": "application/octet-stream"}, [body[:5], body[5:]]).status == 204
    assert v1.ask("PUT", path, body=body + b" " * (1 << 20)).status == 413
    assert v1.ask("PUT", path, body=b'{"memberships": ' + b"[" * 100_000).status == 400
    assert v1.ask("PUT", f"{path}/elsewhere", {"transfer-encoding": "chunked"}, []).status == 204
    assert members(v1, image_id) == {"elsewhere": False, "theirs": False}
