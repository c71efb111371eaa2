"""The version lists, and the choice of a version by Accept."""

import json
from typing import Any

import pytest

from calotype.faces import versions
from calotype.http.errors import HttpError, method_not_allowed, not_found
from calotype.http.messages import Request, Response

V1_1 = {"id": "v1.1", "status": "DEPRECATED", "links": [{"rel": "self", "href": "https://images.example/v1/"}]}
V1_0 = {"id": "v1.0", "status": "DEPRECATED", "links": [{"rel": "self", "href": "https://images.example/v1/"}]}


def a_request(method: str = "GET", path: str = "/", prefix: str = "") -> Request:
    return Request(
        method=method,
        path=path,
        prefix=prefix,
        raw_query="",
        headers=(),
        request_id="req-1",
        base_url="https://images.example",
    )


def ask(method: str, path: str, *, v1_enabled: bool = True) -> Response:
    """The face's answer, as the door gets it: by the route's handler, or by the face's word for an unknown path."""
    face = versions.face(versions.V1 if v1_enabled else ())
    request = a_request(method, path)
    found = face.table.match(path)
    if found is None or method not in found[0]:
        return face.write_error(not_found() if found is None else method_not_allowed(list(found[0])), request)
    answer = found[0][method].handler(None, request)
    assert isinstance(answer, Response)
    return answer


def listed(answer: Response) -> list[dict[str, Any]]:
    assert answer.headers == (("Content-Type", "application/json"),)
    versions_listed: list[dict[str, Any]] = json.loads(answer.body)["versions"]
    return versions_listed


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/", "/images", "/v1.2", "/v1.a/images", "/v10", "/va.1", "/images/1", "/v2/images", ""]
)
def test_any_path_that_nothing_else_claims_is_300_with_all_versions(method: str, path: str) -> None:
    answer = ask(method, path)

    assert answer.status == 300
    assert listed(answer) == [V1_1, V1_0]


def test_the_page_of_versions_is_200() -> None:
    answer = ask("GET", "/versions")

    assert answer.status == 200
    assert listed(answer) == [V1_1, V1_0]


@pytest.mark.parametrize(("path", "version"), [("/v1", V1_1), ("/v1.0", V1_0), ("/v1.1", V1_1)])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_a_prefix_alone_is_300_with_the_version_it_stands_for(method: str, path: str, version: dict[str, Any]) -> None:
    answer = ask(method, path)

    assert answer.status == 300
    assert listed(answer) == [version]


@pytest.mark.parametrize(
    ("prefix", "expected"), [("/v1", [V1_1]), ("/v1.0", [V1_0]), ("/v1.1", [V1_1]), ("", [V1_1, V1_0])]
)
def test_the_bare_root_of_a_version_is_300_with_that_version(prefix: str, expected: list[dict[str, Any]]) -> None:
    answer = versions.write_one(a_request(prefix=prefix))

    assert answer.status == 300
    assert listed(answer) == expected


@pytest.mark.parametrize("path", ["/", "/v1", "/v1.1/images", "/v1/", "/images"])
def test_with_v1_off_it_is_in_no_list(path: str) -> None:
    answer = ask("GET", path, v1_enabled=False)

    assert answer.status == 300
    assert listed(answer) == []


def test_a_request_that_is_not_http_is_told_so_and_not_listed_to() -> None:
    answer = versions.face(versions.V1).write_error(HttpError(501, "What is FROB?"), a_request("FROB"))

    assert answer.status == 501
    assert answer.body == b"501 Not Implemented\n\nWhat is FROB?\n"


def test_a_bug_shows_nothing_of_itself() -> None:
    answer = versions.face(versions.V1).write_error(ValueError("secret"), a_request())

    assert answer.status == 500
    assert b"secret" not in answer.body


@pytest.mark.parametrize("version", ["v1", "v1.0", "v1.1", "v2", "v2.3", "v9"])
@pytest.mark.parametrize("rest", ["", ", */*", ";q=1", " "])
def test_an_accept_that_begins_with_the_vendor_s_type_names_a_version(version: str, rest: str) -> None:
    assert versions.named_version(f"application/vnd.openstack.images-{version}{rest}") == version


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "application/vnd.openstack.compute-v1",
        "application/json, application/vnd.openstack.images-v1",
    ],
)
def test_any_other_accept_names_no_version(accept: str | None) -> None:
    assert versions.named_version(accept) is None


@pytest.mark.parametrize(
    ("has_several_stores", "minors"),
    [
        (False, [15, 9, 17, 7, 6, 5, 4, 3, 2, 1, 0]),
        (True, [15, 13, 12, 11, 10, 9, 8, 17, 7, 6, 5, 4, 3, 2, 1, 0]),
    ],
)
def test_the_minors_of_v2_are_those_a_deployment_without_cache_lists(
    *, has_several_stores: bool, minors: list[int]
) -> None:
    listed = versions.v2(has_several_stores=has_several_stores)

    assert [version.id for version in listed] == [f"v2.{minor}" for minor in minors]
    assert [version.id for version in listed if version.status == "CURRENT"] == ["v2.17"]
    assert {version.root for version in listed} == {"/v2/"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/v2", "v2.17"), ("/v2/", "v2.17"), ("/v2.5", "v2.5"), ("/v2.5/", "v2.5"), ("/v1", "v1.1"), ("/v1.0", "v1.0")],
)
def test_a_bare_version_lists_itself(path: str, expected: str) -> None:
    served = (*versions.v2(has_several_stores=False), *versions.V1)

    assert {path: version.id for path, version in versions.bare(served)}[path] == expected
