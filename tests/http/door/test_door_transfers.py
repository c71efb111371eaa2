"""Uploads into a sink and downloads out of a blob. Source: docs/design/0003-door.md."""

import errno
import os
import threading
from pathlib import Path
from select import select
from socket import MSG_DONTWAIT

import pytest
from doors import PATIENCE_S, FileBlob, MemoryBlob, RunningDoor, Sink, Stage, UnreadableBlob

from calotype.domain.errors import Broken, Invalid

MIB = 1024 * 1024


def put(*lines: str) -> bytes:
    return "\r\n".join(["PUT /upload HTTP/1.1", "Host: door.example", *lines]).encode() + b"\r\n\r\n"


def in_chunks(data: bytes, size: int) -> bytes:
    pieces = [data[first : first + size] for first in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


DATA = bytes(range(256)) * 4096 * 5 + b"tail"


def test_an_upload_arrives_whole_and_in_steps(door: RunningDoor) -> None:
    reply = door.ask("PUT /upload", f"Content-Length: {len(DATA)}", body=DATA)

    assert (reply.status, reply.json) == (201, {"length": len(DATA)})
    assert bytes(door.stage.sink.data) == DATA
    assert door.stage.sink.ending == ["finished"]
    assert max(door.stage.sink.steps) <= 2 * MIB
    assert door.stage.sink.most_at_once == 1


def test_an_upload_in_chunks_arrives_whole(door: RunningDoor) -> None:
    reply = door.ask("PUT /upload", "Transfer-Encoding: chunked", body=in_chunks(DATA, 70_001))

    assert reply.json == {"length": len(DATA)}
    assert bytes(door.stage.sink.data) == DATA


@pytest.mark.parametrize("lines", [(), ("Content-Length: 0",)])
def test_an_upload_of_nothing_is_finished_without_a_step(door: RunningDoor, lines: tuple[str, ...]) -> None:
    reply = door.ask("PUT /upload", *lines)

    assert reply.json == {"length": 0}
    assert door.stage.sink.steps == []


def test_the_connection_is_used_again_after_an_upload(door: RunningDoor) -> None:
    client = door.client()

    assert client.ask("PUT /upload", "Content-Length: 4", body=b"data").status == 201
    assert client.ask("PUT /upload", "Transfer-Encoding: chunked", body=b"0\r\n\r\n").status == 201
    assert client.ask("GET /echo").status == 200


def test_what_came_in_a_short_while_is_written_though_the_step_is_not_full(door: RunningDoor) -> None:
    client = door.client().send(put("Content-Length: 6"), b"one")

    assert door.stage.sink.has_begun.wait(PATIENCE_S)
    assert client.send(b"two").reply().json == {"length": 6}


def test_a_sink_that_is_slow_holds_the_client_back(start_door) -> None:
    sink = Sink(hold=threading.Event())
    door = start_door(Stage(sink=sink))
    client = door.client().send(put(f"Content-Length: {64 * MIB}"))
    sent = 0
    while sent < 64 * MIB and select([], [client.socket], [], 0.5)[1]:
        sent += client.socket.send(b"a" * MIB, MSG_DONTWAIT)

    assert sent < 32 * MIB
    sink.hold.set()


def test_100_continue_is_sent_only_when_the_handler_wants_the_body(door: RunningDoor) -> None:
    client = door.client().send(put("Expect: 100-continue", "Content-Length: 4"))

    assert client.reply().status == 100
    assert len(door.stage.seen) == 1
    assert client.send(b"data").reply().json == {"length": 4}


def test_a_handler_that_refuses_an_upload_is_answered_without_100_continue(start_door) -> None:
    door = start_door(Stage(raises=Invalid("size", "5", "too large")))
    client = door.client().send(put("Expect: 100-continue", "Content-Length: 4"))

    assert client.reply().status == 400
    assert client.is_closed()
    assert door.stage.sink.ending == []


def test_an_upload_without_token_is_answered_without_100_continue(door: RunningDoor) -> None:
    client = door.client()

    assert client.ask("PUT /closed/upload", "Expect: 100-continue", "Content-Length: 4").status == 401
    assert client.is_closed()


def test_a_client_that_ends_its_half_too_early_is_told_and_the_sink_gives_up(door: RunningDoor) -> None:
    client = door.client().send(put("Content-Length: 10"), b"half").end_own_half()

    assert client.reply().status == 400
    assert client.is_closed()
    assert len(door.stage.sink.ending) == 1
    assert "hung up" in door.stage.sink.ending[0]


def test_chunks_without_an_end_are_no_whole_body(door: RunningDoor) -> None:
    client = door.client().send(put("Transfer-Encoding: chunked"), b"4\r\ndata\r\n").end_own_half()

    assert client.reply().status == 400
    assert "hung up" in door.stage.sink.ending[0]


def test_the_sink_gives_up_when_the_client_is_gone(door: RunningDoor) -> None:
    client = door.client().send(put("Content-Length: 10"), b"half")
    assert door.stage.sink.has_begun.wait(PATIENCE_S)
    client.close()

    assert door.stage.sink.has_ended.wait(PATIENCE_S)
    assert "hung up" in door.stage.sink.ending[0]


def test_a_chunk_that_is_none_ends_the_upload(door: RunningDoor) -> None:
    client = door.client().send(put("Transfer-Encoding: chunked"), b"4\r\ndata\r\n")
    assert door.stage.sink.has_begun.wait(PATIENCE_S)
    client.send(b"no chunk\r\n")

    assert client.reply().status == 400
    assert client.is_closed()
    assert door.stage.sink.ending == ["The body is not framed as HTTP asks for."]


def test_an_upload_that_stalls_is_given_up(start_door) -> None:
    door = start_door(upload_window_s=0.4)
    client = door.client().send(put("Content-Length: 100000"), b"a" * 70_000)

    assert client.reply().status == 408
    assert client.is_closed()
    assert "stalled" in door.stage.sink.ending[0]


def test_an_upload_that_trickles_is_given_up(start_door) -> None:
    door = start_door(upload_window_s=0.4)
    client = door.client().send(put("Transfer-Encoding: chunked"))
    while not door.stage.sink.has_ended.wait(0.02):
        client.send(b"1\r\na\r\n")

    assert "stalled" in door.stage.sink.ending[0]


def test_a_slow_sink_is_not_held_against_the_client(start_door) -> None:
    sink = Sink(hold=threading.Event())
    door = start_door(Stage(sink=sink), upload_window_s=0.2)
    client = door.client()
    sender = threading.Thread(target=client.send, args=(put(f"Content-Length: {len(DATA)}"), DATA))
    sender.start()
    assert sink.has_begun.wait(PATIENCE_S)

    # Several windows pass in which nothing can move.
    assert not sink.has_ended.wait(1)
    sink.hold.set()
    assert client.reply().json == {"length": len(DATA)}
    sender.join()


@pytest.mark.parametrize("sent", [10, 3 * MIB])
def test_an_error_of_the_sink_is_the_answer_and_ends_the_connection(start_door, sent: int) -> None:
    door = start_door(Stage(sink=Sink(failure=Broken("the store is out", 7))))
    client = door.client().send(put(f"Content-Length: {100 * MIB}"), b"a" * sent)

    reply = client.reply()
    assert (reply.status, reply.header("Retry-After")) == (503, "7")
    assert client.is_closed()
    assert door.stage.sink.ending == []


def test_an_error_at_the_end_of_an_upload_is_the_answer_and_the_connection_goes_on(start_door) -> None:
    door = start_door(Stage(sink=Sink(finish_failure=Invalid("checksum", "a", "differs"))))
    client = door.client()

    assert client.ask("PUT /upload", "Content-Length: 4", body=b"data").status == 400
    assert client.ask("GET /echo").status == 200
    assert door.stage.sink.ending == ["finished"]


def a_file_blob(folder: Path, data: bytes, ends_after: int | None = None) -> FileBlob:
    return FileBlob(data, (folder / "blob").open("w+b"), ends_after)


@pytest.fixture(params=["file", "steps"])
def blob_of(request: pytest.FixtureRequest, tmp_path: Path):
    """Makes a blob with a real file, and one without."""
    return (lambda *args: a_file_blob(tmp_path, *args)) if request.param == "file" else MemoryBlob


@pytest.mark.parametrize("size", [0, 1, MIB, len(DATA)])
def test_a_download_is_the_blob_and_closes_it(start_door, blob_of, size: int) -> None:
    door = start_door(Stage(blob=blob_of(DATA[:size])))
    client = door.client()

    reply = client.ask("GET /blob")
    assert reply.header("Content-Length") == str(size)
    assert reply.body == DATA[:size]
    assert client.ask("GET /echo").status == 200
    assert door.stage.blob.is_closed.is_set()


def test_head_of_a_download_has_its_length_and_closes_the_blob(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA)))
    client = door.client()

    assert client.ask("HEAD /blob").header("Content-Length") == str(len(DATA))
    assert client.ask("GET /echo").status == 200
    assert door.stage.blob.is_closed.is_set()


def test_a_blob_that_ends_too_early_breaks_the_connection_off(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(DATA, 3 * MIB)))
    client = door.client().send(b"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")
    status, _ = client.head()

    assert status == 200
    assert client.rest() <= 3 * MIB
    assert door.stage.blob.is_closed.wait(PATIENCE_S)
    door.logged()
    assert "ended after" in str(door.log.lines("request failed")[0]["exc_info"])


def test_a_disk_that_fails_under_a_download_is_our_failure_and_breaks_it_off(
    start_door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = os.sendfile

    def send_a_little_then_fail(out: int, file: int, first: int, _length: int) -> int:
        if first >= 2000:  # asyncio takes a failure of its first piece for a system without sendfile, and reads
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return send(out, file, first, 1000)

    door = start_door(Stage(blob=a_file_blob(tmp_path, DATA)))
    monkeypatch.setattr(os, "sendfile", send_a_little_then_fail)
    client = door.client().send(b"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")

    assert (client.head()[0], client.rest() <= 2000) == (200, True)
    assert door.stage.blob.is_closed.wait(PATIENCE_S)
    door.logged()
    assert "could not be read" in str(door.log.lines("request failed")[0]["exc_info"])


def test_a_blob_that_cannot_be_read_at_all_is_an_error_like_any_other(start_door) -> None:
    door = start_door(Stage(blob=UnreadableBlob(b"data")))

    assert door.ask("GET /blob").status == 503
    assert door.stage.blob.is_closed.is_set()


def test_a_blob_is_closed_when_the_client_goes_away(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(b"a" * 64 * MIB)))
    client = door.client().send(b"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")
    client.read(1000)
    client.close()

    assert door.stage.blob.is_closed.wait(PATIENCE_S)


def test_a_client_that_takes_nothing_of_a_download_loses_its_connection(start_door, blob_of) -> None:
    door = start_door(Stage(blob=blob_of(b"a" * 64 * MIB)), send_stall_s=0.5)
    door.client().send(b"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")

    assert door.stage.blob.is_closed.wait(PATIENCE_S)
