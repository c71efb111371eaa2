"""What proxies say about the client behind them. Source: docs/operate/install.md, "Behind a proxy"; RFC 7239."""

import pytest
from doors import RunningDoor, Stage
from hypothesis import example, given
from hypothesis import strategies as st

from calotype.http.forwarded import Origin, Proxies

HTTPS = ("X-Forwarded-Proto: https", "X-Forwarded-Host: images.example:8443", "X-Forwarded-For: 192.0.2.7")
BEHIND_TWO = Proxies(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])


@pytest.fixture
def behind_proxy(start_door) -> RunningDoor:
    """A door that believes its own machine, which is where tests come from."""
    return start_door(trusted_proxies=("127.0.0.1",))


def origin(peer: str = "127.0.0.1", **headers: str) -> Origin:
    return BEHIND_TWO.origin(peer, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def test_a_listed_proxy_says_scheme_host_and_client(behind_proxy):
    reply = behind_proxy.ask("GET /echo", *HTTPS)

    assert reply.json["base_url"] == "https://images.example:8443"
    assert [line["client"] for line in behind_proxy.logged()] == ["192.0.2.7"]


def test_one_that_is_not_listed_says_nothing(start_door):
    door = start_door(trusted_proxies=("192.0.2.0/24",))

    reply = door.ask("GET /echo", *HTTPS, "Forwarded: for=192.0.2.8;proto=https;host=other.example")

    assert reply.json["base_url"] == "http://door.example"
    assert [line["client"] for line in door.logged()] == ["127.0.0.1"]


def test_nobody_is_listed_by_default(door):
    assert door.ask("GET /echo", *HTTPS).json["base_url"] == "http://door.example"
    assert [line["client"] for line in door.logged()] == ["127.0.0.1"]


def test_the_standard_header_says_the_same(behind_proxy):
    reply = behind_proxy.ask("GET /echo", 'Forwarded: for="[2001:db8::7]:4711"; Proto=HTTPS;host="images.example:8443"')

    assert reply.json["base_url"] == "https://images.example:8443"
    assert [line["client"] for line in behind_proxy.logged()] == ["2001:db8::7"]


def test_a_public_endpoint_goes_before_what_proxies_say(start_door):
    door = start_door(trusted_proxies=("127.0.0.1",), public_endpoint="https://public.example/images")

    assert door.ask("GET /echo", *HTTPS).json["base_url"] == "https://public.example/images"


@pytest.mark.parametrize(
    "malformed",
    [
        "X-Forwarded-Proto: gopher",
        "X-Forwarded-Proto: https://",
        "X-Forwarded-Host: a b",
        "X-Forwarded-Host: images.example/path",
        'X-Forwarded-Host: "><script>',
        "X-Forwarded-Host: ,",
        "X-Forwarded-For: unknown",
        "X-Forwarded-For: 1.2.3",
        "X-Forwarded-For: 300.1.1.1",
        "X-Forwarded-For: ::ffff:1:2:3:4:5:6:7",
        "X-Forwarded-For: [::1",
        "Forwarded: for=",
        "Forwarded: for=_hidden",
        'Forwarded: for="1.2.3.4',
        "Forwarded: for=1.2.3.4;=;proto=https",
        "Forwarded: nothing",
    ],
)
def test_what_a_listed_proxy_says_wrongly_is_ignored(behind_proxy, malformed):
    reply = behind_proxy.ask("GET /echo", malformed)

    assert (reply.status, reply.json["base_url"]) == (200, "http://door.example")
    assert [line["client"] for line in behind_proxy.logged()] == ["127.0.0.1"]


def test_a_host_header_that_names_none_is_refused_whatever_a_proxy_says(behind_proxy):
    sent = b"GET /echo HTTP/1.1\r\nHost: a b\r\nX-Forwarded-Host: images.example\r\n\r\n"

    assert behind_proxy.say(sent).status == 400


def test_the_client_is_the_last_address_that_no_listed_proxy_has():
    assert origin(x_forwarded_for="192.0.2.66, 192.0.2.7, 10.1.2.3").client == "192.0.2.7"
    assert origin(x_forwarded_for="192.0.2.7:5000, [fd00::1]:80").client == "192.0.2.7"
    assert origin(forwarded="for=192.0.2.66, for=192.0.2.7;by=x, for=10.1.2.3").client == "192.0.2.7"


def test_if_all_are_listed_the_client_is_the_first():
    assert origin(x_forwarded_for="10.0.0.1, 10.0.0.2").client == "10.0.0.1"


def test_nothing_is_believed_beyond_an_address_that_cannot_be_read():
    assert origin(x_forwarded_for="192.0.2.7, unknown, 10.1.2.3").client == "10.1.2.3"


def test_scheme_and_host_are_those_the_nearest_proxy_says():
    found = origin(x_forwarded_proto="http, https", x_forwarded_host="spoofed.example, images.example")

    assert (found.scheme, found.host) == ("https", "images.example")


def test_headers_sent_twice_are_one_list():
    headers = (("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "192.0.2.7"))

    assert BEHIND_TWO.origin("127.0.0.1", headers).client == "192.0.2.7"


def test_forwarded_is_not_read_beside_the_other_three():
    assert origin(x_forwarded_for="192.0.2.7", forwarded="for=192.0.2.66;proto=https") == Origin("192.0.2.7")


def test_a_proxy_that_comes_as_ipv4_in_ipv6_is_listed_by_its_ipv4_address():
    assert origin("::ffff:10.0.0.1", x_forwarded_for="192.0.2.7").client == "192.0.2.7"


def test_a_peer_without_address_is_no_listed_proxy():
    assert origin("", x_forwarded_for="192.0.2.7") == Origin("")


@given(
    st.lists(st.tuples(st.sampled_from(["x-forwarded-for", "x-forwarded-proto", "forwarded"]), st.text(max_size=60))),
)
@example([("forwarded", 'for="\\')])
@example([("forwarded", "a=" + '"' * 1000)])
def test_nothing_a_proxy_says_is_a_failure_of_ours(headers):
    found = BEHIND_TWO.origin("10.0.0.1", tuple(headers))

    assert found.scheme in (None, "http", "https")


def test_a_long_list_is_read_in_a_moment(start_door):
    door = start_door(Stage(), trusted_proxies=("127.0.0.0/8",))
    long = ", ".join(["127.0.0.2"] * 5000)

    assert door.ask("GET /echo", f"X-Forwarded-For: {long}").status == 200
    assert [line["client"] for line in door.logged()] == ["127.0.0.2"]
