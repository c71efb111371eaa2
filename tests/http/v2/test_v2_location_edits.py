"""Locations by PATCH, where an operator shows them. Source: docs/api/v2.md, "Locations"."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_v2 import V2
from connecting import Answer, md5
from locating import DATA, located, queued, validation

from origins import Origin

SAID = {**validation(), "checksum": md5(DATA)}


@pytest.fixture(scope="module")
def both(tell: Callable[[dict[str, Any]], Any]) -> Iterator[tuple[V2, Origin]]:
    with located(tell, show_multiple_locations=True, show_image_direct_url=True, location_quota=3) as running:
        yield running


@pytest.fixture
def v2(both: tuple[V2, Origin]) -> V2:
    return both[0]


@pytest.fixture
def origin(origin: Origin) -> Origin:
    origin.put("/a", DATA)
    return origin


def url(origin: Origin, fragment: str = "") -> str:
    """The URL of DATA; fragments tell locations apart that lead to one place."""
    return f"http://127.0.0.1:{origin.port}/a{fragment}"


def place(origin: Origin, fragment: str = "", **telling: Any) -> dict[str, Any]:
    return {"url": url(origin, fragment), "metadata": {}, **telling}


def add(v2: V2, image_id: str, value: Any, at: str = "-", **who: str) -> Answer:
    return v2.patch(image_id, {"op": "add", "path": f"/locations/{at}", "value": value}, **who)


def replace(v2: V2, image_id: str, value: Any, **who: str) -> Answer:
    return v2.patch(image_id, {"op": "replace", "path": "/locations", "value": value}, **who)


def remove(v2: V2, image_id: str, at: str, caller: str = "admin") -> Answer:
    return v2.patch(image_id, {"op": "remove", "path": f"/locations/{at}"}, caller=caller)


def with_places(v2: V2, origin: Origin, *fragments: str) -> str:
    """The id of an image that has its data at these places."""
    image_id = queued(v2)
    for fragment in fragments:
        answer = add(v2, image_id, place(origin, fragment))
        assert answer.status == 200, answer.text
    return image_id


def urls(v2: V2, image_id: str) -> list[str]:
    """What is shown behind the path of each of the image's URLs, and the whole of a copy of ours."""
    shown = [one["url"] for one in v2.show(image_id)["locations"]]
    return [url.rpartition("/a")[2] if url.startswith("http:") else url for url in shown]


def test_an_image_without_data_has_no_locations(v2: V2) -> None:
    shown = v2.show(queued(v2))

    assert shown["locations"] == []
    assert "direct_url" not in shown


def test_after_an_upload_there_is_one_location_that_tells_no_key(v2: V2) -> None:
    image_id = v2.active()["id"]

    shown = v2.show(image_id)

    assert shown["locations"] == [{"url": f"calotype://local/{image_id}", "metadata": {"store": "local"}}]
    assert shown["direct_url"] == f"calotype://local/{image_id}"
    assert [image["direct_url"] for image in v2.ask("GET", f"/v2/images?id={image_id}").json["images"]] == [
        shown["direct_url"]
    ]


def test_the_first_location_of_a_queued_image_makes_it_active(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)

    answer = add(v2, image_id, place(origin, metadata={"a": {"b": [1, None, "ü"]}}))

    assert answer.status == 200
    shown = answer.json
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", len(DATA), "http")
    assert (shown["checksum"], shown["os_hash_algo"], shown["os_hash_value"]) == (None, None, None)
    assert shown["locations"] == [{"url": url(origin), "metadata": {"a": {"b": [1, None, "ü"]}, "store": "http"}}]
    assert shown["direct_url"] == url(origin)
    assert shown == v2.show(image_id)
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == DATA


def test_what_is_said_of_the_data_is_taken_over_and_not_shown(v2: V2, origin: Origin) -> None:
    answer = add(v2, queued(v2), place(origin, validation_data=SAID))

    assert SAID.items() <= answer.json.items()
    assert "validation_data" not in answer.json["locations"][0]
    assert origin.methods == ["HEAD"]


def test_the_same_may_be_said_again(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, place(origin, validation_data=SAID))

    answer = add(v2, image_id, place(origin, "#new", validation_data=SAID))

    assert answer.status == 200
    assert SAID.items() <= answer.json.items()
    assert len(answer.json["locations"]) == 2


OTHERS = {"checksum": "2" * 32, "os_hash_value": "beefdead" * 16, "os_hash_algo": "sha256"}


@pytest.mark.parametrize("other", [*({name: value} for name, value in OTHERS.items()), OTHERS])
def test_something_else_may_not(v2: V2, origin: Origin, other: dict[str, str]) -> None:
    image_id = queued(v2)
    add(v2, image_id, place(origin, validation_data=SAID))
    before = v2.show(image_id)

    assert add(v2, image_id, place(origin, "#new", validation_data={**SAID, **other})).status == 409
    assert v2.show(image_id) == before


def test_nothing_new_is_said_of_an_image_that_has_data(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "")

    assert add(v2, image_id, place(origin, "#new", validation_data=SAID)).status == 409


@pytest.mark.parametrize(
    "said",
    [
        {},
        None,
        [],
        "sha512",
        {"os_hash_algo": "sha512"},
        {"os_hash_value": "a" * 128},
        {**SAID, "checksum": "a"},
        {**SAID, "checksum": "g" * 32},
        {**SAID, "checksum": None},
        {**SAID, "os_hash_value": "a"},
        {**SAID, "os_hash_value": "a" * 129},
        {**SAID, "os_hash_algo": "sha256"},
        {**SAID, "os_hash_algo": "md5", "os_hash_value": "a" * 32},
        {**SAID, "size": 1},
    ],
)
def test_what_cannot_be_said_of_data_is_refused(v2: V2, origin: Origin, said: Any) -> None:
    image_id = queued(v2)

    assert add(v2, image_id, place(origin, validation_data=said)).status == 400
    assert v2.show(image_id)["status"] == "queued"


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "http://127.0.0.1/",
        {},
        {"url": "http://127.0.0.1/"},
        {"metadata": {}},
        {"url": 1, "metadata": {}},
        {"url": "", "metadata": {}},
        {"url": "http://127.0.0.1/", "metadata": []},
        {"url": "http://127.0.0.1/", "metadata": None},
        {"url": "http://127.0.0.1/" + "a" * 255, "metadata": {}},
        {"url": "http://127.0.0.1/", "metadata": {"a": "b" * 65_536}},
    ],
)
def test_what_is_no_location_is_refused(v2: V2, origin: Origin, value: Any) -> None:
    assert add(v2, queued(v2), value).status == 400
    assert origin.asked == []


@pytest.mark.parametrize(
    "other",
    [
        "gopher://info.cern.ch",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "filesystem:///etc/passwd",
        "swift+config://a/b",
        "cinder://a",
        "calotype://local/{image_id}",
        "http://localhost:{port}/a",
        "http://[::1]:{port}/a",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:{port}/nothing",
        "http://127.0.0.1:{port}/away",
    ],
)
def test_a_url_that_leads_to_no_data_is_refused(v2: V2, origin: Origin, other: str) -> None:
    """Source: OSSA-2014-041, OSSA-2015-002, OSSA-2026-004."""
    image_id = queued(v2)
    origin.put("/away", redirect=f"http://localhost:{origin.port}/a")
    named = other.format(port=origin.port, image_id=image_id)

    for answer in (
        add(v2, image_id, {"url": named, "metadata": {}}),
        replace(v2, image_id, [{"url": named, "metadata": {}}]),
    ):
        assert answer.status == 400
        assert "127.0.0.1" not in answer.text
    assert v2.show(image_id)["locations"] == []
    assert "/a" not in [path for _, path, _ in origin.asked]


def test_a_copy_of_ours_is_no_url_for_others(v2: V2, origin: Origin) -> None:
    """It would be a way to another's data."""
    theirs = v2.active(caller="other")["id"]

    assert add(v2, queued(v2), {"url": f"calotype://local/{theirs}", "metadata": {}}).status == 400


def test_an_image_without_formats_takes_no_location(v2: V2, origin: Origin) -> None:
    assert add(v2, v2.create()["id"], place(origin)).status == 400


def test_a_place_may_be_said(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "#1")

    assert add(v2, image_id, place(origin, "#0"), "0").status == 200
    assert add(v2, image_id, place(origin, "#2"), "1", syntax="2.0").status == 400
    assert v2.patch(image_id, {"add": "/locations/2", "value": place(origin, "#2")}, syntax="2.0").status == 200
    assert urls(v2, image_id) == ["#0", "#1", "#2"]


@pytest.mark.parametrize("at", ["2", "-1", "a", "1.0", "\u0661", "99999999999", "0/url", "", " "])
def test_a_place_that_there_is_not_is_refused(v2: V2, origin: Origin, at: str) -> None:
    image_id = with_places(v2, origin, "")

    assert add(v2, image_id, place(origin, "#new"), at).status == 400


def test_copies_of_ours_come_first(v2: V2, origin: Origin) -> None:
    image_id = v2.active(DATA)["id"]

    assert add(v2, image_id, place(origin), "0").status == 200
    assert urls(v2, image_id) == [f"calotype://local/{image_id}", ""]
    assert v2.show(image_id)["direct_url"] == f"calotype://local/{image_id}"


def test_the_same_twice_is_refused(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "")

    assert add(v2, image_id, place(origin)).status == 400
    assert add(v2, image_id, place(origin, metadata={"store": "http"})).status == 400
    assert add(v2, image_id, place(origin, metadata={"a": "b"})).status == 200
    assert replace(v2, queued(v2), [place(origin), place(origin)]).status == 400


def test_data_of_another_size_are_refused(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "")

    assert add(v2, image_id, {"url": origin.put("/b", DATA + b"x"), "metadata": {}}).status == 400


def test_more_locations_than_there_may_be_are_refused(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "#0", "#1", "#2")

    assert add(v2, image_id, place(origin, "#3")).status == 413
    assert replace(v2, image_id, [place(origin, f"#{n}") for n in (2, 0, 1)]).status == 200
    assert replace(v2, queued(v2), [place(origin, f"#{n}") for n in range(4)]).status == 413


def test_a_thousand_at_once_are_refused_before_anything_is_done_with_them(v2: V2, origin: Origin) -> None:
    """Each was compared with each at every step, while nobody else could change anything."""
    image_id = queued(v2)
    places = [place(origin, metadata={"number": number}) for number in range(1_000)]

    answer = v2.patch(image_id, *({"op": "add", "path": "/locations/-", "value": value} for value in places))

    assert (answer.status, replace(v2, image_id, places).status) == (413, 413)
    assert origin.asked == []


def test_the_first_locations_may_come_all_at_once(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)

    answer = replace(v2, image_id, [place(origin, "#0", validation_data=SAID), place(origin, "#1")])

    assert (answer.status, answer.json["status"], answer.json["size"]) == (200, "active", len(DATA))
    assert SAID.items() <= answer.json.items()


def test_locations_that_are_said_to_hold_different_data_are_refused(v2: V2, origin: Origin) -> None:
    first = place(origin, "#0", validation_data=SAID)
    second = place(origin, "#1", validation_data={**SAID, "checksum": "0" * 32})

    assert replace(v2, queued(v2), [first, second]).status == 409


def test_the_same_locations_may_come_in_another_order_and_with_other_metadata(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "#0", "#1")
    shown = v2.show(image_id)["locations"]
    origin.asked.clear()

    assert replace(v2, image_id, shown).status == 200
    shown[0]["metadata"]["date"] = "2015-10-15"
    assert replace(v2, image_id, shown).status == 200
    assert v2.show(image_id)["locations"] == shown
    assert replace(v2, image_id, shown[::-1]).status == 200
    assert v2.show(image_id)["locations"] == shown[::-1]
    assert origin.asked == []


def test_other_locations_than_an_image_has_are_refused(v2: V2, origin: Origin) -> None:
    """Nobody gives an active image other data. Source: OSSN-0065."""
    image_id = with_places(v2, origin, "#0", "#1")
    before = v2.show(image_id)["locations"]

    assert replace(v2, image_id, before[:1]).status == 400
    assert replace(v2, image_id, [before[0], {**before[1], "url": url(origin, "#new3")}]).status == 400
    assert replace(v2, image_id, [*before, place(origin, "#2")]).status == 400
    assert replace(v2, image_id, [before[0], before[0]]).status == 400
    assert replace(v2, image_id, []).status == 403
    assert v2.show(image_id)["locations"] == before


@pytest.mark.parametrize("value", [None, {}, "a", [1], [None], [{"url": "http://127.0.0.1/"}]])
def test_what_is_no_list_of_locations_is_refused(v2: V2, value: Any) -> None:
    assert replace(v2, queued(v2), value).status == 400


def test_a_copy_of_ours_stays_where_locations_are_replaced(v2: V2, origin: Origin) -> None:
    image_id = v2.active(DATA)["id"]
    add(v2, image_id, place(origin))
    shown = v2.show(image_id)["locations"]

    assert replace(v2, image_id, shown[::-1]).status == 200
    assert v2.show(image_id)["locations"] == shown
    assert replace(v2, image_id, [{**shown[0], "metadata": {"a": "b"}}, shown[1]]).status == 400
    assert replace(v2, image_id, shown[1:]).status == 400


def test_an_admin_removes_all_but_the_last(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "#0", "#1", "#2")

    assert remove(v2, image_id, "0").status == 200
    assert urls(v2, image_id) == ["#1", "#2"]
    assert v2.show(image_id)["direct_url"] == url(origin, "#1")
    assert remove(v2, image_id, "-").status == 200
    assert urls(v2, image_id) == ["#1"]
    assert remove(v2, image_id, "0").status == 403
    assert "DELETE" not in origin.methods


@pytest.mark.parametrize("at", ["2", "-1", "a", "01234567890"])
def test_a_location_that_is_not_there_cannot_be_removed(v2: V2, origin: Origin, at: str) -> None:
    assert remove(v2, with_places(v2, origin, "#0", "#1"), at).status == 400


def test_nobody_else_removes_one(v2: V2, origin: Origin) -> None:
    assert remove(v2, with_places(v2, origin, "#0", "#1"), "0", caller="me").status == 403


def test_a_copy_of_ours_goes_with_its_location(v2: V2, origin: Origin) -> None:
    image_id = v2.active(DATA)["id"]
    add(v2, image_id, place(origin))

    assert remove(v2, image_id, "0").json["stores"] == "http"
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == DATA
    assert "GET" in origin.methods


def test_a_location_may_be_taken_away_by_its_store(v2: V2, origin: Origin) -> None:
    image_id = v2.active(DATA)["id"]
    add(v2, image_id, place(origin))

    assert v2.ask("DELETE", f"/v2/stores/http/{image_id}", caller="admin").status == 204
    assert urls(v2, image_id) == [f"calotype://local/{image_id}"]


def test_an_image_that_has_no_location_has_none_to_remove(v2: V2) -> None:
    assert remove(v2, queued(v2), "0").status == 409


@pytest.mark.parametrize("status", ["deactivated", "importing"])
def test_in_other_states_locations_stay_as_they_are(v2: V2, origin: Origin, status: str) -> None:
    gate = threading.Event()
    if status == "deactivated":
        image_id = with_places(v2, origin, "#0", "#1")
        v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate")
    else:
        image_id = queued(v2)
        held = origin.put("/held", DATA, held=gate)
        body = b'{"url": "%s", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "%s"}}'
        v2.ask("POST", f"/v2/images/{image_id}/locations", body=body % (held.encode(), md5(DATA).encode()))
    origin.asked.clear()

    assert add(v2, image_id, place(origin, "#2")).status == 409
    assert replace(v2, image_id, v2.show(image_id, "admin")["locations"], caller="admin").status == 409
    assert remove(v2, image_id, "0").status == 409
    assert "/a" not in [path for _, path, _ in origin.asked]
    gate.set()


def test_where_a_deactivated_images_data_are_only_admins_are_shown(v2: V2, origin: Origin) -> None:
    image_id = with_places(v2, origin, "")
    v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate")

    shown = v2.show(image_id)
    assert shown["locations"] == []
    assert not {"direct_url", "stores"} & shown.keys()
    assert v2.show(image_id, "admin")["direct_url"] == url(origin)


@pytest.mark.parametrize(
    ("caller", "visibility", "code"),
    [("other", "private", 404), ("other", "public", 403), ("reader", "private", 403), ("nobody", "private", 404)],
)
def test_nobody_is_asked_for_who_may_not_change_the_image(
    v2: V2, origin: Origin, caller: str, visibility: str, code: int
) -> None:
    image_id = v2.create("admin", owner="mine", visibility=visibility, disk_format="raw", container_format="bare")["id"]

    assert add(v2, image_id, place(origin), caller=caller).status == code
    assert origin.asked == []


def test_locations_and_other_edits_are_made_together_or_not_at_all(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    here = {"op": "add", "path": "/locations/-", "value": place(origin)}

    assert v2.patch(image_id, here, {"op": "remove", "path": "/nothing"}).status == 409
    assert v2.show(image_id)["status"] == "queued"
    assert v2.patch(image_id, {"op": "replace", "path": "/name", "value": "new"}, here).json["name"] == "new"
    assert v2.show(image_id)["status"] == "active"


@pytest.fixture(scope="module")
def hiding(tell: Callable[[dict[str, Any]], Any]) -> Iterator[tuple[V2, Origin]]:
    with located(tell) as running:
        yield running


def test_locations_that_are_not_shown_cannot_be_changed(hiding: tuple[V2, Origin]) -> None:
    v2, origin = hiding
    image_id = queued(v2)

    assert add(v2, image_id, place(origin)).status == 403
    assert replace(v2, image_id, []).status == 403
    assert remove(v2, image_id, "0").status == 403
    assert "locations" not in v2.show(image_id)
    assert origin.asked == []


def test_a_direct_url_is_shown_without_the_list(tell: Callable[[dict[str, Any]], Any]) -> None:
    with tell({"options": {"show_image_direct_url": True}}) as port:
        v2 = V2(port)
        shown = v2.active()

    assert shown["direct_url"] == f"calotype://local/{shown['id']}"
    assert not {"locations", "stores"} & shown.keys()


def test_a_new_image_says_that_it_has_none(v2: V2) -> None:
    assert v2.create()["locations"] == []
