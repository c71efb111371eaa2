"""Parts of image data, and data a client has already. Source: docs/api/v1.md, "A part of the data"."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from asking import V1
from connecting import read_answer

EMPTY = "00000000-0000-0000-0000-000000000001"
VANISHED = "00000000-0000-0000-0000-000000000002"
STORY = {
    "images": [
        {"id": EMPTY, "owner": "mine", "size": 0},
        {"id": VANISHED, "owner": "mine", "size": 7, "blobs": [{"store": "local", "key": "cafe01", "size": 7}]},
    ]
}
DATA = os.urandom(3_000_001)
SIZE = len(DATA)

Fetch = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def v1(tell: Callable[[Any], AbstractContextManager[int]]) -> Iterator[V1]:
    with tell(STORY) as port:
        yield V1(port)


@pytest.fixture(scope="module")
def image(v1: V1) -> Any:
    return v1.put_in(DATA, name="ranged")


@pytest.fixture
def fetch(v1: V1, image: Any, raw: Callable[[str, int, bytes], bytes]) -> Fetch:
    """Status, headers and body of a GET with these header lines, to the last byte before the connection closes."""

    def ask(*lines: str, image_id: str = image["id"], method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        head = "".join(f"{line}\r\n" for line in ("Host: a", "X-Auth-Token: me", "Connection: close", *lines))
        answer = raw("127.0.0.1", v1.port, f"{method} /v1/images/{image_id} HTTP/1.1\r\n{head}\r\n".encode())
        return read_answer(answer)

    return ask


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-1048580", 5, 1_048_580),
        ("bytes=2999999-", 2_999_999, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        ("bytes=-99999999999999999999", 0, SIZE - 1),
        ("bytes=7-99999999999999999999", 7, SIZE - 1),
        ("BYTES=7-8", 7, 8),
    ],
)
def test_a_range_gives_its_bytes_and_all_that_is_known_of_the_image(
    fetch: Fetch, image: Any, asked: str, first: int, last: int
) -> None:
    status, headers, body = fetch(f"Range: {asked}")

    assert (status, body) == (206, DATA[first : last + 1])
    assert headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert headers["content-length"] == str(last - first + 1)
    assert (headers["etag"], headers["content-type"]) == (image["checksum"], "application/octet-stream")
    assert (headers["x-image-meta-size"], headers["x-image-meta-name"]) == (str(SIZE), "ranged")


def test_the_whole_says_that_parts_are_to_be_had(fetch: Fetch) -> None:
    status, headers, body = fetch()

    assert (status, headers["accept-ranges"], body) == (200, "bytes", DATA)
    assert "content-range" not in headers


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=9-8", "bytes=one", "garbage"])
def test_a_range_that_cannot_be_given_is_refused_in_the_words_of_v1(fetch: Fetch, asked: str) -> None:
    status, headers, body = fetch(f"Range: {asked}", "Accept: text/plain")

    assert (status, headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert body.startswith(b"416 Requested Range Not Satisfiable\n\nThe Range ")
    assert headers["x-openstack-request-id"].startswith("req-")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "pages=1-2"])
def test_what_no_single_range_of_bytes_is_gives_the_whole(fetch: Fetch, asked: str) -> None:
    assert fetch(f"Range: {asked}")[::2] == (200, DATA)


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=-1", "bytes=0-0"])
def test_an_empty_image_has_no_part(fetch: Fetch, asked: str) -> None:
    status, headers, _ = fetch(f"Range: {asked}", image_id=EMPTY)

    assert (status, headers["content-range"]) == (416, "bytes */0")
    assert fetch(image_id=EMPTY)[::2] == (200, b"")


@pytest.mark.parametrize("line", ["Range: bytes=0-1", "Range: bytes=99-", "If-None-Match: *", "If-Match: x"])
def test_data_that_vanished_are_missing_whatever_is_asked_of_them(fetch: Fetch, line: str) -> None:
    assert fetch(line, image_id=VANISHED)[0] == 404


def test_data_of_the_same_checksum_go_on_and_others_begin_again(fetch: Fetch, image: Any) -> None:
    for same in (image["checksum"], f'"{image["checksum"]}"'):
        assert fetch("Range: bytes=9-", f"If-Range: {same}")[::2] == (206, DATA[9:])
    for other in ("0" * 32, f'W/"{image["checksum"]}"', "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert fetch("Range: bytes=9-", f"If-Range: {other}")[::2] == (200, DATA)


def test_data_that_the_client_has_are_not_sent_again(fetch: Fetch, image: Any) -> None:
    for same in (image["checksum"], f'"{image["checksum"]}"', f'W/"{image["checksum"]}"', "*"):
        status, headers, body = fetch(f"If-None-Match: {same}")
        assert (status, headers["etag"], body) == (304, image["checksum"], b"")
    assert fetch(f'If-None-Match: "{"0" * 32}"')[::2] == (200, DATA)


def test_data_that_the_client_does_not_mean_are_not_sent(fetch: Fetch, image: Any) -> None:
    assert fetch(f'If-Match: "{"0" * 32}"')[0] == 412
    assert fetch(f"If-Match: {image['checksum']}")[::2] == (200, DATA)


def test_dates_are_not_looked_at(fetch: Fetch) -> None:
    later, long_ago = "Fri, 31 Dec 2999 00:00:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"

    assert fetch(f"If-Modified-Since: {later}", f"If-Unmodified-Since: {long_ago}")[::2] == (200, DATA)


def test_head_is_as_without_conditions(fetch: Fetch, image: Any) -> None:
    status, headers, body = fetch("Range: bytes=0-1", f"If-None-Match: {image['checksum']}", method="HEAD")

    assert (status, headers["x-image-meta-id"], body) == (200, image["id"], b"")


def test_who_may_not_have_the_data_learns_nothing_by_conditions(v1: V1, image: Any) -> None:
    path = f"/v1/images/{image['id']}"

    assert v1.ask("GET", path, {"range": "bytes=0-1"}, caller="reader").status == 403
    assert v1.ask("GET", path, {"if-none-match": image["checksum"]}, caller="other").status == 404


@pytest.fixture
def curl(v1: V1, image: Any, tmp_path: Path, missing: Callable[[str], None]) -> Callable[[bytes], bytes]:
    """What `curl -C -` makes of a file that holds some of the image's data."""
    if shutil.which("curl") is None:
        missing("Debian's package curl")
    target = tmp_path / "image"

    def resume(there: bytes) -> bytes:
        target.write_bytes(there)
        flags = ["--silent", "--show-error", "--header", "X-Auth-Token: me", "-C", "-", "--output", target]
        url = f"http://127.0.0.1:{v1.port}/v1/images/{image['id']}"
        subprocess.run(["curl", *flags, url], check=True, timeout=30)
        return target.read_bytes()

    return resume


@pytest.mark.parametrize("cut_at", [1, 1_500_000, SIZE - 1])
def test_curl_resumes_a_download_that_was_cut(v1: V1, image: Any, curl: Callable[[bytes], bytes], cut_at: int) -> None:
    assert curl(_begun(v1.port, image["id"], cut_at)) == DATA


def test_curl_finds_a_finished_download_finished(curl: Callable[[bytes], bytes]) -> None:
    assert curl(DATA) == DATA


def _begun(port: int, image_id: str, length: int) -> bytes:
    """The first *length* bytes of the data; then the client goes away in the middle of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET /v1/images/{image_id} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: me\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            while answer.readline() != b"\r\n":
                pass
            return answer.read(length)
