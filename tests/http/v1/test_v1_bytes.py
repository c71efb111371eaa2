"""What only the bytes on the wire can tell."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

CIRROS = {
    "id": "3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
    "name": "cirros",
    "owner": "23f4cb75768d4febb39542ef6fe169f3",
    "visibility": "public",
    "disk_format": "qcow2",
    "container_format": "bare",
    "size": 13167616,
    "checksum": "64d7c1cd2b6f60c92c14662941cb7913",
    "created_at": "2016-05-22T06:04:20.425843Z",
    "updated_at": "2016-05-22T06:04:22.719791Z",
}

#: The example of docs/api/v1.md: the answer of the first v1.1 service whose documentation gives its length.
PAGE = Path(__file__).parents[3] / "docs" / "api" / "v1.md"
CIRROS_ANSWER = next(
    line.strip() for line in PAGE.read_bytes().splitlines() if line.startswith(b'    {"images": [{"status"')
)

NAMED = {
    "id": "00000000-0000-0000-0000-00000000000a",
    "owner": "mine",
    "name": "größe 🙂",
    "properties": {"note": "a\r\nSet-Cookie: b", "my key": "x", "größe": "x"},
}
MANY = {
    "id": "00000000-0000-0000-0000-00000000000b",
    "owner": "mine",
    "properties": {f"p{n}": "x" for n in range(128)},
}

Ask = Callable[..., tuple[bytes, list[bytes], bytes]]


@pytest.fixture(scope="module")
def ask(tell: Callable[[Any], AbstractContextManager[int]], raw: Callable[[str, int, bytes], bytes]) -> Iterator[Ask]:
    """Sends a request as *me*, with no header that is not told; gives status line, header lines and body."""
    with tell({"images": [CIRROS, NAMED, MANY]}) as port:

        def ask(method: str, target: str, *headers: str) -> tuple[bytes, list[bytes], bytes]:
            lines = [
                f"{method} {target} HTTP/1.1",
                "Host: x",
                "Connection: close",
                "X-Auth-Token: me",
                *headers,
                "",
                "",
            ]
            head, _, body = raw("127.0.0.1", port, "\r\n".join(lines).encode()).partition(b"\r\n\r\n")
            status, *found = head.split(b"\r\n")
            return status, found, body

        yield ask


@pytest.mark.parametrize("prefix", ["/v1", "/v1.0", "/v1.1"])
def test_the_first_record_comes_out_as_exactly_its_495_bytes(ask: Ask, prefix: str) -> None:
    status, headers, body = ask("GET", f"{prefix}/images/detail?name=cirros")

    assert status == b"HTTP/1.1 200 OK"
    assert b"Content-Length: 495" in headers
    assert b"Content-Type: application/json; charset=UTF-8" in headers
    assert body == CIRROS_ANSWER
    assert len(body) == 495


def test_without_accept_an_error_is_plain_text(ask: Ask) -> None:
    status, headers, body = ask("GET", "/v1/images?limit=many")

    assert status == b"HTTP/1.1 400 Bad Request"
    assert b"Content-Type: text/plain; charset=UTF-8" in headers
    assert body == b"400 Bad Request\n\nInvalid value 'many' for 'limit': must be integer\n"


def test_a_name_outside_ascii_is_a_header_of_its_utf8_bytes(ask: Ask) -> None:
    _, headers, _ = ask("HEAD", f"/v1/images/{NAMED['id']}")

    assert "x-image-meta-name: größe 🙂".encode() in headers


def test_a_property_can_neither_break_its_line_nor_name_what_is_no_header(ask: Ask) -> None:
    _, headers, _ = ask("HEAD", f"/v1/images/{NAMED['id']}")

    assert [line for line in headers if line.startswith(b"x-image-meta-property-")] == [
        b"x-image-meta-property-note: a  Set-Cookie: b"
    ]


def test_as_many_properties_as_an_image_may_have_fit_its_head(ask: Ask) -> None:
    _, headers, _ = ask("HEAD", f"/v1/images/{MANY['id']}")

    assert sum(line.startswith(b"x-image-meta-property-p") for line in headers) == 128


def test_head_of_an_image_has_no_body(ask: Ask) -> None:
    status, headers, body = ask("HEAD", f"/v1/images/{CIRROS['id']}")

    assert status == b"HTTP/1.1 200 OK"
    assert b"ETag: 64d7c1cd2b6f60c92c14662941cb7913" in headers
    assert b"Content-Length: 0" in headers
    assert body == b""


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/plain"])
def test_an_error_to_head_has_no_body(ask: Ask, accept: str) -> None:
    status, _, body = ask("HEAD", "/v1/images/nonsense", f"Accept: {accept}")

    assert status == b"HTTP/1.1 404 Not Found"
    assert body == b""


@pytest.mark.parametrize("target", ["/v1/images", "/v1/images/detail"])
@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 5000,
        "size_min=" + "9" * 5000,
        "changes-since=" + "9" * 5000,
        "marker=" + "9" * 5000,
        "%ff=1",
        "name=%00",
    ],
)
def test_a_parameter_that_no_database_could_hold_is_a_bad_request(ask: Ask, target: str, query: str) -> None:
    status, _, _ = ask("GET", f"{target}?{query}")

    assert status == b"HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize("image_id", ["%00", "a%00b", "%ff", "%ed%a0%80", "%0d%0a", "9" * 9000])
def test_an_id_that_no_database_could_hold_is_nobodys(ask: Ask, image_id: str) -> None:
    status, _, _ = ask("HEAD", f"/v1/images/{image_id}")

    assert status in (b"HTTP/1.1 404 Not Found", b"HTTP/1.1 400 Bad Request")
