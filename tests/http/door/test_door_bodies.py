"""Small bodies: their framing, their limits, and what becomes of those nobody reads. Source: docs/design/0003-door.md."""

import gzip
import json

import pytest
from doors import RunningDoor

from calotype.domain.errors import Invalid
from calotype.http import bodies

MIB = 1024 * 1024


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([lines[0], b"Host: door.example", *lines[1:]]) + b"\r\n\r\n"


def post(path: str, *lines: str, body: bytes = b"") -> bytes:
    return head(f"POST {path} HTTP/1.1".encode(), *(line.encode() for line in lines)) + body


def test_a_json_body_is_there_when_the_handler_runs(door: RunningDoor) -> None:
    by_length = door.ask("POST /json", "Content-Length: 7", body=b'{"a":1}')
    by_chunks = door.ask(
        "POST /json", "Transfer-Encoding: chunked", body=b'3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nT: x\r\n\r\n'
    )

    assert by_length.json["body"] == by_chunks.json["body"] == '{"a":1}'
    assert (by_length.json["has_body"], by_length.json["declared_length"]) == (True, 7)
    assert (by_chunks.json["has_body"], by_chunks.json["declared_length"]) == (True, None)


def test_no_body_and_an_empty_one_are_no_body(door: RunningDoor) -> None:
    assert door.ask("POST /json").json["has_body"] is False
    assert door.ask("POST /json", "Content-Length: 0").json["has_body"] is False


@pytest.mark.parametrize(
    "length",
    [
        "-1",
        "+1",
        "1.0",
        "0x1",
        "1 1",
        "1, 1",
        "a",
        "",
        "\u0661",
        "9223372036854775808",
        "18446744073709551615",
        "1" + "0" * 40,
    ],
)
def test_a_content_length_that_is_no_length_is_400_and_ends_the_connection(door: RunningDoor, length: str) -> None:
    client = door.client().send(post("/json", f"Content-Length: {length}", body=b"a"))

    assert client.reply().status == 400
    assert client.is_closed()


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 1", "Content-Length: 1"),
        ("Content-Length: 1", "Content-Length: 2"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked, gzip",),
    ],
)
def test_a_body_with_two_ends_or_none_is_400_and_ends_the_connection(door: RunningDoor, lines: tuple[str, ...]) -> None:
    smuggled = b"0\r\n\r\n" + head(b"GET /smuggled HTTP/1.1")
    client = door.client().send(post("/echo", *lines, body=smuggled))

    assert client.reply().status == 400
    assert client.is_closed()


def test_a_transfer_coding_other_than_chunked_is_501(door: RunningDoor) -> None:
    client = door.client().send(post("/json", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"))

    assert client.reply().status == 501
    assert client.is_closed()


@pytest.mark.parametrize(
    "chunk", [b"zz\r\n", b"-1\r\n", b"ffffffffffffffffffff\r\n", b"1\nabc", b"1\r\nabc\r\n", b"\r\n"]
)
def test_chunks_that_are_none_are_400_and_end_the_connection(door: RunningDoor, chunk: bytes) -> None:
    client = door.client().send(post("/json", "Transfer-Encoding: chunked"))
    client.send(chunk)

    assert client.reply().status == 400
    assert client.is_closed()


@pytest.mark.parametrize("path", ["/json", "/upload"])
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip", "x-unknown"])
def test_a_packed_body_is_refused_unread(door: RunningDoor, path: str, coding: str) -> None:
    packed = gzip.compress(b"{}")
    method = "PUT" if path == "/upload" else "POST"
    reply = door.ask(f"{method} {path}", f"Content-Encoding: {coding}", f"Content-Length: {len(packed)}", body=packed)

    assert reply.status == 415
    assert door.stage.seen == []


def test_a_content_encoding_that_says_nothing_is_accepted(door: RunningDoor) -> None:
    assert door.ask("POST /json", "Content-Encoding: identity", "Content-Length: 2", body=b"{}").status == 200


def test_a_json_body_of_1_mib_is_read(door: RunningDoor) -> None:
    reply = door.ask("POST /json", f"Content-Length: {MIB}", body=b"a" * MIB)

    assert reply.status == 200
    assert len(reply.json["body"]) == MIB


def test_a_larger_json_body_is_413_before_it_comes(door: RunningDoor) -> None:
    client = door.client().send(post("/json", f"Content-Length: {MIB + 1}"))

    assert client.reply().status == 413
    assert client.is_closed()


def test_a_json_body_in_chunks_is_413_as_soon_as_it_is_too_large(door: RunningDoor) -> None:
    client = door.client().send(post("/json", "Transfer-Encoding: chunked"), b"200000\r\n", b"a" * 0x180000)

    assert client.reply().status == 413
    assert client.is_closed()
    assert door.stage.seen == []


def test_who_sends_a_large_json_body_without_token_is_told_of_the_token(door: RunningDoor) -> None:
    client = door.client().send(post("/closed/json", f"Content-Length: {MIB + 1}"))

    assert client.reply().status == 401
    assert client.is_closed()


def test_a_json_body_that_breaks_off_is_400(door: RunningDoor) -> None:
    client = door.client().send(post("/json", "Content-Length: 10", body=b"half")).end_own_half()

    assert client.reply().status == 400
    assert client.is_closed()
    assert door.stage.seen == []


def test_100_continue_is_sent_for_a_json_body_once_the_token_was_good(door: RunningDoor) -> None:
    client = door.client().send(post("/closed/json", "X-Auth-Token: good", "Expect: 100-Continue", "Content-Length: 2"))

    assert client.reply().status == 100
    reply = client.send(b"{}").reply()
    assert reply.status == 200
    assert reply.json["caller"] == "alice"
    assert client.ask("GET /echo").status == 200


@pytest.mark.parametrize(
    ("path", "lines", "status"),
    [
        ("/closed/json", ("Content-Length: 2",), 401),
        ("/json", (f"Content-Length: {MIB + 1}",), 413),
        ("/json", ("Content-Length: 2", "Content-Encoding: gzip"), 415),
        ("/unknown", ("Content-Length: 2",), 404),
        ("/query", ("Content-Length: 2",), 405),
        ("/echo", ("Content-Length: 2",), 200),
    ],
)
def test_who_waits_for_100_continue_and_is_not_to_send_gets_the_answer_and_the_connection_ends(
    door: RunningDoor, path: str, lines: tuple[str, ...], status: int
) -> None:
    client = door.client().send(post(path, "Expect: 100-continue", *lines))

    reply = client.reply()
    assert reply.status == status
    assert reply.header("Connection") == "close"
    assert client.is_closed()


def test_100_continue_is_left_out_for_a_body_that_came_without_it(door: RunningDoor) -> None:
    assert door.ask("POST /json", "Expect: 100-continue", "Content-Length: 2", body=b"{}").status == 200


def test_an_unknown_expectation_is_417(door: RunningDoor) -> None:
    assert door.ask("POST /json", "Expect: miracles", "Content-Length: 2", body=b"{}").status == 417


def test_http_1_0_is_never_sent_100_continue(door: RunningDoor) -> None:
    client = door.client().send(b"POST /json HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")

    assert client.reply().status == 200


def test_a_small_body_that_nobody_wanted_is_skipped_and_the_next_request_is_answered(door: RunningDoor) -> None:
    client = door.client().send(post("/echo", "Content-Length: 60000"))

    assert client.reply().status == 200
    client.send(b"GET /x HTTP/1.1\r\n\r\n" * 3000 + b"a" * 3000)
    assert client.ask("GET /echo/next").json["path"] == "/echo/next"


@pytest.mark.parametrize("lines", [("Content-Length: 100000",), ("Transfer-Encoding: chunked",)])
def test_a_large_body_that_nobody_wanted_ends_the_connection_and_is_never_taken_for_a_request(
    door: RunningDoor, lines: tuple[str, ...]
) -> None:
    client = door.client().send(post("/echo", *lines))

    reply = client.reply()
    client.send(b"GET /echo/smuggled HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
    assert reply.status == 200
    assert reply.header("Connection") == "close"
    assert client.is_closed()
    assert [request.path for request in door.stage.seen] == ["/echo"]


def test_a_client_that_sends_all_of_a_refused_body_first_can_read_the_refusal(door: RunningDoor) -> None:
    client = door.client().send(post("/json", f"Content-Length: {4 * MIB}"), b"a" * 4 * MIB)

    assert client.reply().status == 413


def test_requests_sent_at_once_are_answered_in_order(door: RunningDoor) -> None:
    lines = [head(b"GET /echo/%d HTTP/1.1" % number) for number in range(100)]
    client = door.client().send(b"".join(lines))

    assert [client.reply().json["params"]["part"] for _ in lines] == [str(number) for number in range(100)]


def test_a_request_behind_an_offer_to_change_the_protocol_is_not_left_waiting(door: RunningDoor) -> None:
    for protocol in ("websocket", "h2c"):
        client = door.client().send(
            head(b"GET /echo HTTP/1.1", b"Connection: Upgrade", f"Upgrade: {protocol}".encode()),
            head(b"GET /echo HTTP/1.1"),
        )

        reply = client.reply()
        assert reply.status == 200
        assert reply.header("Connection") == "close"
        assert client.is_closed()


def test_a_client_that_has_ended_its_own_half_still_gets_its_answers(door: RunningDoor) -> None:
    client = door.client().send(head(b"GET /echo/1 HTTP/1.1"), head(b"GET /echo/2 HTTP/1.1")).end_own_half()

    assert client.reply().json["path"] == "/echo/1"
    assert client.reply().json["path"] == "/echo/2"
    assert client.is_closed()


def test_http_1_0_keeps_a_connection_only_when_asked(door: RunningDoor) -> None:
    client = door.client()

    reply = client.send(b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").reply()
    assert reply.header("Connection") == "keep-alive"
    reply = client.send(b"GET /echo HTTP/1.0\r\n\r\n").reply()
    assert reply.header("Connection") == "close"
    assert client.is_closed()


def test_a_client_that_wants_to_close_is_closed(door: RunningDoor) -> None:
    client = door.client()

    assert client.ask("GET /echo", "Connection: close").header("Connection") == "close"
    assert client.is_closed()


def test_50_000_nested_brackets_are_a_400(door: RunningDoor) -> None:
    for nested in (b"[" * 50_000, b"[" * 50_000 + b"]" * 50_000, b'{"a":' * 50_000):
        reply = door.ask("POST /parsed", f"Content-Length: {len(nested)}", body=nested)

        assert reply.status == 400
        assert "body" in reply.json["refused"]
    assert door.ask("POST /parsed", "Content-Length: 2", body=b"[]").json == "[]"


def test_more_nested_than_can_be_written_again_is_a_400(door: RunningDoor) -> None:
    """The parser goes deeper than what else is done with the value: a step before its own end a refusal could not be spelt."""
    for opened, closed in ((b"[", b"]"), (b'{"a": ', b"}")):
        for depth, status in ((bodies.MOST_LEVELS, 200), (bodies.MOST_LEVELS + 1, 400), (950, 400), (990, 400)):
            nested = opened * depth + b"1" + closed * depth
            reply = door.ask("POST /parsed", f"Content-Length: {len(nested)}", body=nested)

            assert reply.status == status, depth


def test_many_lists_beside_each_other_are_not_nested(door: RunningDoor) -> None:
    beside = b"[" + b",".join([b"[]"] * (bodies.MOST_LEVELS * 2)) + b"]"

    assert door.ask("POST /parsed", f"Content-Length: {len(beside)}", body=beside).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b"[1,]",
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b"\xff",
        b'"\xc3("',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\u0000"',
        b'{"a": ["\\u0000"]}',
        b'{"\\u0000": 1}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"9" * 5000,
        b"[" * 900 + b'"\\u0000"' + b"]" * 900,
    ],
)
def test_what_is_no_json_that_can_be_kept_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        bodies.read_json(body)

    assert caught.value.field == "body"


def test_json_is_read_as_it_was_meant() -> None:
    value = {"a": [1, -2.5, True, None, "\u00e9\U0001f4f7", 2**63, 10**30, "\\u0000"]}

    assert bodies.read_json(json.dumps(value).encode()) == value
