"""Image data handed out by v2. Source: docs/api/v2.md, "Download"."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from asking_v2 import RAW, V2
from connecting import read_answer

EMPTY = "00000000-0000-4000-8000-000000000001"
VANISHED = "00000000-0000-4000-8000-000000000002"
NO_CHECKSUM = "00000000-0000-4000-8000-000000000003"
KILLED = "00000000-0000-4000-8000-000000000004"
STORY = {
    "images": [
        {"id": EMPTY, "owner": "mine", "size": 0, "checksum": "d41d8cd98f00b204e9800998ecf8427e"},
        {"id": VANISHED, "owner": "mine", "size": 7, "blobs": [{"store": "local", "key": "cafe01", "size": 7}]},
        {"id": NO_CHECKSUM, "owner": "mine", "size": 0},
        {"id": KILLED, "owner": "mine", "status": "killed"},
    ]
}
DATA = os.urandom(3_000_001)
SIZE = len(DATA)

Fetch = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def v2(tell: Callable[[Any], AbstractContextManager[int]]) -> Iterator[V2]:
    with tell(STORY) as port:
        yield V2(port)


@pytest.fixture(scope="module")
def image(v2: V2) -> Any:
    return v2.active(DATA)


def path_of(image_id: str) -> str:
    return f"/v2/images/{image_id}/file"


@pytest.fixture
def fetch(v2: V2, image: Any, raw: Callable[[str, int, bytes], bytes]) -> Fetch:
    """Status, headers and body of a GET with these header lines, to the last byte before the connection closes."""

    def ask(
        *lines: str, image_id: str = image["id"], method: str = "GET", query: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        head = "".join(f"{line}\r\n" for line in ("Host: a", "X-Auth-Token: me", "Connection: close", *lines))
        answer = raw("127.0.0.1", v2.port, f"{method} {path_of(image_id)}{query} HTTP/1.1\r\n{head}\r\n".encode())
        return read_answer(answer)

    return ask


def test_the_whole_comes_with_its_checksum_and_says_that_parts_are_to_be_had(fetch: Fetch, image: Any) -> None:
    status, headers, body = fetch()

    assert (status, body) == (200, DATA)
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-length"] == str(SIZE)
    assert headers["content-md5"] == image["checksum"]
    assert headers["etag"] == f'"{image["checksum"]}"'
    assert headers["accept-ranges"] == "bytes"
    assert "content-range" not in headers


def test_head_is_the_same_without_the_data_whatever_part_is_asked_for(fetch: Fetch) -> None:
    status, headers, body = fetch("Range: bytes=0-1", method="HEAD")

    whole = fetch()[1]
    assert (status, body) == (200, b"")
    told = ("content-length", "content-md5", "etag", "accept-ranges", "content-type")
    assert {name: headers[name] for name in told} == {name: whole[name] for name in told}


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("Range: bytes=0-0", 0, 0),
        ("Range: bytes=5-1048580", 5, 1_048_580),
        ("Range: bytes=2999999-", 2_999_999, SIZE - 1),
        ("Range: bytes=7-99999999999999999999", 7, SIZE - 1),
        ("Range: bytes=-7", SIZE - 7, SIZE - 1),
        ("Range: bytes=-99999999999999999999", 0, SIZE - 1),
        (f"Content-Range: bytes 5-9/{SIZE}", 5, 9),
        (f"Content-Range: bytes 5-99999999/{SIZE}", 5, SIZE - 1),
        ("Content-Range: bytes 5-9/*", 5, 9),
    ],
)
def test_a_range_gives_its_bytes_and_the_checksum_of_the_whole(
    fetch: Fetch, image: Any, asked: str, first: int, last: int
) -> None:
    status, headers, body = fetch(asked)

    assert (status, body) == (206, DATA[first : last + 1])
    assert headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert headers["content-length"] == str(last - first + 1)
    assert (headers["content-md5"], headers["etag"]) == (image["checksum"], f'"{image["checksum"]}"')


@pytest.mark.parametrize(
    "asked",
    [
        f"Range: bytes={SIZE}-",
        "Range: bytes=9-8",
        "Range: bytes=-0",
        "Range: bytes=one",
        "Range: garbage",
        "Range: pages=1-2",
        f"Content-Range: bytes {SIZE}-{SIZE + 1}/{SIZE}",
        f"Content-Range: bytes 9-8/{SIZE}",
        f"Content-Range: bytes 5-9/{SIZE + 1}",
        f"Content-Range: bytes */{SIZE}",
        "Content-Range: pages 5-9/10",
        "Content-Range: garbage",
    ],
)
def test_a_range_that_cannot_be_given_is_refused(fetch: Fetch, asked: str) -> None:
    status, headers, _ = fetch(asked)

    assert (status, headers["content-range"]) == (416, f"bytes */{SIZE}")


def test_several_ranges_are_refused(fetch: Fetch) -> None:
    assert fetch("Range: bytes=0-1,5-6")[0] == 400


def test_a_range_counts_more_than_a_content_range(fetch: Fetch) -> None:
    assert fetch("Range: bytes=0-1", f"Content-Range: bytes 5-9/{SIZE}")[::2] == (206, DATA[:2])


def test_data_of_the_same_checksum_go_on_and_others_begin_again(fetch: Fetch, image: Any) -> None:
    assert fetch("Range: bytes=9-", f'If-Range: "{image["checksum"]}"')[::2] == (206, DATA[9:])
    assert fetch("Range: bytes=9-", f'If-Range: "{"0" * 32}"')[::2] == (200, DATA)


def test_data_that_the_client_has_are_not_sent_again(fetch: Fetch, image: Any) -> None:
    for same in (f'"{image["checksum"]}"', f'W/"{image["checksum"]}"', "*"):
        status, headers, body = fetch(f"If-None-Match: {same}")
        assert (status, headers["etag"], body) == (304, f'"{image["checksum"]}"', b"")
    assert fetch(f'If-None-Match: "{"0" * 32}"')[::2] == (200, DATA)
    assert fetch(f'If-None-Match: "{image["checksum"]}"', method="HEAD")[0] == 304


def test_data_that_the_client_does_not_mean_are_not_sent(fetch: Fetch, image: Any) -> None:
    assert fetch(f'If-Match: "{"0" * 32}"')[0] == 412
    assert fetch(f'If-Match: "{image["checksum"]}"')[::2] == (200, DATA)


def test_an_empty_image_is_an_empty_answer_of_length_zero(fetch: Fetch) -> None:
    status, headers, body = fetch(image_id=EMPTY)

    assert (status, headers["content-length"], body) == (200, "0", b"")
    assert headers["content-md5"] == "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize("asked", ["Range: bytes=0-", "Range: bytes=-1", "Range: x", "Content-Range: bytes 0-0/0"])
def test_an_empty_image_has_no_part(fetch: Fetch, asked: str) -> None:
    status, headers, _ = fetch(asked, image_id=EMPTY)

    assert (status, headers["content-range"]) == (416, "bytes */0")


def test_data_without_checksum_have_no_name(fetch: Fetch) -> None:
    status, headers, _ = fetch(image_id=NO_CHECKSUM)

    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    assert {"etag", "content-md5"} & headers.keys() == set()


@pytest.mark.parametrize("lines", [(), ("Range: bytes=0-1",), ("Range: garbage",), ("If-Match: x",)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_image_without_data_is_204_and_nothing_else(v2: V2, fetch: Fetch, lines: Any, method: str) -> None:
    queued = v2.create(**RAW)["id"]

    for image_id in (queued, VANISHED, KILLED):
        status, headers, body = fetch(*lines, image_id=image_id, method=method)
        assert (status, body) == (204, b"")
        assert {"content-type", "content-length", "etag"} & headers.keys() == set()


def test_a_body_is_refused(v2: V2, image: Any) -> None:
    assert v2.ask("GET", path_of(image["id"]), body=b"body").status == 400


# Who may


def test_a_reader_may_not_download_what_it_sees(v2: V2, image: Any) -> None:
    assert v2.ask("GET", path_of(image["id"]), caller="reader").status == 403
    assert v2.ask("HEAD", path_of(image["id"]), caller="reader").status == 403


@pytest.mark.parametrize("caller", ["me", "reader", "nobody", "machine"])
def test_what_is_not_there_for_the_caller_is_404_whatever_the_caller_may(v2: V2, caller: str) -> None:
    theirs = v2.active(caller="other", visibility="private")["id"]

    assert v2.ask("GET", path_of(theirs), caller=caller).status == 404
    assert v2.ask("GET", path_of(str(uuid4())), caller=caller).status == 404


def test_without_a_role_not_even_ones_own_image_is_there(v2: V2, image: Any) -> None:
    assert v2.ask("GET", path_of(image["id"]), caller="nobody").status == 404


def test_a_community_image_is_for_whoever_knows_its_id(v2: V2) -> None:
    theirs = v2.active(b"theirs", caller="other", visibility="community")["id"]

    assert v2.ask("GET", path_of(theirs)).body == b"theirs"


def test_a_deactivated_image_is_for_admins_alone(v2: V2) -> None:
    image_id = v2.active(b"withheld", visibility="community")["id"]
    assert v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate").status == 204

    assert [v2.ask("GET", path_of(image_id), caller=who).status for who in ("me", "other", "reader")] == [403] * 3
    answer = v2.ask("GET", path_of(image_id), {"range": "bytes=0-3"}, caller="admin")
    assert (answer.status, answer.body) == (206, b"with")
    assert v2.ask("POST", f"/v2/images/{image_id}/actions/reactivate").status == 204
    assert v2.ask("GET", path_of(image_id)).body == b"withheld"


def test_a_deactivated_image_is_refused_to_admins_by_version_1_as_it_always_was(v2: V2) -> None:
    image_id = v2.active()["id"]
    assert v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate").status == 204

    assert v2.ask("GET", f"/v1/images/{image_id}", caller="admin").status == 403


def test_a_deleted_image_is_not_there_for_admins_either(v2: V2) -> None:
    image_id = v2.active()["id"]
    assert v2.ask("DELETE", f"/v2/images/{image_id}").status == 204

    assert v2.ask("GET", path_of(image_id), caller="admin").status == 404


# Where there is one store


def test_a_store_cannot_be_preferred_where_there_is_one(fetch: Fetch) -> None:
    assert fetch(query="?prefer=local")[0] == 400
    assert fetch(query="?prefer=local", image_id=str(uuid4()))[0] == 400


@pytest.mark.parametrize("query", ["?prefer=", "?prefer=,", "?other=1"])
def test_a_query_that_prefers_nothing_is_not_looked_at(fetch: Fetch, query: str) -> None:
    assert fetch(query=query)[::2] == (200, DATA)
