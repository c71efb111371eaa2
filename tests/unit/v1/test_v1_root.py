"""The bare root of a version, which clients ask before they have a token."""

from collections.abc import Callable

import pytest

from calotype.domain.errors import Refused, Unauthenticated
from calotype.faces import v1
from calotype.http.messages import Request, Response

MakeRequest = Callable[..., Request]
FACE = v1.face(lambda _: Response(status=300, body=b"versions"))


def test_who_brings_no_token_to_the_root_gets_the_versions(a_request: MakeRequest) -> None:
    assert FACE.write_error(Unauthenticated(), a_request(path="/")).body == b"versions"


@pytest.mark.parametrize("path", ["/images", "/images/detail", "/nonsense", ""])
def test_elsewhere_a_missing_token_is_401(a_request: MakeRequest, path: str) -> None:
    assert FACE.write_error(Unauthenticated(), a_request(path=path)).status == 401


def test_a_bad_token_at_the_root_is_401(a_request: MakeRequest) -> None:
    assert FACE.write_error(Unauthenticated(), a_request(path="/", headers=(("x-auth-token", "x"),))).status == 401


def test_a_missing_right_at_the_root_is_403(a_request: MakeRequest) -> None:
    assert FACE.write_error(Refused("no"), a_request(path="/")).status == 403
