"""Sizes and data of what is at URLs, and every way to be led elsewhere."""

import itertools
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import origins as servers
from calotype.domain.addresses import Filter, read_networks
from calotype.domain.errors import Broken, Invalid, Throttled
from calotype.fetch import exchanges
from calotype.service.origins import UNFIT, Origins
from certificates import Certificate
from origins import Origin

DATA = bytes(range(256)) * 16

#: As an operator would have to say it to fetch from the machine itself.
LOOPBACK = Filter(allowed_hosts=("127.0.0.1", "images.example", "localhost"), allowed_ports=())


def reading(judge: Filter = LOOPBACK, **telling: Any) -> Origins:
    return Origins(judge, **{"most_waiting": 2, "most_open": 4, **telling})


def refused(origins: Origins, url: str) -> None:
    """Fails unless *url* is refused, in the words all are refused in."""
    with pytest.raises(Invalid) as caught:
        origins.sizes_of([url])
    assert str(caught.value) == f"Invalid value '***' for 'url': {UNFIT}"


def size(origins: Origins, url: str) -> int:
    return origins.sizes_of([url])[url]


def everything(origins: Origins, url: str, size_bytes: int | None = len(DATA)) -> bytes:
    blob = origins.open(url, size_bytes)
    try:
        return blob.read(0, blob.size)
    finally:
        blob.close()


class Names:
    """A resolver; it gives one answer after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return next(self._answers)


def test_the_size_is_what_the_origin_says_to_head(origin: Origin) -> None:
    assert size(reading(), origin.put("/a", DATA)) == len(DATA)
    assert origin.methods == ["HEAD"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_an_origin_that_knows_no_head_is_asked_for_one_byte(origin: Origin, knows_ranges: bool) -> None:
    url = origin.put("/a", DATA, knows_head=False, knows_ranges=knows_ranges)

    assert size(reading(), url) == len(DATA)
    assert origin.methods == ["HEAD", "GET"]
    assert origin.asked[1][2]["range"] == "bytes=0-0"


def test_nothing_of_ours_but_a_name_is_sent_along(origin: Origin) -> None:
    size(reading(), origin.put("/a?b=c", DATA))

    ((_, path, headers),) = origin.asked
    assert path == "/a?b=c"
    assert headers == {
        "host": f"127.0.0.1:{origin.port}",
        "user-agent": "Calotype",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
    }


@pytest.mark.parametrize("telling", [{"data": b""}, {"data": b"x", "status": 404}, {"data": b"x", "status": 500}])
def test_what_is_not_there_or_empty_is_refused(origin: Origin, telling: dict[str, Any]) -> None:
    refused(reading(), origin.put("/a", **telling))


@pytest.mark.parametrize("declared", [None, -2, 10**19])
def test_what_has_no_size_is_refused(origin: Origin, declared: int | None) -> None:
    refused(reading(), origin.put("/a", DATA, declared=declared, knows_ranges=False))


def nothing(connection: socket.socket) -> None:
    """Hangs up."""


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"\x00\x01\x02 what?\r\n\r\n")


def far_too_long(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 " + b"x" * 100_000)


def strange_length(connection: socket.socket) -> None:
    connection.sendall("HTTP/1.1 200 OK\r\nContent-Length: ٣\r\n\r\n".encode())


@pytest.mark.parametrize("answer", [nothing, garbage, far_too_long, strange_length])
def test_an_origin_that_speaks_no_http_is_refused(answer: Callable[[socket.socket], None]) -> None:
    with servers.saying(answer) as port:
        refused(reading(), f"http://127.0.0.1:{port}/")


def test_a_port_where_nobody_listens_is_refused_in_the_same_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    refused(reading(), f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "169.254.169.254", "0.0.0.0", "127.1", "2130706433"]
)
def test_the_machine_itself_is_refused_in_the_same_words_and_not_asked(origin: Origin, host: str) -> None:
    url = f"http://{host}:{origin.port}/a"
    origin.put("/a", DATA)

    refused(reading(Filter(allowed_ports=())), url)
    assert origin.asked == []


def test_a_name_that_has_no_address_is_refused() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise Broken("no such name")

    refused(reading(resolve=resolve), "http://images.example/")


def test_an_origin_that_sends_its_head_crumb_by_crumb_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "HEAD_S", 0.2)
    hung_up = threading.Event()

    def crumbs(connection: socket.socket) -> None:
        try:
            while True:
                connection.sendall(b"H")
                hung_up.wait(0.02)
        finally:
            hung_up.set()

    with servers.saying(crumbs) as port:
        refused(reading(), f"http://127.0.0.1:{port}/")
        assert hung_up.wait(10)


def test_an_origin_that_sends_its_body_crumb_by_crumb_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "STEP_S", 0.2)
    never = threading.Event()

    def crumbs(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n")
        while not never.wait(0.02):
            connection.sendall(b"x")

    with servers.saying(crumbs) as port:
        blob = reading().open(f"http://127.0.0.1:{port}/", 4096)
        with pytest.raises(Broken):
            blob.read(0, 4096)
        blob.close()


def test_a_name_is_resolved_once_and_judged_in_that_answer(origin: Origin) -> None:
    """What a name meant when it was judged is what is connected to: a second answer is never asked for (DNS rebinding)."""
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    judge = Filter(allowed_ports=(), disallowed_hosts=("8.8.8.8",))
    origin.put("/a", DATA)

    refused(reading(judge, resolve=names), f"http://images.example:{origin.port}/a")

    assert names.asked == ["images.example"]
    assert origin.asked == []


def test_every_address_that_was_judged_is_tried_in_turn(origin: Origin) -> None:
    origin.put("/a", DATA)
    names = Names(["127.0.0.2", "127.0.0.3", "127.0.0.1"])

    assert size(reading(resolve=names), f"http://images.example:{origin.port}/a") == len(DATA)
    assert origin.asked[0][2]["host"] == f"images.example:{origin.port}"


def test_redirects_are_followed_and_each_is_judged(origin: Origin) -> None:
    origin.put("/c", DATA)
    origin.put("/b", redirect=f"http://localhost:{origin.port}/c")
    url = origin.put("/a", redirect="b")
    names = Names(["127.0.0.1"])

    assert size(reading(resolve=names), url) == len(DATA)
    assert names.asked == ["localhost"]


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{}/b", "//127.0.0.1:{}/b", "http://0x7f.1:{}/b", "http://[::1]:{}/b", "file:///etc/passwd"]
)
def test_a_redirect_to_where_one_may_not_go_is_refused_before_it_is_asked(origin: Origin, to: str) -> None:
    names = Names(["127.0.0.1"])
    judge = Filter(allowed_hosts=("images.example",), allowed_ports=())
    origin.put("/b", DATA)
    origin.put("/a", redirect=to.format(origin.port))

    refused(reading(judge, resolve=names), f"http://images.example:{origin.port}/a")
    assert [path for _, path, _ in origin.asked] == ["/a"]


def test_a_redirect_to_a_name_of_a_bad_address_is_refused(origin: Origin, caplog: pytest.LogCaptureFixture) -> None:
    judge = Filter(allowed_ports=(), private_networks=read_networks(("127.0.0.1/32",)))
    url = origin.put("/a", redirect=f"http://images.example:{origin.port}/b")

    with caplog.at_level(logging.INFO):
        refused(reading(judge, resolve=Names(["127.0.0.2", "::1"])), url)

    assert "no address that may be connected to" in caplog.text
    assert origin.methods == ["HEAD"]


def test_a_redirect_to_another_port_is_refused(origin: Origin) -> None:
    judge = Filter(allowed_hosts=("127.0.0.1",), allowed_ports=(origin.port,))

    refused(reading(judge), origin.put("/a", redirect="http://127.0.0.1:1/"))


def test_redirects_come_to_an_end(origin: Origin) -> None:
    refused(reading(), origin.put("/a", redirect="/a"))
    assert len(origin.asked) == 6


def test_no_proxy_of_the_environment_is_used(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert size(reading(), origin.put("/a", DATA)) == len(DATA)


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[Origin]:
    with servers.running(certificate) as running:
        yield running


def test_https_is_verified_against_the_name_in_the_url(secure: Origin, certificate: Certificate) -> None:
    url = secure.put("/a", DATA, host="images.example")
    names = Names(["127.0.0.1"])

    assert everything(reading(resolve=names, trusting=certificate.trusting()), url) == DATA


def test_another_name_than_the_certificates_is_refused(secure: Origin, certificate: Certificate) -> None:
    url = secure.put("/a", DATA, host="other.example")
    judge = Filter(allowed_hosts=("other.example",), allowed_ports=())

    refused(reading(judge, resolve=Names(["127.0.0.1"]), trusting=certificate.trusting()), url)
    assert secure.asked == []


def test_a_certificate_nobody_knows_is_refused(secure: Origin) -> None:
    refused(reading(resolve=Names(["127.0.0.1"])), secure.put("/a", DATA, host="images.example"))
    assert secure.asked == []


def test_data_are_read_in_one_answer(origin: Origin) -> None:
    blob = reading().open(origin.put("/a", DATA), len(DATA))

    assert b"".join(blob.read(first, 512) for first in range(0, len(DATA), 512)) == DATA
    assert (blob.size, blob.file(), origin.methods) == (len(DATA), None, ["GET"])
    blob.close()


@pytest.mark.parametrize(("first", "length"), [(0, 1), (7, 20), (4000, 96), (4095, 1), (100, 0)])
def test_a_part_is_read_as_a_range(origin: Origin, first: int, length: int) -> None:
    blob = reading().open(origin.put("/a", DATA), len(DATA))

    assert blob.read(first, length) == DATA[first : first + length]
    blob.close()


def test_a_part_of_what_is_given_whole_or_not_at_all_cannot_be_read(origin: Origin) -> None:
    blob = reading().open(origin.put("/a", DATA, knows_ranges=False), len(DATA))

    with pytest.raises(Invalid):
        blob.read(1, 2)
    blob.close()


def test_what_lies_outside_is_never_asked_for(origin: Origin) -> None:
    blob = reading().open(origin.put("/a", DATA), len(DATA))

    for first, length in ((-1, 2), (0, len(DATA) + 1), (len(DATA), 1)):
        with pytest.raises(ValueError, match="outside"):
            blob.read(first, length)
    blob.close()


def test_data_of_another_size_than_the_image_are_not_read(origin: Origin) -> None:
    with pytest.raises(Broken):
        reading().open(origin.put("/a", DATA), len(DATA) + 1)


def test_data_without_a_declared_size_are_read_as_far_as_the_image_goes(origin: Origin) -> None:
    assert everything(reading(), origin.put("/a", DATA, declared=None)) == DATA


def test_data_that_break_off_are_an_error(origin: Origin) -> None:
    with pytest.raises(Broken):
        everything(reading(), origin.put("/a", DATA, fails=1))


def test_data_that_changed_between_two_parts_are_an_error(origin: Origin) -> None:
    url = origin.put("/a", DATA, etag='"one"')
    blob = reading().open(url, len(DATA))
    origin.put("/a", DATA[::-1], etag='"two"')

    with pytest.raises(Broken):
        blob.read(10, 10)
    blob.close()


def test_only_so_many_are_read_at_once_and_who_ends_lets_another_in(origin: Origin) -> None:
    origins = reading(most_open=1)
    url = origin.put("/a", DATA)
    first = origins.open(url, len(DATA))

    with pytest.raises(Throttled):
        origins.open(url, len(DATA))
    first.close()
    first.close()

    assert everything(origins, url) == DATA
    assert everything(origins, url) == DATA


def test_while_two_calls_wait_for_origins_no_third_one_does(origin: Origin) -> None:
    """Each would hold one of the few threads that answer everybody."""
    origins = reading()
    url = origin.put("/a", DATA)
    opened = [origins.open(url, len(DATA)) for _ in range(2)]

    with pytest.raises(Throttled):
        origins.sizes_of([url])
    opened[0].read(0, 1)

    assert size(origins, url) == len(DATA)
    for blob in opened:
        blob.close()


def test_why_a_url_was_refused_is_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        refused(reading(Filter()), "http://127.0.0.1/secret")

    assert "no address that may be connected to" in caplog.text
    assert "secret" not in caplog.text


def test_a_context_that_verifies_nothing_is_nobodys_default() -> None:
    trusting = reading()._trusting

    assert trusting.check_hostname
    assert trusting.verify_mode is ssl.CERT_REQUIRED


def test_who_waits_for_data_can_be_cut_off(origin: Origin) -> None:
    gate = threading.Event()
    blob = reading().open_in_background(origin.put("/a", DATA, held=gate), len(DATA))
    assert blob.read(0, 1) == DATA[:1]
    threading.Timer(0.05, blob.cut).start()

    with pytest.raises(Broken):
        blob.read(1, len(DATA) - 1)
    blob.close()
    blob.cut()
