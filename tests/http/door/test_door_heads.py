"""What the door makes of request lines and headers, sent byte for byte. Source: docs/design/0003-door.md."""

import re
from select import select

import pytest
from doors import RunningDoor

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def head(*lines: bytes, host: bytes = b"Host: door.example") -> bytes:
    return b"\r\n".join([lines[0], host, *lines[1:]]) + b"\r\n\r\n"


def test_the_path_reaches_the_handler_as_it_was_sent(door: RunningDoor) -> None:
    reply = door.ask("GET /echo/a%2Fb%2e%2E%7E/tail?x=%41+b%2B&&y")

    assert reply.status == 200
    assert reply.json["path"] == "/echo/a%2Fb%2e%2E%7E/tail"
    assert reply.json["params"] == {"part": "a/b..~"}
    assert reply.json["query"] == "x=%41+b%2B&&y"


@pytest.mark.parametrize("path", ["/echo/../echo", "/./echo", "//echo", "/echo/", "/%65cho", "/echo;x", "/ECHO"])
def test_a_path_is_not_normalised_so_another_spelling_is_another_path(door: RunningDoor, path: str) -> None:
    assert door.ask(f"GET {path}").status == 404


def test_a_prefix_is_cut_off_the_path_and_its_face_gets_the_rest(door: RunningDoor) -> None:
    reply = door.ask("GET /closed/echo/x", "X-Auth-Token: good")

    assert reply.json["path"] == "/echo/x"
    assert reply.json["caller"] == "alice"


@pytest.mark.parametrize("target", ["/echo/%ff", "/echo/%c3%28", "/echo/%00", "/echo/a%00b", "/echo#part"])
def test_a_path_that_cannot_be_text_is_refused(door: RunningDoor, target: str) -> None:
    assert door.ask(f"GET {target}").status == 400


@pytest.mark.parametrize("query", ["a=%00", "%00=a", "a=%ff", "a=%c3%28", "a=%ed%a0%80", "a=b&c=%80"])
def test_a_query_that_cannot_be_text_is_refused(door: RunningDoor, query: str) -> None:
    assert door.ask(f"GET /query?{query}").status == 400


def test_a_query_is_given_in_order_with_repeated_names(door: RunningDoor) -> None:
    reply = door.ask("GET /query?a=1&b=x+y%2Bz&a=2&c&=d&e=%C3%A9&f=%zz")

    assert reply.json == [["a", "1"], ["b", "x y+z"], ["a", "2"], ["c", ""], ["", "d"], ["e", "é"], ["f", "%zz"]]


@pytest.mark.parametrize("target", [b"/\xff", b"/\xc3\xa9", b"/echo?\xff", b"/a\x00b", b"/a\x01b"])
def test_raw_bytes_outside_of_printable_ascii_in_the_target_are_refused(door: RunningDoor, target: bytes) -> None:
    assert door.say(head(b"GET " + target + b" HTTP/1.1")).status == 400


def test_an_absolute_target_names_the_host(door: RunningDoor) -> None:
    reply = door.ask("GET http://other.example:81/echo?a=b")

    assert reply.json["path"] == "/echo"
    assert reply.json["query"] == "a=b"
    assert reply.json["base_url"] == "http://other.example:81"


def test_1024_headers_are_read_and_one_more_is_refused(door: RunningDoor) -> None:
    many = [f"X-Image-Meta-Property-{number}: {number}" for number in range(1023)]

    assert len(door.ask("GET /echo", *many).json["headers"]) == 1024
    reply = door.ask("GET /echo", *many, "One: more")
    assert reply.status == 431
    assert reply.header("X-Openstack-Request-Id")


def test_a_header_as_long_as_the_longest_property_is_read_and_a_longer_one_refused(door: RunningDoor) -> None:
    assert door.ask("GET /echo", f"X-Image-Meta-Property-A: {'a' * 65_535}").status == 200
    assert door.ask("GET /echo", f"X-Image-Meta-Property-A: {'a' * 70_000}").status == 431


def test_headers_that_are_too_long_together_are_refused(door: RunningDoor) -> None:
    ten = [f"X-{number}: {'a' * 30_000}" for number in range(10)]

    assert door.ask("GET /echo", *ten[:8]).status == 200
    assert door.ask("GET /echo", *ten).status == 431


def test_headers_without_end_are_refused_before_they_fill_the_memory(door: RunningDoor) -> None:
    client = door.client().send(b"GET /echo HTTP/1.1\r\nHost: a\r\n")
    line = b"X-A: %s\r\n" % (b"a" * 60_000)
    sent = 0
    while not select([client.socket], [], [], 0)[0] and sent < 1000:
        client.send(line)
        sent += 1

    assert client.reply().status == 431
    assert client.is_closed()
    assert sent < 1000


def test_a_target_that_is_too_long_is_refused(door: RunningDoor) -> None:
    assert door.ask(f"GET /echo?{'a' * 16_000}").status == 200
    assert door.ask(f"GET /echo?{'a' * 17_000}").status == 414


@pytest.mark.parametrize("value", [b"\xff", b"a\xc3(", b"\xed\xa0\x80"])
def test_a_header_that_is_not_utf_8_is_refused(door: RunningDoor, value: bytes) -> None:
    reply = door.say(head(b"GET /echo HTTP/1.1", b"X-Name: " + value))

    assert reply.status == 400
    assert "x-name" in reply.json["refused"]


def test_a_header_in_utf_8_reaches_the_handler_as_text(door: RunningDoor) -> None:
    reply = door.say(head(b"GET /echo HTTP/1.1", "X-Name:  caf\u00e9 \U0001f4f7 ".encode()))

    assert ["x-name", "caf\u00e9 \U0001f4f7"] in reply.json["headers"]


@pytest.mark.parametrize("value", [b"a\0b", b"a\rb", b"a\nb", b"a\r\n b", b"a\x01b", b"a\x7fb"])
def test_control_characters_in_a_header_are_refused(door: RunningDoor, value: bytes) -> None:
    assert door.say(head(b"GET /echo HTTP/1.1", b"X-Name: " + value)).status == 400


@pytest.mark.parametrize("line", [b"X Name: a", b"X-Name : a", b": a", b"X-N\xc3\xa9: a", b"no colon"])
def test_odd_header_names_are_refused(door: RunningDoor, line: bytes) -> None:
    assert door.say(head(b"GET /echo HTTP/1.1", line)).status == 400


def test_the_content_type_is_what_was_sent(door: RunningDoor) -> None:
    plain = door.ask("GET /echo")
    typed = door.ask("GET /echo", "Content-Type: Application/X-thing; a=b")

    assert [name for name, _ in plain.json["headers"]] == ["host"]
    assert ["content-type", "Application/X-thing; a=b"] in typed.json["headers"]


@pytest.mark.parametrize("host", ["door.example", "door.example:9292", "127.0.0.1", "[::1]:80", "a_b", "%41"])
def test_urls_are_built_on_the_host_header(door: RunningDoor, host: str) -> None:
    reply = door.say(head(b"GET /echo HTTP/1.1", host=b"Host: " + host.encode()))

    assert reply.json["base_url"] == f"http://{host}"


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "<script>", "a:b", "a:1:2", "[::1", "a\\b", "é", 'a"b'])
def test_a_host_header_that_names_no_host_is_refused(door: RunningDoor, host: str) -> None:
    assert door.say(head(b"GET /echo HTTP/1.1", host=b"Host: " + host.encode())).status == 400


def test_a_host_header_is_needed_in_http_1_1_and_may_come_once(door: RunningDoor) -> None:
    assert door.say(b"GET /echo HTTP/1.1\r\n\r\n").status == 400
    assert door.say(head(b"GET /echo HTTP/1.1", b"Host: other")).status == 400


def test_http_1_0_without_host_gets_urls_on_the_address_it_reached(door: RunningDoor) -> None:
    client = door.client().send(b"GET /echo HTTP/1.0\r\n\r\n")
    reply = client.reply()

    assert reply.json["base_url"] == "http://{}:{}".format(*door.address)
    assert client.is_closed()


def test_a_public_endpoint_stands_above_the_host_header(start_door) -> None:
    door = start_door(public_endpoint="https://images.example/base")

    assert door.ask("GET /echo").json["base_url"] == "https://images.example/base"


@pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/3.0", b"HTTP/1.1x", b"ICY/1.0"])
def test_other_versions_of_http_are_refused(door: RunningDoor, version: bytes) -> None:
    assert door.say(head(b"GET /echo " + version)).status in (400, 505)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "MKCOL", "PURGE", "LINK", "M-SEARCH", "QUERY"])
def test_methods_that_http_knows_and_we_do_not_are_501(door: RunningDoor, method: str) -> None:
    assert door.ask(f"{method} /echo").status == 501
    assert door.ask(f"{method} /closed/unknown").status == 501


@pytest.mark.parametrize("line", ["OPTIONS *", "CONNECT door.example:80"])
def test_targets_that_only_other_methods_have_are_501(door: RunningDoor, line: str) -> None:
    assert door.ask(line).status == 501


@pytest.mark.parametrize(
    "line", [b"FOO /echo HTTP/1.1", b"get /echo HTTP/1.1", b"G\xc3\x89T /echo HTTP/1.1", b"GET", b"\x16\x03\x01\x02"]
)
def test_garbage_instead_of_a_method_is_400(door: RunningDoor, line: bytes) -> None:
    client = door.client().send(head(line))

    reply = client.reply()
    assert reply.status == 400
    assert re.fullmatch(f"req-{UUID}", reply.header("X-Openstack-Request-Id") or "")
    assert (reply.header("Content-Type") or "").startswith("text/plain")
    assert b"Traceback" not in reply.body
    assert b"<" not in reply.body
    assert client.is_closed()


def test_a_refusal_of_the_parser_does_not_echo_what_was_sent(door: RunningDoor) -> None:
    reply = door.say(head(b"GET /echo HTTP/1.1", b"X-Auth-Token: sec\x01ret"))

    assert reply.status == 400
    assert b"ret" not in reply.body


def test_a_known_path_with_another_method_is_405_and_says_which(door: RunningDoor) -> None:
    reply = door.ask("DELETE /echo")

    assert reply.status == 405
    assert reply.header("Allow") == "GET, POST"


def test_head_is_not_offered_where_only_get_is(door: RunningDoor) -> None:
    reply = door.ask("HEAD /query")

    assert reply.status == 405
    assert reply.header("Allow") == "GET"


def test_a_path_that_no_face_claims_is_a_plain_404(door: RunningDoor) -> None:
    reply = door.ask("GET /nowhere/x")

    assert reply.status == 404
    assert reply.header("X-Openstack-Request-Id")


def test_who_has_no_token_is_told_so_before_anything_about_the_path(door: RunningDoor) -> None:
    for line in ("GET /closed/unknown", "DELETE /closed/echo", "GET /closed/echo/%ff"):
        assert door.ask(line).status == 401
    assert door.ask("GET /closed/unknown", "X-Auth-Token: good").status == 404
    assert door.ask("DELETE /closed/echo", "X-Auth-Token: good").status == 405


def test_every_answer_has_a_request_id_and_names_no_server(door: RunningDoor) -> None:
    replies = [
        door.ask("GET /echo"),
        door.ask("GET /unknown"),
        door.ask("TRACE /echo"),
        door.ask("HEAD /empty"),
        door.ask("GET /nothing"),
        door.ask("GET /closed/echo"),
        door.say(b"garbage\r\n\r\n"),
    ]

    ids = [reply.header("X-Openstack-Request-Id") for reply in replies]
    assert all(re.fullmatch(f"req-{UUID}", text or "") for text in ids)
    assert len(set(ids)) == len(ids)
    assert all(reply.header("Server") is None for reply in replies)
    assert all(re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", reply.header("Date") or "") for reply in replies)


def test_a_callers_own_request_id_is_kept_and_gets_its_prefix(door: RunningDoor) -> None:
    reply = door.ask("GET /echo", "X-Openstack-Request-ID: mine")

    assert reply.header("X-Openstack-Request-Id") == "req-mine"
    assert reply.json["request_id"] == "req-mine"
    assert door.ask("GET /echo", "X-OpenStack-Request-ID: req-a").header("X-Openstack-Request-Id") == "req-a"
    assert door.ask("GET /echo", f"X-OpenStack-Request-ID: {'a' * 64}").status == 200


def test_a_request_id_of_65_characters_is_431_and_is_not_kept(door: RunningDoor) -> None:
    reply = door.ask("GET /echo", f"X-Openstack-Request-ID: {'a' * 65}")

    assert reply.status == 431
    assert re.fullmatch(f"req-{UUID}", reply.header("X-Openstack-Request-Id") or "")


def test_a_request_id_that_no_log_should_hold_is_replaced(door: RunningDoor) -> None:
    reply = door.ask("GET /echo", "X-Openstack-Request-ID: caf\u00e9")

    assert re.fullmatch(f"req-{UUID}", reply.header("X-Openstack-Request-Id") or "")


def test_no_value_can_end_its_header(door: RunningDoor) -> None:
    reply = door.ask("GET /split")

    assert reply.header("X-Name") == "a  X-Forged: b c"
    assert reply.header("X-Forged") is None
