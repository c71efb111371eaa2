"""Errors in the forms v1 has for them."""

import json
from collections.abc import Callable

import pytest

from calotype.domain import errors as domain
from calotype.faces.v1.errors import STATUS, write_error
from calotype.http.errors import HttpError, method_not_allowed
from calotype.http.messages import Request

MakeRequest = Callable[..., Request]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (domain.Invalid("limit", "many", "must be integer"), 400),
        (domain.BadData("checksum", "1", "not that of the data"), 400),
        (domain.Unauthenticated(), 401),
        (domain.Refused("no"), 403),
        (domain.OnlyShared("not yours"), 404),
        (domain.ImageNotFound("1"), 404),
        (domain.NotFound("nothing"), 404),
        (domain.Conflict("no"), 409),
        (domain.Overtaken("too late"), 409),
        (domain.ImageGone("gone"), 412),
        (domain.OverLimit("too many"), 413),
        (domain.NoSpace("full"), 413),
        (domain.Throttled("wait"), 429),
        (domain.Broken("down"), 503),
        (domain.Busy("locked"), 503),
        (HttpError(431, "long"), 431),
        (ZeroDivisionError("secret"), 500),
    ],
)
def test_every_error_has_its_code(a_request: MakeRequest, error: Exception, status: int) -> None:
    assert write_error(error, a_request()).status == status


def test_no_error_of_the_domain_but_its_root_is_a_500() -> None:
    kinds = [
        kind for kind in vars(domain).values() if isinstance(kind, type) and issubclass(kind, domain.CalotypeError)
    ]

    nearest = {kind: next(STATUS[base] for base in kind.__mro__ if base in STATUS) for kind in kinds}

    assert [kind for kind, status in nearest.items() if status == 500] == [domain.CalotypeError]


@pytest.mark.parametrize("accept", [None, "", "text/plain", "image/png", "nonsense", "text/plain, text/html;q=0.5"])
def test_plain_text_is_the_status_line_a_blank_line_and_the_reason(a_request: MakeRequest, accept: str | None) -> None:
    headers = () if accept is None else (("accept", accept),)

    answer = write_error(domain.ImageNotFound("a<b"), a_request(headers=headers))

    assert answer.body == b"404 Not Found\n\nNo image found with ID a<b\n"
    assert ("Content-Type", "text/plain; charset=UTF-8") in answer.headers


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "text/html",
        "text/*",
        "application/json, */*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "*/*;q=2, text/html",
    ],
)
def test_a_browser_gets_a_page_in_which_nothing_of_the_client_is_code(a_request: MakeRequest, accept: str) -> None:
    answer = write_error(domain.ImageNotFound("<script>'&"), a_request(headers=(("accept", accept),)))

    assert ("Content-Type", "text/html; charset=UTF-8") in answer.headers
    assert b"<h1>404 Not Found</h1>" in answer.body
    assert b"&lt;script&gt;&#x27;&amp;" in answer.body
    assert b"<script>" not in answer.body


@pytest.mark.parametrize(
    "accept",
    ["application/json", "APPLICATION/JSON", "application/*", "application/json, */*;q=0.5", "application/json; charset=utf-8",
     "text/html;q=0, application/json", "text/html; q=0.4, application/json; q=0.5"],
)  # fmt: skip
def test_a_program_gets_an_object_of_three_texts(a_request: MakeRequest, accept: str) -> None:
    answer = write_error(
        domain.Invalid("limit", "möglich", "must be integer"), a_request(headers=(("accept", accept),))
    )

    assert ("Content-Type", "application/json") in answer.headers
    assert json.loads(answer.body) == {
        "message": "Invalid value 'möglich' for 'limit': must be integer",
        "code": "400 Bad Request",
        "title": "Bad Request",
    }


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/plain"])
def test_head_is_answered_without_a_body(a_request: MakeRequest, accept: str) -> None:
    answer = write_error(domain.ImageNotFound("1"), a_request("HEAD", headers=(("accept", accept),)))

    assert answer.status == 404
    assert answer.body == b""


def test_who_is_unknown_is_told_where_to_log_in(a_request: MakeRequest) -> None:
    answer = write_error(domain.Unauthenticated(), a_request())

    assert ("WWW-Authenticate", 'Keystone uri="http://images.example/identity"') in answer.headers


@pytest.mark.parametrize("error", [domain.Busy("locked", retry_after_s=3), domain.Throttled("wait", retry_after_s=3)])
def test_what_passes_by_itself_says_when_to_come_again(a_request: MakeRequest, error: Exception) -> None:
    assert ("Retry-After", "3") in write_error(error, a_request()).headers


def test_a_wrong_method_is_told_the_right_ones(a_request: MakeRequest) -> None:
    answer = write_error(method_not_allowed(["GET", "POST"]), a_request("PATCH"))

    assert ("Allow", "GET, POST") in answer.headers


def test_a_bug_shows_nothing_of_itself(a_request: MakeRequest) -> None:
    assert b"secret" not in write_error(ZeroDivisionError("secret"), a_request()).body


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*", "image/png"])
def test_a_change_that_came_too_late_has_one_answer_whatever_is_accepted(a_request: MakeRequest, accept: str) -> None:
    headers = (("accept", accept),)

    answer = write_error(domain.Overtaken("somebody was faster"), a_request("PUT", headers=headers))

    assert (answer.status, answer.body) == (409, b"Image operation conflicts")
    assert dict(answer.headers) == {"Content-Type": "text/plain; charset=UTF-8"}


def test_other_conflicts_and_other_requests_get_the_form_they_accept(a_request: MakeRequest) -> None:
    headers = (("accept", "application/json"),)
    not_queued = write_error(domain.Conflict("not queued"), a_request("PUT", headers=headers))
    deletion = write_error(domain.Overtaken("somebody was faster"), a_request("DELETE", headers=headers))

    assert json.loads(not_queued.body)["message"] == "not queued"
    assert json.loads(deletion.body)["message"] == "somebody was faster"
