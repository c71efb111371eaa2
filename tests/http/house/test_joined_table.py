"""The faces joined: which face a request reaches, and that no two rows of the joined table match one request."""

from itertools import combinations

import pytest

from calotype import app
from calotype.config import ServeOptions, Settings
from calotype.http.messages import Request


def joined(**options) -> app.Faces:
    return app.join_faces(Settings(serve=ServeOptions(**options)), checks=None)


def a_request(path: str, accept: str | None = None) -> Request:
    headers = () if accept is None else (("accept", accept),)
    return Request(method="GET", path=path, raw_query="", headers=headers, request_id="req-1", base_url="http://h")


def reached(path: str, accept: str | None = None, **options) -> tuple[str, str]:
    face, prefix = joined(**options).find(a_request(path, accept))
    return face.name, prefix


def overlap(one: str, other: str) -> bool:
    """True if some path matches both patterns with equal claim: literal segments are tried before named ones."""
    ones, others = one.split("/"), other.split("/")
    if len(ones) != len(others):
        return False
    pairs = list(zip(ones, others, strict=True))
    can_both_match = all(a == b or "{" in a or "{" in b for a, b in pairs)
    is_settled = [("{" in a) for a in ones] != [("{" in b) for b in others]
    return can_both_match and not is_settled


def test_no_two_rows_of_the_joined_table_match_one_request():
    rows = sorted(joined().table())
    print("\n".join(f"{method:7} {path:60} {face}" for method, path, face in rows))  # noqa: T201 -- for who reads why it failed

    assert len(rows) > 20
    clashes = [(a, b) for a, b in combinations(rows, 2) if a[0] == b[0] and overlap(a[1], b[1])]
    assert clashes == []


def test_every_row_is_reached_by_its_own_path():
    faces = joined()

    for _, path, face in faces.table():
        found, prefix = faces.find(a_request(path))
        assert found.name == face, path
        assert found.table.match(path[len(prefix) :]) is not None, path


def test_a_row_with_all_segments_literal_wins_over_one_with_names():
    """What the proof above takes for granted of patterns like /images/detail and /images/{image_id}."""
    table = joined().find(a_request("/v1/images/detail"))[0].table
    methods, params = table.match("/images/detail")

    assert params == {}
    assert methods["GET"].path == "/images/detail"


@pytest.mark.parametrize("part", ["{image_id}", "%7Bimage_id%7D"])
def test_a_path_that_spells_the_name_of_a_part_is_that_part_s_value(part):
    """It was taken for a literal path without parts, and the handler that asked for its part failed: 500."""
    table = joined().find(a_request(f"/v1/images/{part}"))[0].table

    assert table.match(f"/images/{part}")[1] == {"image_id": "{image_id}"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/images", ("v1", "/v1")),
        ("/v1.0/images/detail", ("v1", "/v1.0")),
        ("/v1.1/", ("v1", "/v1.1")),
        ("/v1.1/nothing/such", ("v1", "/v1.1")),
        ("/v1.1", ("versions", "")),
        ("/v1.2/images", ("versions", "")),
        ("/identity/v3/auth/tokens", ("identity", "/identity/v3")),
        ("/identity/v3", ("identity", "/identity/v3")),
        ("/v3/auth/tokens", ("identity", "/v3")),
        ("/identity", ("identity-root", "/identity")),
        ("/identity/", ("identity-root", "/identity")),
        ("/healthz", ("health", "")),
        ("/readyz", ("health", "")),
        ("/", ("versions", "")),
        ("/versions", ("versions", "")),
        ("/images", ("v2-root", "")),
        ("/images/1/file", ("v2-root", "")),
        ("/info/import", ("versions", "")),
        ("/v2", ("versions", "")),
        ("/v2/", ("versions", "")),
        ("/v2.5", ("versions", "")),
        ("/v2/images", ("v2", "/v2")),
        ("/v2.5/images", ("v2", "/v2.5")),
        ("/v2.18/images", ("versions", "")),
        ("*", ("versions", "")),
        ("", ("versions", "")),
    ],
)
def test_the_first_segment_decides_which_face_answers(path, expected):
    assert reached(path) == expected


@pytest.mark.parametrize("path", ["/images", "/images/detail", "/", "/anything"])
def test_a_path_that_nobody_claims_is_v1_s_for_who_accepts_its_vendor_type(path):
    assert reached(path, "application/vnd.openstack.images-v1") == ("v1", "")


@pytest.mark.parametrize("path", ["/images", "/info/import", "/anything"])
@pytest.mark.parametrize("version", ["v2", "v2.3"])
def test_or_v2_s_for_who_accepts_that(path, version):
    assert reached(path, f"application/vnd.openstack.images-{version}") == ("v2", "")


@pytest.mark.parametrize("path", ["/images", "/anything"])
def test_a_version_that_is_not_served_is_answered_with_those_that_are(path):
    assert reached(path, "application/vnd.openstack.images-v2.99") == ("versions", "")


@pytest.mark.parametrize("path", ["/versions", "/v3/auth/tokens", "/healthz"])
def test_the_vendor_type_changes_nothing_about_paths_that_are_claimed(path):
    assert reached(path, "application/vnd.openstack.images-v1") == reached(path)


@pytest.mark.parametrize("path", ["/v1/images", "/v1.1/", "/images"])
def test_without_v1_its_paths_lead_to_the_version_list(path):
    assert reached(path, "application/vnd.openstack.images-v1", v1_enabled=False) == ("versions", "")
