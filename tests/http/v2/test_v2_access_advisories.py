"""What has gone wrong elsewhere with who sees and shares what: one test for each advisory, note and incident.

Sources: openstack/ossa:ossa/, openstack/security-doc:security-notes/; docs/api/v2.md, "Lists" and "Members".
"""

import ast
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from asking_v2 import RAW, V2

import calotype

Tell = Callable[[Any], AbstractContextManager[int]]

HIDDEN = "aaaaaaaa-0000-4000-8000-000000000001"
MINE = "aaaaaaaa-0000-4000-8000-000000000002"
NOBODYS = "aaaaaaaa-0000-4000-8000-0000000000ff"

#: Of another project, and unlike any other image in all that can be asked for.
SECRET: dict[str, Any] = {
    "id": HIDDEN,
    "owner": "theirs",
    "visibility": "private",
    "name": "secret-name",
    "disk_format": "vhdx",
    "container_format": "ovf",
    "size": 4242,
    "virtual_size": 5252,
    "min_disk": 62,
    "min_ram": 72,
    "checksum": "c" * 32,
    "os_hash_algo": "sha512",
    "os_hash_value": "d" * 128,
    "protected": True,
    "created_at": "2020-01-01T00:00:00Z",
    "properties": {"os_secret": "secret-value"},
    "tags": ["secret-tag"],
    "members": [{"member": "elsewhere", "status": "accepted"}],
}

QUERIES = [
    *[{name: SECRET[name]} for name in ("id", "name", "owner", "visibility", "disk_format", "container_format")],
    *[{name: SECRET[name]} for name in ("min_disk", "min_ram", "checksum", "os_hash_value", "size", "virtual_size")],
    *({"tag": "secret-tag"}, {"os_secret": "secret-value"}, {"protected": "true"}, {"id": f"in:{HIDDEN},{NOBODYS}"}),
    *({"name": "in:secret-name,other"}, {"size_min": "4242", "size_max": "4242"}, {"min_ram_min": "72"}),
    *({"created_at": "lt:2021-01-01"}, {"updated_at": "lte:2020-01-01T00:00:00Z"}, {"status": "in:active,queued"}),
    *({"visibility": "all", "member_status": "all"}, {"os_hidden": "true"}, {"visibility": "shared"}),
]


@pytest.fixture(scope="module")
def v2(tell: Tell) -> Iterator[V2]:
    """An application with one image of another project, and one of *me* that no query below means."""
    with tell({"images": [SECRET, {"id": MINE, "owner": "mine", "status": "killed"}]}) as port:
        yield V2(port)


@pytest.fixture
def empty(tell: Tell) -> Iterator[V2]:
    with tell({}) as port:
        yield V2(port)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: "&".join(query))
def test_no_filter_of_a_list_tells_of_an_image_that_is_not_ones_own_to_see(v2: V2, query: dict[str, Any]) -> None:
    """A list that is filtered before it is cut to what the caller may see tells by its pages what others have."""
    asked = urlencode(query)

    for caller in ("me", "reader", "stranger" if query.get("visibility") == "private" else "me"):
        answer = v2.ask("GET", f"/v2/images?{asked}", caller=caller)
        assert answer.status == 200
        assert answer.json == {"images": [], "first": f"/v2/images?{asked}", "schema": "/v2/schemas/images"}
    assert HIDDEN in [image["id"] for image in v2.ask("GET", f"/v2/images?{asked}", caller="admin").json["images"]] or (
        "os_hidden" in query or query == {"visibility": "shared"}
    )


@pytest.mark.parametrize("sort", ["", "&sort=name:asc", "&sort=size:desc,name:asc", "&sort_key=status&sort_dir=asc"])
def test_a_marker_that_is_not_ones_own_to_see_is_one_that_is_not_there(v2: V2, sort: str) -> None:
    """Glance 33 answers 403 to the one and 400 to the other. Source: docs/api/v2-differences.md."""
    told = [v2.ask("GET", f"/v2/images?marker={marker}{sort}") for marker in (HIDDEN, NOBODYS)]

    assert [answer.status for answer in told] == [400, 400]
    assert told[0].text.replace(HIDDEN, "") == told[1].text.replace(NOBODYS, "")


def test_ossn_0005_what_is_offered_is_listed_once_it_is_accepted(empty: V2) -> None:
    """Anybody could put images into another project's list by sharing them, and wait until one was booted."""
    image_id = empty.create(name="debian-13")["id"]
    offer = json.dumps({"member": "theirs", "status": "accepted"}).encode()
    answer = empty.ask("POST", f"/v2/images/{image_id}/members", body=offer)

    assert answer.json["status"] == "pending"
    for query in ("", "?name=debian-13", "?visibility=shared", "?visibility=all", f"?id={image_id}"):
        assert empty.ask("GET", f"/v2/images{query}", caller="other").json["images"] == []
    accepted = b'{"status": "accepted"}'
    path = f"/v2/images/{image_id}/members/theirs"
    assert empty.ask("PUT", path, body=accepted).status == 403
    assert empty.ask("PUT", path, body=accepted, caller="other").status == 200
    assert [one["id"] for one in empty.ask("GET", "/v2/images", caller="other").json["images"]] == [image_id]


FORGED = {
    "x-roles": "admin",
    "x-role": "admin",
    "x-is-admin": "true",
    "x-identity-status": "Confirmed",
    "x-user-id": "admin",
    "x-tenant-id": "theirs",
    "x-tenant": "theirs",
    "x-project-id": "theirs",
    "x-owner": "theirs",
    "x-service-roles": "service,admin",
    "x-service-identity-status": "Confirmed",
    "x-service-token": "admin",
    "x-auth-key": "admin",
}


def test_identity_is_in_the_token_and_in_no_header_from_outside(empty: V2) -> None:
    """Behind a proxy that proves tokens the same headers would be believed; nothing of the kind is read here."""
    theirs = empty.create("other", visibility="private")["id"]
    path = f"/v2/images/{theirs}"

    assert empty.ask("GET", path, FORGED).status == 404
    assert empty.ask("DELETE", path, FORGED).status == 404
    assert empty.ask("GET", "/v2/images", FORGED).json["images"] == []
    made = empty.ask("POST", "/v2/images", FORGED, b"{}")
    assert (made.status, made.json["owner"]) == (201, "mine")
    assert empty.ask("POST", "/v2/images", FORGED, b'{"visibility": "public"}').status == 403
    assert empty.ask("GET", f"/v2/images/{made.json['id']}/locations", FORGED).status == 403
    assert empty.ask("GET", "/v2/images", {**FORGED, "x-auth-token": ""}).status == 401
    assert empty.ask("GET", "/v2/info/usage", FORGED).text == empty.ask("GET", "/v2/info/usage").text


def test_ossn_0052_no_token_is_in_a_log_or_an_error(empty: V2, caplog: pytest.LogCaptureFixture) -> None:
    """Tokens in logs were good for whoever read these."""
    caplog.set_level(logging.DEBUG)
    token = "gAAAAAB-a-token-that-is-no-good"
    headers = {"x-service-token": f"{token}2", "x-storage-token": f"{token}3", "cookie": f"{token}4"}
    said = [
        empty.ask("GET", "/v2/images", {"x-auth-token": token}),
        empty.ask("GET", "/v2/images", headers),
        empty.ask("PUT", f"/v2/images/{NOBODYS}/file", headers, b"data"),
        empty.ask("GET", "/v2/images?limit=none", headers),
    ]

    assert [answer.status for answer in said] == [401, 200, 415, 400]
    assert token not in caplog.text + "".join(answer.text + str(answer.headers) for answer in said)
    assert "request" in caplog.text


def test_ossn_0048_nothing_is_checked_by_an_assertion() -> None:
    """`python -O` leaves assertions out, and with them the checks that were made so. In `http` two tell a type checker."""
    package = Path(calotype.__file__).parent
    asserting = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in sorted(package.rglob("*.py"))
        if path.parent != package / "http"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]

    assert asserting == []


def test_ossn_0060_what_one_may_not_do_is_not_done_for_one_by_the_service(empty: V2) -> None:
    """Requests of users were made with the service's own rights."""
    public = empty.active(b"data", "admin", visibility="public")["id"]
    deactivated = empty.active(b"data", "admin", visibility="public")["id"]
    empty.ask("POST", f"/v2/images/{deactivated}/actions/deactivate", caller="admin")

    for method, path, body in (
        *(("DELETE", "", None), ("POST", "/actions/deactivate", None), ("PUT", "/tags/mine", None)),
        ("POST", "/members", b'{"member": "mine"}'),
    ):
        assert empty.ask(method, f"/v2/images/{public}{path}", body=body).status == 403
    assert empty.patch(public, {"op": "replace", "path": "/owner", "value": "mine"}).status == 403
    assert empty.ask("GET", f"/v2/images/{deactivated}/file").status == 403
    assert empty.ask("POST", f"/v2/images/{deactivated}/actions/reactivate").status == 403


def test_what_is_asked_for_is_text_in_every_error_page(empty: V2) -> None:
    """OSSA-2015-009 for paths, parameters and members: what a page echoes must not run in it."""
    image_id, script = empty.create(**RAW)["id"], "<script>alert(1)</script>"
    html = {"accept": "text/html"}
    told = [
        empty.ask("GET", f"/v2/images/{quote(script, safe='')}", html),
        empty.ask("GET", f"/v2/images?marker={quote(script)}", html),
        empty.ask("GET", f"/v2/images?sort={quote(script)}", html),
        empty.ask("PUT", f"/v2/images/{image_id}/members/{quote(script, safe='')}", html, b'{"status": "accepted"}'),
        empty.ask("PUT", f"/v2/images/{image_id}/members/a", html, json.dumps({"status": script}).encode()),
        empty.ask("POST", "/v2/images", html, json.dumps({"disk_format": script}).encode()),
        empty.ask("DELETE", f"/v2/images/{image_id}/tags/{quote('<b>')}", html),
    ]

    for answer in told:
        assert answer.status in (400, 404)
        assert answer.headers["content-type"] == "text/html; charset=UTF-8"
        assert "<script>" not in answer.text
        assert "<b>" not in answer.text
