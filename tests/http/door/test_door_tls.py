"""The door behind TLS: the same answers, and no harm from what is no handshake."""

import logging
import ssl
import threading
from contextlib import suppress

import pytest
from doors import PATIENCE_S, Client, FileBlob, MemoryBlob, RunningDoor, Sink, Stage

from calotype.http import tls

MIB = 1024 * 1024
DATA = bytes(range(256)) * 4096 * 5 + b"tail"


@pytest.fixture
def start_secure(start_door, certificate):
    """Starts a door that speaks TLS."""

    def start(stage: Stage | None = None, **options) -> RunningDoor:
        return start_door(stage, tls_cert=certificate.file, tls_key=certificate.key, **options)

    return start


@pytest.fixture
def secure(start_secure) -> RunningDoor:
    return start_secure()


@pytest.fixture
def client(secure, certificate) -> Client:
    """One who has shaken hands with `secure`."""
    return secure.client(certificate.trusting())


@pytest.fixture
def of_file(tmp_path) -> Stage:
    with (tmp_path / "blob").open("w+b") as file:
        yield Stage(blob=FileBlob(DATA, file))


class Handshake:
    """A client's handshake in two steps."""

    def __init__(self, client: Client, trusting: ssl.SSLContext) -> None:
        self.client = client
        self._heard, self._said = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trusting.wrap_bio(self._heard, self._said, server_hostname="127.0.0.1")

    def begin(self) -> None:
        """Say hello and hear the server's part."""
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.do_handshake()
        self.client.send(self._said.read())
        self._heard.write(self.client.socket.recv(65536))

    def end(self) -> None:
        self._tls.do_handshake()
        self.client.send(self._said.read())


def test_urls_begin_with_https(client):
    assert client.ask("GET /echo").json["base_url"] == "https://door.example"


def test_nothing_older_than_tls_1_2_is_spoken_and_no_other_http(certificate, client):
    assert tls.load(certificate.file, certificate.key).minimum_version == ssl.TLSVersion.TLSv1_2
    assert client.socket.version() == "TLSv1.3"


def test_a_client_that_offers_http_2_is_answered_in_http_1_1(secure, certificate):
    offering = certificate.trusting()
    offering.set_alpn_protocols(["h2", "http/1.1"])
    client = secure.client(offering)

    assert client.socket.selected_alpn_protocol() == "http/1.1"
    assert client.ask("GET /echo").status == 200


@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_upload_arrives_whole_and_in_steps(secure, client, is_chunked):
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DATA), DATA)
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(DATA)}"

    reply = client.ask("PUT /upload", length, body=chunks if is_chunked else DATA)

    assert reply.json == {"length": len(DATA)}
    assert bytes(secure.stage.sink.data) == DATA
    assert max(secure.stage.sink.steps) <= 2 * MIB
    assert client.ask("GET /echo").status == 200


def test_a_slow_sink_holds_the_client_back(start_secure, certificate):
    sink = Sink(hold=threading.Event())
    client = start_secure(Stage(sink=sink)).client(certificate.trusting())
    client.send(b"PUT /upload HTTP/1.1\r\nHost: door.example\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
    client.socket.settimeout(0.5)
    sent = 0
    with suppress(TimeoutError):
        while sent < 64 * MIB:
            sent += client.socket.send(b"a" * MIB)

    assert sent < 32 * MIB
    sink.hold.set()


def test_a_file_leaves_whole_and_encrypted(start_secure, of_file, certificate):
    client = start_secure(of_file).client(certificate.trusting())

    for _ in range(2):
        assert client.ask("GET /blob").body == DATA


def test_a_blob_that_is_no_file_leaves_whole(start_secure, certificate):
    client = start_secure(Stage(blob=MemoryBlob(DATA))).client(certificate.trusting())

    assert client.ask("GET /blob").body == DATA


@pytest.mark.parametrize(("wanted", "first", "last"), [("3-9", 3, 9), ("-4", len(DATA) - 4, len(DATA) - 1)])
def test_a_part_of_a_file_leaves(start_secure, of_file, certificate, wanted, first, last):
    reply = start_secure(of_file).client(certificate.trusting()).ask("GET /parts", f"Range: bytes={wanted}")

    assert (reply.status, reply.body) == (206, DATA[first : last + 1])
    assert reply.header("Content-Range") == f"bytes {first}-{last}/{len(DATA)}"


def test_a_head_has_the_length_and_no_body(start_secure, of_file, certificate):
    client = start_secure(of_file).client(certificate.trusting())

    assert client.ask("HEAD /blob").header("Content-Length") == str(len(DATA))


def test_an_empty_file_leaves_as_nothing(start_secure, tmp_path, certificate):
    with (tmp_path / "blob").open("w+b") as file:
        client = start_secure(Stage(blob=FileBlob(b"", file))).client(certificate.trusting())

        assert (client.ask("GET /blob").body, client.ask("GET /echo").status) == (b"", 200)


def test_a_file_that_ends_early_breaks_the_download_off(start_secure, tmp_path, certificate):
    with (tmp_path / "blob").open("w+b") as file:
        door = start_secure(Stage(blob=FileBlob(DATA, file, ends_after=2 * MIB)))
        client = door.client(certificate.trusting())
        client.send(b"GET /blob HTTP/1.1\r\nHost: door.example\r\n\r\n")

        assert client.head()[0] == 200
        assert client.rest() < len(DATA)
        assert door.stage.blob.is_closed.wait(PATIENCE_S)


def test_a_client_that_goes_during_a_download_leaves_nothing_behind(start_secure, of_file, certificate, caplog):
    of_file.blob.size = 1 << 30  # more than any buffer takes
    door = start_secure(of_file)
    client = door.client(certificate.trusting())
    client.send(b"GET /blob HTTP/1.1\r\nHost: door.example\r\n\r\n")
    client.head()
    client.close()

    assert of_file.blob.is_closed.wait(PATIENCE_S)
    assert caplog.records == []


def test_a_client_that_still_sends_can_read_why_it_is_refused(start_secure, certificate):
    client = start_secure(Stage(raises=ValueError("nobody's fault"))).client(certificate.trusting())
    client.send(b"PUT /upload HTTP/1.1\r\nHost: door.example\r\nContent-Length: %d\r\n\r\n" % (8 * MIB), b"a" * MIB)

    assert client.reply().status == 500
    assert client.is_closed()


def test_who_is_refused_while_sending_is_hung_up_on_only_after_the_time_to_read(start_secure, certificate):
    stage = Stage(raises=ValueError("nobody's fault"))
    client = start_secure(stage, linger_s=PATIENCE_S).client(certificate.trusting())
    client.send(b"PUT /upload HTTP/1.1\r\nHost: door.example\r\nContent-Length: %d\r\n\r\n" % (8 * MIB), b"a" * MIB)
    assert client.reply().status == 500

    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.read(1)


@pytest.mark.parametrize(
    "said",
    [
        b"GET /echo HTTP/1.1\r\nHost: door.example\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + b"a" * 70000,
        b"\x80\x2e\x01\x00\x02",
        b"\0" * 1000,
    ],
)
def test_what_is_no_handshake_is_hung_up_on_and_does_no_harm(secure, certificate, caplog, said):
    caplog.set_level(logging.WARNING)
    stranger = secure.client()
    try:
        stranger.send(said)
        stranger.end_own_half()
        heard = stranger.read(1000)
    except ConnectionResetError:
        heard = b""

    assert b"HTTP" not in heard
    assert secure.client(certificate.trusting()).ask("GET /echo").status == 200
    assert caplog.records == []


def test_half_a_handshake_is_hung_up_on_in_the_time_for_a_header(start_secure):
    door = start_secure(header_timeout_s=0.3)

    assert door.client().is_closed()
    assert door.client().send(b"\x16\x03\x01").is_closed()


def test_a_client_that_does_not_trust_the_certificate_does_no_harm(secure, certificate, caplog):
    with pytest.raises(ssl.SSLCertVerificationError):
        secure.client(ssl.create_default_context())

    assert secure.client(certificate.trusting()).ask("GET /echo").status == 200
    assert caplog.records == []


def test_an_idle_connection_ends_when_the_service_does(secure, client):
    assert client.ask("GET /echo").status == 200

    secure.stop()

    assert client.is_closed()


def test_a_connection_that_comes_about_while_the_service_ends_is_ended_too(start_secure, certificate):
    door = start_secure(drain_timeout_s=3 * PATIENCE_S)
    at_work, idle = (door.client(certificate.trusting()) for _ in range(2))
    at_work.send(b"GET /gate HTTP/1.1\r\nHost: door.example\r\n\r\n")
    while not door.stage.seen:
        threading.Event().wait(0.01)
    late = Handshake(door.client(), certificate.trusting())
    late.begin()

    door.stop()
    assert idle.is_closed()  # the end has begun

    late.end()
    late.client.rest()  # fails if it does not end
    door.stage.gate.set()
    assert at_work.reply().body == b"through"
