"""docs/operate/nginx.conf, with ports and paths of the test's own, in front of a service."""

import http.client
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import nginx
import servers
from certificates import Certificate
from servers import Server

ROOT = Path(__file__).parents[2]
DATA = bytes(range(256)) * 4096 * 9
RAW = {
    "x-image-meta-disk_format": "raw",
    "x-image-meta-container_format": "bare",
    "Content-Type": "application/octet-stream",
}
LIMIT_S = 20


@dataclass
class Proxy:
    """nginx while it runs; *server* is the service behind it as clients see it from in front."""

    nginx: nginx.Nginx
    server: Server


def start(folder: Path, server: Server, certificate: Certificate, *, without: str = "") -> Proxy:
    """nginx with the file of the documents, but for its line that begins with *without*."""
    ours = {
        "server 127.0.0.1:9292": f"server {server.host}:{server.port}",
        "/etc/nginx/images.example.pem": str(certificate.file),
        "/etc/nginx/images.example.key": str(certificate.key),
    }
    running = nginx.start(folder, ROOT / "docs/operate/nginx.conf", ours, without=without)
    in_front = replace(server, url=f"https://127.0.0.1:{running.port}", trusting=certificate.trusting())
    return Proxy(running, in_front)


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """A service of the module's own that believes the machine's own proxy, as docs/operate/install.md sets it up."""
    flags = ("--ephemeral", "--trusted-proxies", "127.0.0.1")
    running = servers.start(tmp_path_factory.mktemp("server") / "log", *flags)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def start_nginx(tmp_path_factory, behind, certificate, missing):
    if not nginx.PROGRAM.exists():
        missing("Debian's package nginx")
    running = []

    def begin(**how) -> Proxy:
        folder = tmp_path_factory.mktemp("nginx")
        running.append(start(folder, behind, certificate, **how))
        return running[-1]

    yield begin
    for proxy in running:
        proxy.nginx.stop()


@pytest.fixture(scope="module")
def front(start_nginx) -> Server:
    return start_nginx().server


def test_a_v1_upload_with_underscores_in_its_headers_passes_and_its_url_is_the_proxys(front):
    answer = front.request("POST", "/v1/images", DATA, RAW)

    assert answer.status == 201, answer.body
    assert answer.json["image"]["disk_format"] == "raw"
    assert answer.headers["Location"].startswith(f"{front.url}/v1/images/")
    path = answer.headers["Location"].removeprefix(front.url)
    assert front.request("GET", path).body == DATA
    part = front.request("GET", path, headers={"Range": "bytes=1000000-"})
    assert (part.status, part.body) == (206, DATA[1000000:])


def test_a_large_upload_in_chunks_reaches_the_service_while_it_is_sent(front):
    connection = http.client.HTTPSConnection(front.host, front.port, context=front.trusting, timeout=LIMIT_S)
    connection.putrequest("POST", "/v1/images")
    headers = {"X-Auth-Token": front.token_of(), "x-image-meta-name": "chunked", "Transfer-Encoding": "chunked"}
    for name, value in (RAW | headers).items():
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(4):
        connection.send(b"%x\r\n%s\r\n" % (len(DATA), DATA))
    seen = []
    deadline = time.monotonic() + LIMIT_S
    while seen != ["saving"] and time.monotonic() < deadline:
        images = front.request("GET", "/v1/images/detail?name=chunked").json["images"]
        seen = [image["status"] for image in images]
    connection.send(b"0\r\n\r\n")
    answer = connection.getresponse()

    assert seen == ["saving"]
    assert answer.status == 201
    assert f'"size": {4 * len(DATA)}'.encode() in answer.read()
    connection.close()


def test_many_properties_and_a_long_one_pass_in_both_directions(front):
    properties = {f"x-image-meta-property-p{number}": "a" * 2000 for number in range(60)}
    properties["x-image-meta-property-long"] = "b" * 65000  # Python reads lines of 65,536 bytes

    made = front.request("POST", "/v1/images", headers=RAW | properties | {"x-image-meta-size": "1"})

    assert made.status == 201, made.body
    shown = front.request("HEAD", f"/v1/images/{made.json['image']['id']}")
    assert shown.status == 200
    assert {name: shown.headers[name] for name in properties} == properties


def test_the_log_has_the_client_whatever_it_writes_into_its_headers(front, behind):
    connection = http.client.HTTPSConnection(
        front.host, front.port, context=front.trusting, timeout=LIMIT_S, source_address=("127.0.0.2", 0)
    )
    forged = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    connection.request("GET", "/versions?as=forged", headers=forged)
    answer = connection.getresponse()

    assert b"evil" not in answer.read()
    connection.close()
    front.request("GET", "/healthz", token=None)  # the line before this one's is written by now
    (line,) = [line for line in behind.log.read_text().splitlines() if "client=127.0.0.2" in line]
    assert "path=/versions" in line


def test_an_upload_that_is_refused_reads_why(front):
    answer = front.request("POST", "/v1/images", DATA, RAW, token="no token of anybody")

    assert answer.status == 401


@pytest.mark.parametrize(("directive", "status"), [("underscores_in_headers", 400), ("client_max_body_size", 413)])
def test_without_two_of_the_five_lines_no_image_passes(start_nginx, directive, status):
    front = start_nginx(without=directive).server

    assert front.request("POST", "/v1/images", DATA, RAW).status == status


def test_without_proxy_request_buffering_off_the_service_hears_of_an_upload_at_its_end(start_nginx, behind):
    front = start_nginx(without="proxy_request_buffering").server
    connection = http.client.HTTPSConnection(front.host, front.port, context=front.trusting, timeout=LIMIT_S)
    sent = RAW | {"X-Auth-Token": behind.token_of(), "x-image-meta-name": "stored", "Content-Length": "2"}
    connection.putrequest("POST", "/v1/images")
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders(b"1")
    assert front.request("GET", "/v1/images?name=stored").json == {"images": []}
    connection.send(b"2")

    assert connection.getresponse().status == 201
    connection.close()
