"""No connection stays open after its time, and none is ended before it. Source: docs/design/0003-door.md."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from doors import PATIENCE_S, Client, MemoryBlob, Sink, Stage


def trickle(client: Client, data: bytes) -> Iterator[bytes]:
    """Send *data* over and over, a byte at a time and slowly, until the door says something."""
    client.socket.settimeout(0.05)
    while True:
        for byte in data:
            try:
                client.socket.sendall(bytes([byte]))
                if answer := client.socket.recv(65536):
                    yield answer
                    continue
            except TimeoutError:
                continue
            except OSError:
                pass
            return


def test_a_header_sent_byte_by_byte_is_answered_408_after_its_time_and_the_connection_ends(start_door) -> None:
    door = start_door(header_timeout_s=0.5)
    client = door.client().send(b"GET /echo HTTP/1.1\r\n")

    said = b"".join(trickle(client, b"X-Header: a\r\n"))
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"X-Openstack-Request-Id: req-" in said


def test_the_time_for_a_header_counts_from_its_first_byte_also_behind_an_answer(start_door) -> None:
    door = start_door(header_timeout_s=0.5)
    client = door.client()

    assert client.ask("GET /echo").status == 200
    assert client.send(b"G").reply().status == 408
    assert client.is_closed()


def test_half_a_header_behind_a_request_at_work_is_given_its_time_afterwards(start_door) -> None:
    door = start_door(header_timeout_s=0.5)
    client = door.client().send(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
    client.send(b"GET /ec")
    door.stage.gate.set()

    assert client.reply().body == b"through"
    assert client.reply().status == 408


def test_blank_lines_without_end_are_no_way_to_stay(start_door) -> None:
    door = start_door(header_timeout_s=0.5)

    assert b"".join(trickle(door.client(), b"\r\n")).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_ended_without_a_word(start_door) -> None:
    door = start_door(idle_timeout_s=0.3)

    assert door.client().is_closed()


def test_a_connection_is_idle_from_its_last_answer_on(start_door) -> None:
    door = start_door(idle_timeout_s=0.6)
    client = door.client()

    for _ in range(3):
        assert client.ask("GET /echo").status == 200
        threading.Event().wait(0.3)
    assert client.ask("GET /echo").status == 200
    assert client.is_closed()


def test_a_request_at_work_is_not_idle(start_door) -> None:
    door = start_door(idle_timeout_s=0.2, header_timeout_s=0.2)
    client = door.client().send(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
    threading.Event().wait(0.6)
    door.stage.gate.set()

    assert client.reply().body == b"through"


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_json_body_that_takes_too_long_is_408(start_door, framing: str) -> None:
    door = start_door(json_timeout_s=0.5)
    client = door.client().send(f"POST /json HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n".encode())

    assert b"".join(trickle(client, b"1\r\n1\r\n")).startswith(b"HTTP/1.1 408 ")
    assert door.stage.seen == []


def test_a_body_that_nobody_wants_and_that_does_not_come_ends_the_connection(start_door) -> None:
    door = start_door(linger_s=0.2)
    client = door.client().send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf")

    assert client.reply().status == 200
    assert client.is_closed()


def test_who_goes_on_sending_after_a_refusal_loses_the_connection(start_door) -> None:
    door = start_door(linger_s=0.2)
    client = door.client().send(b"POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
    assert client.reply().status == 413

    assert client.is_refused(b"a" * 1000)


def test_a_stopping_door_ends_idle_connections_and_takes_no_new_ones(start_door) -> None:
    door = start_door(drain_timeout_s=PATIENCE_S)
    idle, half = door.client(), door.client().send(b"GET /ec")
    assert idle.ask("GET /echo").status == 200

    door.stop()
    door.wait()
    assert idle.is_closed()
    assert half.is_closed()


def test_a_stopping_door_lets_a_request_at_work_end(start_door) -> None:
    door = start_door(drain_timeout_s=PATIENCE_S)
    client = door.client().send(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
    idle = door.client()
    while not door.stage.seen:
        threading.Event().wait(0.01)

    door.stop()
    assert idle.is_closed()
    door.stage.gate.set()
    reply = client.reply()
    assert reply.body == b"through"
    assert reply.header("Connection") == "close"
    door.wait()


def test_a_stopping_door_lets_an_upload_end(start_door) -> None:
    door = start_door(drain_timeout_s=PATIENCE_S)
    client = door.client().send(b"PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none")
    assert door.stage.sink.has_begun.wait(PATIENCE_S)

    door.stop()
    assert client.send(b"two").reply().json == {"length": 6}
    door.wait()


def test_an_upload_that_does_not_end_in_time_is_given_up_when_the_door_stops(start_door) -> None:
    door = start_door(drain_timeout_s=0.2)
    client = door.client().send(b"PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none")
    assert door.stage.sink.has_begun.wait(PATIENCE_S)

    door.stop()
    door.wait()
    reply = client.reply()
    assert (reply.status, reply.header("Retry-After")) == (503, "5")
    assert door.stage.sink.ending == ["The server is stopping."]


def test_a_stopping_door_has_the_upload_of_a_client_that_is_gone_given_up(start_door) -> None:
    hold = threading.Event()
    door = start_door(Stage(sink=Sink(hold=hold)), drain_timeout_s=PATIENCE_S)
    client = door.client().send(b"PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none")
    idle = door.client()
    assert door.stage.sink.has_begun.wait(PATIENCE_S)

    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()  # by a reset: no connection is left
    door.stop()
    assert idle.is_closed()
    threading.Timer(0.2, hold.set).start()
    door.wait()
    assert door.stage.sink.ending == ["The client hung up."]


def test_a_download_that_does_not_end_in_time_is_broken_off_when_the_door_stops(start_door) -> None:
    blob = MemoryBlob(b"a" * 64 * 1024 * 1024)
    door = start_door(Stage(blob=blob), drain_timeout_s=0.2, give_up_timeout_s=0.2)
    client = door.client().send(b"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")
    client.read(1000)

    door.stop()
    door.wait()
    assert blob.is_closed.is_set()


def test_a_call_that_hangs_does_not_keep_the_door_from_ending(start_door) -> None:
    door = start_door(Stage(sink=Sink()), drain_timeout_s=0.2, give_up_timeout_s=0.2)
    client = door.client().send(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
    while not door.stage.seen:
        threading.Event().wait(0.01)

    door.stop()
    door.wait()
    assert client.is_closed()
