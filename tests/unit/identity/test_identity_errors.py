import json

import pytest

from calotype.domain.errors import (
    Broken,
    Busy,
    CalotypeError,
    Conflict,
    ImageNotFound,
    Invalid,
    NotFound,
    OverLimit,
    Refused,
    Throttled,
    Unauthenticated,
)
from calotype.faces.identity.errors import write_error
from calotype.http.errors import method_not_allowed
from calotype.http.messages import Request

REQUEST = Request(
    method="GET", path="/auth/tokens", raw_query="", headers=(), request_id="req-1", base_url="http://calotype:9292"
)


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (Invalid("scope", "x", "no"), 400, "Bad Request"),
        (Unauthenticated(), 401, "Unauthorized"),
        (Refused("no"), 403, "Forbidden"),
        (NotFound("no"), 404, "Not Found"),
        (ImageNotFound("4711"), 404, "Not Found"),
        (method_not_allowed(["GET"]), 405, "Method Not Allowed"),
        (Conflict("no"), 409, "Conflict"),
        (OverLimit("no"), 413, "Request Entity Too Large"),
        (Throttled("no"), 429, "Too Many Requests"),
        (Broken("no"), 503, "Service Unavailable"),
        (Busy("no"), 503, "Service Unavailable"),
    ],
)
def test_an_error_says_code_message_and_title(error, status, title):
    response = write_error(error, REQUEST)

    assert response.status == status
    assert json.loads(response.body) == {"error": {"code": status, "message": str(error), "title": title}}


@pytest.mark.parametrize("error", [ValueError("secret"), CalotypeError("unheard of")])
def test_what_nobody_foresaw_is_a_500(error):
    response = write_error(error, REQUEST)

    assert response.status == 500
    assert b"secret" not in response.body


def test_a_refused_proof_says_where_identity_is():
    headers = dict(write_error(Unauthenticated(), REQUEST).headers)

    assert headers["WWW-Authenticate"] == 'Keystone uri="http://calotype:9292/identity/v3"'


def test_what_passes_by_itself_says_when_to_try_again():
    assert ("Retry-After", "7") in write_error(Throttled("no", 7), REQUEST).headers
    assert ("Retry-After", "5") in write_error(Broken("no"), REQUEST).headers


def test_a_refused_method_names_the_allowed_ones():
    assert ("Allow", "GET, POST") in write_error(method_not_allowed(["GET", "POST"]), REQUEST).headers
