"""Parts of blobs, with a real file and without one, and conditions. Source: RFC 9110, 13.2.2 and 14.2."""

from pathlib import Path

import pytest
from doors import PATIENCE_S, FileBlob, MemoryBlob, Stage, UnreadableBlob

MIB = 1024 * 1024
DATA = bytes(range(256)) * 4096 * 3 + b"tail"
SIZE = len(DATA)


@pytest.fixture(params=["file", "steps"])
def blob_of(request: pytest.FixtureRequest, tmp_path: Path):
    """Makes a blob with a real file, and one without; of *ends_after* bytes fewer than it says."""

    def make(data: bytes, ends_after: int | None = None) -> MemoryBlob:
        if request.param == "steps":
            return MemoryBlob(data, ends_after)
        return FileBlob(data, (tmp_path / "blob").open("w+b"), ends_after)

    return make


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("0-", 0, SIZE - 1),
        ("1048575-2097153", MIB - 1, 2 * MIB + 1),
        ("-4", SIZE - 4, SIZE - 1),
        ("2-99999999999", 2, SIZE - 1),
    ],
)
def test_a_range_is_a_part_and_the_connection_goes_on(start_door, blob_of, asked: str, first: int, last: int) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))
    client = door.client()

    reply = client.ask("GET /parts", f"Range: bytes={asked}")

    assert (reply.status, reply.header("Content-Range")) == (206, f"bytes {first}-{last}/{SIZE}")
    assert (reply.header("Content-Length"), reply.header("ETag")) == (str(last - first + 1), "sum")
    assert reply.body == DATA[first : last + 1]
    assert client.ask("GET /echo").status == 200
    assert door.stage.blob.is_closed.is_set()


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=3-1", "bytes=x", "0-1"])
def test_a_range_that_cannot_be_given_is_refused_with_the_size(start_door, blob_of, asked: str) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))
    client = door.client()

    reply = client.ask("GET /parts", f"Range: {asked}")

    assert (reply.status, reply.header("Content-Range")) == (416, f"bytes */{SIZE}")
    assert client.ask("GET /echo").status == 200
    assert door.stage.blob.is_closed.is_set()


@pytest.mark.parametrize("asked", ["lines=0-1", "bytes=0-1,4-5"])
def test_ranges_of_another_kind_give_the_whole(start_door, blob_of, asked: str) -> None:
    reply = start_door(Stage(blob=blob_of(DATA))).ask("GET /parts", f"Range: {asked}")

    assert (reply.status, reply.header("Content-Range"), reply.body) == (200, None, DATA)
    assert reply.header("Accept-Ranges") == "bytes"


def test_two_range_headers_are_one_that_cannot_be_read(start_door, blob_of) -> None:
    reply = start_door(Stage(blob=blob_of(DATA))).ask("GET /parts", "Range: bytes=0-1", "Range: bytes=2-3")

    assert reply.status == 416


def test_head_knows_no_range(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))

    reply = door.ask("HEAD /parts", "Range: bytes=0-1")

    assert (reply.status, reply.header("Content-Length")) == (200, str(SIZE))
    assert door.stage.blob.is_closed.is_set()


@pytest.mark.parametrize("condition", ['"sum"', "sum"])
def test_a_range_goes_on_while_the_data_are_the_same(start_door, blob_of, condition: str) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))

    assert door.ask("GET /parts", f"If-Range: {condition}", "Range: bytes=-4").body == b"tail"


@pytest.mark.parametrize("condition", ['"other"', "other", 'W/"sum"', "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_range_of_other_data_gives_the_whole(start_door, blob_of, condition: str) -> None:
    reply = start_door(Stage(blob=blob_of(DATA))).ask(
        "GET /parts", f"If-Range: {condition}", "Range: bytes=9999999999-"
    )

    assert (reply.status, reply.body) == (200, DATA)


@pytest.mark.parametrize("condition", ['"sum"', "sum", 'W/"sum"', '"other", "sum"', "*"])
def test_data_that_the_client_has_are_not_sent_again(start_door, blob_of, condition: str) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))
    client = door.client()

    reply = client.ask("GET /parts", f"If-None-Match: {condition}", "Range: bytes=0-1")

    assert (reply.status, reply.header("ETag"), reply.header("Content-Length")) == (304, "sum", None)
    assert client.ask("GET /echo").status == 200
    assert door.stage.blob.is_closed.is_set()


def test_tags_in_two_headers_are_one_list(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))

    assert door.ask("GET /parts", 'If-None-Match: "sum"', 'If-None-Match: "other"').status == 304


def test_data_that_are_not_those_the_client_means_are_not_sent(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))

    assert door.ask("GET /parts", 'If-Match: "other"', 'If-None-Match: "sum"').status == 412
    assert door.stage.blob.is_closed.is_set()


def test_data_that_are_those_the_client_means_are_sent(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))

    assert door.ask("GET /parts", 'If-Match: "sum"', 'If-None-Match: "other"').body == DATA


def test_a_part_that_ends_too_early_breaks_the_connection_off(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA, 2 * MIB)))
    client = door.client().send(f"GET /parts HTTP/1.1\r\nHost: a\r\nRange: bytes={MIB}-\r\n\r\n".encode())
    status, _ = client.head()

    assert status == 206
    assert client.rest() <= MIB
    assert door.stage.blob.is_closed.wait(PATIENCE_S)


def test_a_part_that_cannot_be_read_at_all_is_an_error_like_any_other(start_door) -> None:
    door = start_door(Stage(blob=UnreadableBlob(b"data")))

    assert door.ask("GET /parts", "Range: bytes=1-2").status == 503
    assert door.stage.blob.is_closed.is_set()
