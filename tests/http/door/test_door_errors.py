"""Errors, the log, and the threads. Source: docs/design/0003-door.md."""

import threading

import pytest
from doors import PATIENCE_S, RunningDoor, Stage

from calotype.domain.errors import Broken, CalotypeError, NotFound, StoreAway, Throttled
from calotype.http.errors import HttpError


def test_a_bug_is_a_500_without_a_word_of_it_and_with_a_trace_in_the_log(start_door) -> None:
    error = RuntimeError("password is hunter2")
    door = start_door(Stage(raises=error))
    client = door.client()

    reply = client.ask("GET /misbehave")
    assert reply.status == 500
    assert b"hunter2" not in reply.body
    assert b"Traceback" not in reply.body
    assert door.log.lines("request failed") == [
        {"request_id": reply.header("X-Openstack-Request-Id"), "exc_info": error}
    ]
    assert client.ask("GET /echo").status == 200


@pytest.mark.parametrize("error", [StopIteration(), KeyError("a"), RecursionError(), SystemExit(3), NotFound("x")])
def test_no_error_leaves_the_client_without_an_answer(start_door, error: BaseException) -> None:
    door = start_door(Stage(raises=error))

    # This face has no code of its own for NotFound: CalotypeError's is 500.
    assert door.ask("GET /misbehave").status == 500
    assert door.ask("GET /echo").status == 200


def test_an_error_the_face_cannot_write_is_a_plain_500(start_door) -> None:
    class Strange(CalotypeError):
        def __str__(self) -> str:
            raise ValueError

    door = start_door(Stage(raises=Strange()))

    assert door.ask("GET /misbehave").status == 500


def test_what_passes_by_itself_says_when_to_come_again(start_door) -> None:
    for error, status in ((Throttled("too many", 3), 429), (Broken("out", 3), 503)):
        reply = start_door(Stage(raises=error)).ask("GET /misbehave")

        assert (reply.status, reply.header("Retry-After")) == (status, "3")


def test_only_what_is_ours_is_logged_with_its_trace(start_door) -> None:
    theirs = start_door(Stage(raises=HttpError(501, "no")))
    ours = start_door(Stage(raises=Broken("out")))
    theirs.ask("GET /misbehave")
    ours.ask("GET /misbehave")

    assert theirs.log.lines("request failed") == []
    assert len(ours.log.lines("request failed")) == 1


def test_a_store_that_is_away_is_a_line_in_the_log_without_a_trace(start_door) -> None:
    """Every request fails of it until it is back, and why is in the log already."""
    door = start_door(Stage(raises=StoreAway("The store is away.")))

    reply = door.ask("GET /misbehave")

    request_id = reply.header("X-Openstack-Request-Id")
    assert reply.status == 503
    assert door.log.lines("request failed") == [{"request_id": request_id, "reason": "The store is away."}]


def test_an_error_that_spoils_the_connection_ends_it(start_door) -> None:
    client = start_door(Stage(raises=HttpError(400, "no", close=True))).client()

    assert client.ask("GET /misbehave").header("Connection") == "close"
    assert client.is_closed()


def test_answers_to_head_have_no_body(start_door) -> None:
    door = start_door(Stage(raises=HttpError(404, "no")))
    client = door.client()

    assert client.ask("HEAD /empty").header("Content-Length") == "0"
    assert client.ask("HEAD /misbehave").status == 404
    assert client.ask("HEAD /unknown").status == 404
    assert client.ask("HEAD /nowhere").status == 404
    assert client.ask("GET /echo").status == 200


def test_204_has_no_length(door: RunningDoor) -> None:
    client = door.client()

    assert client.ask("GET /nothing").header("Content-Length") is None
    assert client.ask("GET /echo").status == 200


def test_each_request_is_one_line_without_its_query_and_headers(door: RunningDoor) -> None:
    reply = door.ask("GET /closed/echo/a%20b?token=secret", "X-Auth-Token: good", "X-Openstack-Request-Id: req-1")
    door.ask("GET /closed/echo", "X-Auth-Token: hunter2")
    lines = door.logged()

    assert lines[0] | {"ms": 0} == {
        "method": "GET",
        "path": "/closed/echo/a%20b",
        "status": 200,
        "bytes": len(reply.body),
        "ms": 0,
        "request_id": "req-1",
        "client": "127.0.0.1",
    }
    assert [line["status"] for line in lines] == [200, 401]
    assert all(line["ms"] >= 0 for line in lines)
    assert not any(secret in str(door.log.events) for secret in ("secret", "hunter2", "good"))


def test_a_refusal_of_the_parser_is_a_line_too(door: RunningDoor) -> None:
    reply = door.say(b"garbage \x1b[31m\r\n\r\n")

    assert [(line["status"], line["request_id"]) for line in door.logged()] == [
        (400, reply.header("X-Openstack-Request-Id"))
    ]


def test_a_long_path_is_cut_in_the_log(door: RunningDoor) -> None:
    door.ask(f"GET /echo/{'a' * 5000}")

    assert len(door.logged()[0]["path"]) < 300


def test_more_logins_than_may_wait_are_429_and_others_go_on(start_door) -> None:
    door = start_door(login_threads=2, logins_waiting_max=1)
    clients = [door.client().send(b"POST /login HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(2)]
    while len(door.stage.seen) < 2:
        threading.Event().wait(0.01)
    waiting = [door.client().send(b"POST /login HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(2)]

    # Of the two that came last one waits and the other is refused; which, is for the network to say.
    refused = []
    readers = [threading.Thread(target=lambda client=client: refused.append(client.reply())) for client in waiting]
    for reader in readers:
        reader.start()
    while not refused:
        threading.Event().wait(0.01)
    assert (refused[0].status, refused[0].header("Retry-After")) == (429, "1")
    assert door.ask("GET /echo").status == 200

    door.stage.gate.set()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert sorted(reply.status for reply in refused) == [200, 429]
    assert [client.reply().status for client in clients] == [200, 200]
    assert door.ask("POST /login").status == 200


def test_calls_that_wait_do_not_hold_up_transfers(start_door) -> None:
    door = start_door(short_threads=2)
    waiting = [door.client().send(b"PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n") for _ in range(1)]
    while not door.stage.seen:
        threading.Event().wait(0.01)
    blocked = [door.client().send(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(2)]

    assert waiting[0].send(b"a").reply().status == 201
    door.stage.gate.set()
    assert [client.reply().status for client in blocked] == [200, 200]
