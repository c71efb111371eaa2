"""What has gone wrong elsewhere with data at URLs: one test for each advisory, note and later fix that touches them.

Sources: openstack/ossa:ossa/, openstack/security-doc:security-notes/, openstack/glance:releasenotes/notes/;
docs/api/v2.md, "Locations".
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_v2 import V2
from connecting import Answer
from locating import DATA, OPTIONS, located, queued, when

import origins
from certificates import Certificate
from origins import Origin

Tell = Callable[[dict[str, Any]], Any]
Add = Callable[[V2, str, str], Answer]


def add(v2: V2, image_id: str, url: str, caller: str = "me") -> Answer:
    """By the call for programs of the cloud."""
    return v2.ask("POST", f"/v2/images/{image_id}/locations", body=json.dumps({"url": url}).encode(), caller=caller)


def patch(v2: V2, image_id: str, url: str, caller: str = "me") -> Answer:
    """By the legacy operation of a patch, which must be switched on."""
    value = {"url": url, "metadata": {}}
    return v2.patch(image_id, {"op": "add", "path": "/locations/-", "value": value}, caller=caller)


BOTH_WAYS = pytest.mark.parametrize("way", [add, patch])


@pytest.fixture(scope="module")
def both(tell: Tell) -> Iterator[tuple[V2, Origin]]:
    """Every door to locations open, and an origin on this machine that may be asked."""
    with located(tell, show_multiple_locations=True, show_image_direct_url=True) as running:
        yield running


@pytest.fixture
def v2(both: tuple[V2, Origin]) -> V2:
    return both[0]


@pytest.fixture(scope="module")
def careful(tell: Tell) -> Iterator[V2]:
    """The doors open, and no host of this machine allowed."""
    options = {"http_locations": True, "show_multiple_locations": True, "fetch_allowed_ports": ()}
    with tell({"options": options}) as port:
        yield V2(port)


@BOTH_WAYS
@pytest.mark.parametrize("caller", ["me", "admin"])
def test_ossa_2014_041_and_2015_002_no_file_of_the_service_is_an_image(v2: V2, way: Add, caller: str) -> None:
    """CVE-2014-9493, CVE-2015-1195: file:// read and deleted any file of the service, and once that was refused filesystem://."""
    urls = ["file:///etc/passwd", "FILE:///etc/passwd", "filesystem:///etc/passwd", "FileSystem:///a", "///etc/passwd"]
    urls += [
        " file:///etc/passwd",
        "file:/etc/passwd",
        "/etc/passwd",
        "http+file:///etc/passwd",
        "swift+config://a/b/c",
    ]
    for url in urls:
        image_id = queued(v2)

        assert way(v2, image_id, url, caller=caller).status in (400, 403), url
        assert v2.show(image_id)["status"] == "queued"
        assert v2.ask("GET", f"/v2/images/{image_id}/file").status == 204


@BOTH_WAYS
def test_ossa_2014_012_a_url_is_given_to_no_shell_and_to_no_driver_that_is_not_offered(v2: V2, way: Add) -> None:
    """CVE-2014-0162: what stood in the URL of an image was run by a shell."""
    for url in (
        "sheepdog://a;id",
        "rbd://$(id)/b/c/d",
        "cinder://a",
        "http://`id`/a",
        "http://a;id/",
        "|id",
        "-oProxyCommand=id",
    ):
        image_id = queued(v2)

        assert way(v2, image_id, url).status in (400, 403), url
        assert v2.show(image_id)["status"] == "queued"


@BOTH_WAYS
@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "0"),
        *("0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "169.254.169.254"),
        *(
            "2852039166",
            "0xa9fea9fe",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("user@127.0.0.1", "127.0.0.1.", "127.0.0.1%00", "127。0。0。1", "①②⑦.0.0.1"),
    ],
)
def test_ossa_2026_004_no_spelling_of_an_inner_address_is_connected_to(careful: V2, way: Add, host: str) -> None:
    """CVE-2026-34881, and later fixes 2158998 and 2161330 for locations: decimal, hexadecimal and octal ones went through."""
    with origins.running() as origin:
        url = f"http://{host}:{origin.put('/a', DATA).rpartition(':')[2]}"
        image_id = queued(careful)

        assert way(careful, image_id, url).status in (400, 403)
        assert careful.show(image_id)["status"] == "queued"
        assert origin.asked == []


@BOTH_WAYS
def test_ossa_2026_004_a_redirect_to_an_inner_address_is_not_followed(v2: V2, origin: Origin, way: Add) -> None:
    """CVE-2026-34881: only the first address was judged."""
    origin.put("/secret", DATA)
    for to in ("http://localhost", "http://2130706433", "http://[::1]", "//0x7f000001"):
        url = origin.put("/away", redirect=f"{to}:{origin.port}/secret")
        image_id = queued(v2)

        assert way(v2, image_id, url).status == 400
        assert v2.show(image_id)["status"] == "queued"
    assert "/secret" not in [path for _, path, _ in origin.asked]


@BOTH_WAYS
def test_ossn_0078_nobody_learns_from_answers_what_listens_where(v2: V2, origin: Origin, way: Add) -> None:
    """Copying from a URL told open ports from closed ones."""
    said = set()
    for url in (
        f"http://127.0.0.1:{origin.port}/nothing",
        "http://127.0.0.1:1/",
        "http://nowhere.invalid/",
        "http://169.254.169.254/latest/meta-data/",
        "ftp://127.0.0.1/",
    ):
        answer = way(v2, queued(v2), url, caller="admin")
        said.add((answer.status, answer.text.replace("no store is offered for data at such a place", "WHY")))
    refused = {(status, text) for status, text in said if "WHY" not in text}

    assert {status for status, _ in said} == {400}
    assert len(refused) == 1


def test_ossa_2013_018_who_answers_for_a_host_must_prove_it(tell: Tell, certificate: Certificate) -> None:
    """CVE-2013-4111: a certificate nobody had signed was as good as any."""
    with origins.running(certificate) as origin, tell({"options": OPTIONS}) as port:
        v2 = V2(port)
        image_id = queued(v2)

        assert add(v2, image_id, origin.put("/a", DATA)).status == 400
        assert v2.show(image_id)["status"] == "queued"
        assert origin.asked == []


@BOTH_WAYS
def test_ossa_2014_004_a_password_in_a_url_is_in_no_log_and_no_error(
    v2: V2, origin: Origin, way: Add, caplog: pytest.LogCaptureFixture
) -> None:
    """CVE-2014-1948: the password of a store was written to the log."""
    caplog.set_level(logging.DEBUG)
    urls = [f"http://user:hunter2@127.0.0.1:{origin.port}/nothing", "swift://user:hunter2@a/b", "http://user:hunter2@["]

    said = [way(v2, queued(v2), url, caller="admin") for url in urls]

    assert {answer.status for answer in said} == {400}
    assert "hunter2" not in caplog.text + "".join(answer.text + str(answer.headers) for answer in said)


def test_ossa_2016_006_the_last_location_is_not_removed_and_the_image_takes_no_other_data(
    v2: V2, origin: Origin
) -> None:
    """CVE-2016-0757: the image was queued again then, and other data came under its id."""
    image_id = queued(v2)
    assert add(v2, image_id, origin.put("/a", DATA)).status == 202
    when(v2, image_id, status="active")
    others = [{"url": origin.put("/b", b"others"), "metadata": {}}]

    for caller in ("me", "admin"):
        assert v2.patch(image_id, {"op": "remove", "path": "/locations/0"}, caller=caller).status == 403
        for value, statuses in (([], (403,)), (others, (400, 403))):
            operation = {"op": "replace", "path": "/locations", "value": value}
            assert v2.patch(image_id, operation, caller=caller).status in statuses
        assert v2.upload(image_id, b"others", caller).status == 409
    assert v2.show(image_id)["status"] == "active"
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == DATA


def test_ossn_0065_and_0090_where_data_are_is_told_to_no_user_and_changed_by_none(tell: Tell) -> None:
    """CVE-2022-4134: owners put other data behind an image that others trusted, and saw how the store was laid out."""
    with located(tell) as (v2, origin):
        image_id = queued(v2)
        url = origin.put("/a", DATA)
        assert patch(v2, image_id, url).status == 403
        add(v2, image_id, url)
        when(v2, image_id, status="active")

        for caller in ("me", "admin"):
            assert patch(v2, image_id, origin.put("/b", b"others"), caller=caller).status == 403
            told = v2.ask("GET", f"/v2/images/{image_id}", caller=caller).text + v2.ask("GET", "/v2/images").text
            assert [word for word in (url, "direct_url", "locations") if word in told] == []
        assert v2.ask("GET", f"/v2/images/{image_id}/locations").status == 403


def test_ossn_0065_a_deactivated_image_tells_nobody_but_admins_where_its_data_are(v2: V2, origin: Origin) -> None:
    image_id = queued(v2)
    url = origin.put("/kept-back", DATA)
    add(v2, image_id, url)
    when(v2, image_id, status="active")
    assert url in v2.ask("GET", f"/v2/images/{image_id}").text

    v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate")

    shown = v2.show(image_id)
    assert (shown["locations"], "direct_url" in shown, "stores" in shown) == ([], False, False)
    assert url not in v2.ask("GET", "/v2/images").text
    assert url in v2.ask("GET", f"/v2/images/{image_id}", caller="admin").text


@BOTH_WAYS
def test_ossa_2014_028_the_size_cap_holds_for_data_at_a_url(tell: Tell, way: Add) -> None:
    """CVE-2014-5356: the cap was not applied on every way in."""
    options = {"show_multiple_locations": True, "image_size_cap_bytes": len(DATA) - 1}
    with located(tell, **options) as (v2, origin):
        image_id = queued(v2)

        assert way(v2, image_id, origin.put("/a", DATA)).status == 413
        assert v2.show(image_id)["status"] == "queued"


def test_ossa_2013_002_who_logs_in_where_data_lie_is_shown_to_programs_of_the_cloud_alone(tell: Tell) -> None:
    """CVE-2013-0212: credentials of a store were read from what the service said."""
    url = "swift+https://user:key@store.example/v1/image"
    image = {"id": "5f0b0b1c-41c7-4bb4-8a5c-1f6f0a3d9b07", "owner": "mine", "locations": [{"url": url, "store": "s"}]}
    options = {"show_multiple_locations": True, "show_image_direct_url": True}
    with tell({"options": options, "images": [{**image, "status": "active", "size": 4}]}) as port:
        v2 = V2(port)

        for caller in ("me", "admin"):
            shown = v2.show(image["id"], caller)
            assert "key" not in json.dumps([shown["locations"], shown["direct_url"]])
            assert shown["direct_url"] == "swift+https://***@store.example/v1/image"
        assert v2.ask("GET", f"/v2/images/{image['id']}/locations", caller="admin").json[0]["url"] == url
