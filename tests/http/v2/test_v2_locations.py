"""Locations by v2's own calls: who may name them and be told them, what is checked, and what becomes of the image.

Source: docs/api/v2.md, "Locations".
"""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_v2 import V2
from connecting import Answer, md5
from locating import DATA, located, queued, validation, when

from origins import Origin

NO_HASH = {"checksum": None, "os_hash_algo": None, "os_hash_value": None}
SHA512 = {**validation(), "checksum": md5(DATA)}


@pytest.fixture(scope="module")
def both(tell: Callable[[dict[str, Any]], Any]) -> Iterator[tuple[V2, Origin]]:
    with located(tell) as running:
        yield running


@pytest.fixture
def v2(both: tuple[V2, Origin]) -> V2:
    return both[0]


def add(v2: V2, image_id: str, caller: str = "me", **body: Any) -> Answer:
    return v2.ask("POST", f"/v2/images/{image_id}/locations", body=json.dumps(body).encode(), caller=caller)


def listed(v2: V2, image_id: str, caller: str = "admin") -> Answer:
    return v2.ask("GET", f"/v2/images/{image_id}/locations", caller=caller)


def test_without_a_hash_the_image_is_active_at_once_and_its_hashes_follow(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    gate = threading.Event()
    url = origin.put("/slow", DATA, held=gate)

    answer = add(v2, image_id, url=url)

    assert (answer.status, answer.body) == (202, b"")
    shown = v2.show(image_id)
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", len(DATA), "http")
    assert (shown["os_hash_algo"], shown["os_hash_value"], shown["checksum"]) == ("sha512", None, None)
    gate.set()
    assert when(v2, image_id, **SHA512)["status"] == "active"


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_data_that_are_what_was_said_make_the_image_active(v2: V2, origin: Origin, algorithm: str) -> None:
    image_id = queued(v2)

    answer = add(v2, image_id, url=origin.put("/a", DATA), validation_data=validation(algorithm=algorithm))

    assert answer.status == 202
    shown = when(v2, image_id, status="active")
    assert {**validation(algorithm=algorithm), "checksum": md5(DATA)}.items() <= shown.items()
    assert shown["size"] == len(DATA)


def test_the_image_is_importing_until_its_data_were_read(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    gate = threading.Event()

    assert add(v2, image_id, url=origin.put("/b", DATA, held=gate), validation_data=validation()).status == 202

    assert NO_HASH.items() <= v2.show(image_id).items()
    assert v2.show(image_id)["status"] == "importing"
    assert add(v2, image_id, url=origin.put("/a", DATA)).status == 409
    assert v2.upload(image_id, b"data").status == 409
    gate.set()
    when(v2, image_id, status="active", **SHA512)


def test_data_that_are_others_leave_the_image_queued_and_the_location_with_it(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)

    assert add(v2, image_id, url=origin.put("/a", DATA), validation_data=validation(b"others")).status == 202

    shown = when(v2, image_id, status="queued")
    assert NO_HASH.items() <= shown.items()
    assert (shown["size"], shown["stores"]) == (None, "http")
    assert len(listed(v2, image_id).json) == 1
    assert v2.ask("GET", f"/v2/images/{image_id}/file").status == 204


def test_after_a_failed_check_an_upload_takes_the_place_of_the_location(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA), validation_data=validation(b"others"))
    when(v2, image_id, status="queued", stores="http")

    assert v2.upload(image_id, b"data").status == 204

    assert v2.show(image_id)["stores"] == "local"
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == b"data"


def test_after_a_failed_check_another_location_takes_the_place_of_the_first(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA), validation_data=validation(b"others"))
    when(v2, image_id, status="queued", stores="http")
    url = origin.put("/b", DATA)

    assert add(v2, image_id, url=url, validation_data=validation()).status == 202

    when(v2, image_id, status="active")
    assert listed(v2, image_id).json == [{"url": url, "metadata": {"store": "http"}}]


def test_reading_that_fails_is_tried_again(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)

    assert add(v2, image_id, url=origin.put("/a", DATA, fails=3), validation_data=validation()).status == 202

    when(v2, image_id, status="active", **SHA512)


def test_data_that_cannot_be_read_leave_the_image_queued(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    url = origin.put("/a", DATA, fails=99)

    assert add(v2, image_id, url=url, validation_data=validation()).status == 202

    assert NO_HASH.items() <= when(v2, image_id, status="queued").items()
    assert origin.methods == ["HEAD", *["GET"] * 4]


def test_an_image_whose_hash_cannot_be_taken_stays_active_and_promises_none(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)

    assert add(v2, image_id, url=origin.put("/a", DATA, fails=99)).status == 202

    assert when(v2, image_id, **NO_HASH)["status"] == "active"


@pytest.mark.parametrize("empty", [{}, {"validation_data": {}}, {"anything": "else"}])
def test_nothing_and_what_is_not_known_say_nothing(v2: V2, origin: Origin, empty: dict[str, Any]) -> None:
    image_id = queued(v2)

    assert add(v2, image_id, url=origin.put("/a", DATA), **empty).status == 202
    when(v2, image_id, **SHA512)


@pytest.mark.parametrize(
    "said",
    [
        {"os_hash_algo": "sha512"},
        {"os_hash_value": "a" * 128},
        {"os_hash_algo": "sha512", "os_hash_value": "a" * 64},
        {"os_hash_algo": "sha256", "os_hash_value": "a" * 128},
        {"os_hash_algo": "sha512", "os_hash_value": "g" * 128},
        {"os_hash_algo": "sha512", "os_hash_value": "\u0661" * 128},
        {"os_hash_algo": "sha512", "os_hash_value": "a" * 127},
        {"os_hash_algo": "sha512", "os_hash_value": 1},
        {"os_hash_algo": "sha384", "os_hash_value": "a" * 96},
        {"os_hash_algo": "SHA512", "os_hash_value": "a" * 128},
        {"os_hash_algo": {}, "os_hash_value": "a" * 128},
        {"os_hash_algo": None, "os_hash_value": None},
        {"os_hash_algo": "sha512", "os_hash_value": "a" * 128, "checksum": "a" * 32},
        [],
        "sha512",
        None,
    ],
)
def test_a_hash_that_can_be_none_is_refused(v2: V2, origin: Origin, said: Any) -> None:
    image_id = queued(v2)

    assert add(v2, image_id, url=origin.put("/a", DATA), validation_data=said).status == 400
    assert origin.asked == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'"url"', b'{"url": 1}', b'{"url": ""}', b'{"url": null}', b"{"])
def test_a_body_without_a_url_is_refused(v2: V2, body: bytes) -> None:
    assert v2.ask("POST", f"/v2/images/{queued(v2)}/locations", body=body).status == 400


UNFIT = [
    ("a loopback address", "http://[::1]:{port}/a"),
    ("a link-local address", "http://169.254.169.254/latest/meta-data"),
    ("a name for the machine itself", "http://localhost:{port}/a"),
    ("an address in another spelling", "http://2130706433:{port}/a"),
    ("an address in hexadecimal", "http://0x7f.1:{port}/a"),
    ("a user", "http://me@127.0.0.1:{port}/a"),
    ("a name without address", "http://images.invalid/a"),
    ("a port where nobody listens", "http://127.0.0.1:1/a"),
    ("a page that is not there", "http://127.0.0.1:{port}/nothing"),
    ("an empty page", "http://127.0.0.1:{port}/empty"),
    ("a page without size", "http://127.0.0.1:{port}/endless"),
    ("a redirect to where one may not go", "http://127.0.0.1:{port}/elsewhere"),
    ("a host that speaks no TLS", "https://127.0.0.1:{port}/a"),
    ("not even a host", "http://"),
    ("a longer one than there is", "http://127.0.0.1:{port}/" + "a" * 3000),
]


@pytest.mark.parametrize("url", [url for _, url in UNFIT], ids=[name for name, _ in UNFIT])
def test_a_url_that_leads_to_no_data_is_refused_and_nobody_learns_why(v2: V2, origin: Origin, url: str) -> None:
    """Whoever may name URLs must not learn what answers behind them. Source: OSSN-0078, OSSA-2026-004."""
    origin.put("/a", DATA)
    origin.put("/empty", b"")
    origin.put("/endless", DATA, declared=None, knows_ranges=False)
    origin.put("/elsewhere", redirect=f"http://localhost:{origin.port}/a")
    image_id = queued(v2)

    answer = add(v2, image_id, url=url.format(port=origin.port))

    assert answer.status == 400
    assert "Invalid value '***' for 'url': it does not pass filtering, or there are no data" in answer.text
    assert v2.show(image_id)["status"] == "queued"
    assert "/a" not in [path for _, path, _ in origin.asked]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "FILE:///etc/passwd", "filesystem:///a", "rbd://a/b", "a", "swift+config://a"]
)
def test_only_data_at_http_and_https_can_be_named(v2: V2, url: str) -> None:
    """A user is told so; a program of the cloud's own, that there is no such store."""
    image_id = queued(v2)

    assert add(v2, image_id, url=url).status == 403
    assert add(v2, image_id, url=url, caller="admin").status == 400


def test_the_callers_token_goes_nowhere(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)

    add(v2, image_id, url=origin.put("/a", DATA))
    when(v2, image_id, **SHA512)
    v2.ask("GET", f"/v2/images/{image_id}/file")

    for _, _, headers in origin.asked:
        assert headers.keys() <= {"host", "user-agent", "accept", "accept-encoding", "connection", "range"}


def test_an_image_without_formats_takes_no_location(v2: V2, origin: Origin) -> None:
    image_id = v2.create()["id"]

    assert add(v2, image_id, url=origin.put("/a", DATA)).status == 400
    assert origin.asked == []


def test_an_image_that_is_not_queued_takes_none(v2: V2, origin: Origin) -> None:
    image_id = v2.active()["id"]

    assert add(v2, image_id, url=origin.put("/a", DATA)).status == 409
    assert origin.asked == []


@pytest.mark.parametrize(
    ("caller", "visibility", "code"),
    [
        ("other", "private", 404),
        ("other", "public", 403),
        ("reader", "private", 403),
        ("nobody", "private", 404),
        ("machine", "private", 404),
        ("machine", "public", 202),
        ("admin", "private", 202),
        ("me", "private", 202),
    ],
)
def test_an_owner_and_programs_of_the_cloud_may_name_one(
    v2: V2, origin: Origin, caller: str, visibility: str, code: int
) -> None:
    image_id = v2.create("admin", owner="mine", visibility=visibility, disk_format="raw", container_format="bare")["id"]

    assert add(v2, image_id, url=origin.put("/a", DATA), caller=caller).status == code
    assert len(origin.asked) > 0 or code != 202


@pytest.mark.parametrize(
    ("caller", "visibility", "code"),
    [
        ("me", "private", 403),
        ("reader", "private", 403),
        ("nobody", "private", 404),
        ("other", "private", 404),
        ("other", "public", 403),
        ("machine", "private", 404),
        ("machine", "public", 200),
        ("admin", "private", 200),
    ],
)
def test_only_programs_of_the_cloud_are_told_the_locations(v2: V2, caller: str, visibility: str, code: int) -> None:
    image_id = v2.create("admin", owner="mine", visibility=visibility)["id"]

    assert listed(v2, image_id, caller).status == code


def test_locations_are_told_as_a_list_with_their_stores(v2: V2, origin: Origin) -> None:
    ours, theirs = v2.active()["id"], queued(v2)
    url = origin.put("/a?b=c#d", DATA)
    origin.put("/a?b=c", DATA)

    assert add(v2, theirs, url=url).status == 202

    assert listed(v2, theirs).json == [{"url": url, "metadata": {"store": "http"}}]
    assert listed(v2, ours).json == [{"url": f"calotype://local/{ours}", "metadata": {"store": "local"}}]
    assert listed(v2, queued(v2)).json == []


def test_no_location_is_shown_with_the_image(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA))

    shown = v2.show(image_id, "admin")

    assert "locations" not in shown
    assert "direct_url" not in shown
    assert f":{origin.port}" not in json.dumps(shown)


@pytest.mark.parametrize("image_id", ["no-such-image", "00000000-0000-4000-8000-000000000000"])
def test_an_image_that_is_not_there_has_none(v2: V2, image_id: str) -> None:
    assert listed(v2, image_id).status == 404
    assert add(v2, image_id, url="http://images.invalid/").status == 404


def test_a_deleted_image_has_none(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA))
    assert v2.ask("DELETE", f"/v2/images/{image_id}").status == 204

    assert listed(v2, image_id).status == 404
    assert add(v2, image_id, url=origin.put("/a", DATA)).status == 404


@pytest.mark.parametrize("said", [{}, {"validation_data": validation()}])
def test_deleting_an_image_ends_its_reading_and_asks_the_origin_for_nothing(
    v2: V2, origin: Origin, said: dict[str, Any]
) -> None:
    image_id = queued(v2)
    gate = threading.Event()
    url = origin.put("/a", DATA, held=gate)
    assert add(v2, image_id, url=url, **said).status == 202

    assert v2.ask("DELETE", f"/v2/images/{image_id}").status == 204
    gate.set()

    assert v2.ask("GET", f"/v2/images/{image_id}").status == 404
    assert "DELETE" not in origin.methods


def test_data_are_downloaded_through_us(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA), validation_data=validation())
    when(v2, image_id, status="active")

    whole = v2.ask("GET", f"/v2/images/{image_id}/file")
    part = v2.ask("GET", f"/v2/images/{image_id}/file", {"range": "bytes=10-19"})
    head = v2.ask("HEAD", f"/v2/images/{image_id}/file")

    assert (whole.status, whole.body, whole.headers["content-md5"]) == (200, DATA, md5(DATA))
    assert (part.status, part.body) == (206, DATA[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(DATA)}"
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(DATA)), b"")


def test_a_part_of_what_cannot_be_read_in_parts_is_refused(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA, knows_ranges=False))

    assert v2.ask("GET", f"/v2/images/{image_id}/file", {"range": "bytes=10-19"}).status == 400
    assert v2.ask("GET", f"/v2/images/{image_id}/file", {"range": "bytes=0-9"}).body == DATA[:10]


@pytest.mark.parametrize("page", [{"data": b"other"}, {"data": DATA, "status": 500}, {"redirect": "http://localhost/"}])
def test_data_that_are_away_or_others_now_are_503_and_nobody_learns_where_they_were(
    v2: V2, origin: Origin, page: dict[str, Any]
) -> None:
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/gone", DATA), validation_data=validation())
    when(v2, image_id, status="active")
    origin.put("/gone", **page)

    answer = v2.ask("GET", f"/v2/images/{image_id}/file")

    assert answer.status == 503
    assert "127.0.0.1" not in answer.text
    assert "localhost" not in answer.text


def test_data_that_end_too_early_are_broken_off(v2: V2, origin: Origin) -> None:
    """The client must not take half an image for one."""
    image_id = queued(v2)
    data = DATA * 3000
    add(v2, image_id, url=origin.put("/a", data), validation_data=validation(data))
    when(v2, image_id, status="active")
    origin.pages["/a"].fails = 1

    with pytest.raises(Exception, match="IncompleteRead"):
        v2.ask("GET", f"/v2/images/{image_id}/file")


def test_a_location_can_be_taken_from_an_image_by_its_store(v2: V2, origin: Origin) -> None:
    """The last one stays."""
    image_id = queued(v2)
    add(v2, image_id, url=origin.put("/a", DATA))

    assert v2.ask("DELETE", f"/v2/stores/http/{image_id}", caller="admin").status == 403


def test_nothing_is_uploaded_to_urls(v2: V2) -> None:
    image_id = queued(v2)
    octets = {"content-type": "application/octet-stream", "x-image-meta-store": "http"}

    assert v2.ask("PUT", f"/v2/images/{image_id}/file", octets, b"data").status == 410
    assert v2.show(image_id)["status"] == "queued"


def test_the_store_of_urls_is_told_among_the_stores(v2: V2) -> None:
    stores = v2.ask("GET", "/v2/info/stores").json["stores"]

    assert {"id": "http", "read-only": "true"} in stores


def test_data_over_the_size_cap_are_refused(tell: Callable[[dict[str, Any]], Any]) -> None:
    with located(tell, image_size_cap_bytes=len(DATA) - 1) as (v2, origin):
        assert add(v2, queued(v2), url=origin.put("/a", DATA)).status == 413


def test_without_the_hash_what_is_said_is_believed(tell: Callable[[dict[str, Any]], Any]) -> None:
    with located(tell, do_secure_hash=False) as (v2, origin):
        told, untold = queued(v2), queued(v2)
        said = validation(b"others", "sha256")

        assert add(v2, told, url=origin.put("/a", DATA), validation_data=said).status == 202
        assert add(v2, untold, url=origin.put("/a", DATA)).status == 202

        assert {**said, "checksum": None, "status": "active", "size": len(DATA)}.items() <= v2.show(told).items()
        assert {**NO_HASH, "status": "active", "size": len(DATA)}.items() <= v2.show(untold).items()
        assert origin.methods == ["HEAD", "HEAD"]


def test_only_so_many_are_read_at_once_and_the_next_one_changes_nothing(tell: Callable[[dict[str, Any]], Any]) -> None:
    with located(tell, location_hashes_max=1) as (v2, origin):
        first, second = queued(v2), queued(v2)
        gate = threading.Event()
        add(v2, first, url=origin.put("/a", DATA, held=gate), validation_data=validation())

        answer = add(v2, second, url=origin.put("/b", DATA), validation_data=validation())

        assert (answer.status, answer.headers["retry-after"]) == (429, "5")
        assert v2.show(second)["status"] == "queued"
        gate.set()
        when(v2, first, status="active")


@pytest.fixture(scope="module")
def plain(tell: Callable[[dict[str, Any]], Any]) -> Iterator[V2]:
    with tell({}) as port:
        yield V2(port)


def test_where_no_data_are_at_urls_nobody_can_name_one(plain: V2) -> None:
    image_id = queued(plain)

    assert add(plain, image_id, url="http://images.invalid/").status == 403
    assert add(plain, image_id, url="http://images.invalid/", caller="admin").status == 400
    assert listed(plain, image_id).json == []
    assert listed(plain, image_id, "me").status == 403


def test_where_no_data_are_at_urls_there_is_no_such_store(plain: V2) -> None:
    assert plain.ask("GET", "/v2/info/stores").status == 404
    assert "stores" not in plain.show(plain.active()["id"])
