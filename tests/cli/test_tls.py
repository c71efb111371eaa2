"""The service with a certificate, as an operator starts it and as clients find it."""

import http.client
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import certificates
import servers

DATA = bytes(range(256)) * 20480 + b"tail"
RAW = {
    "x-image-meta-name": "secret",
    "x-image-meta-disk_format": "raw",
    "x-image-meta-container_format": "bare",
    "Content-Type": "application/octet-stream",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificate):
    """A service of the module's own that speaks https."""
    log = tmp_path_factory.mktemp("server") / "log"
    running = servers.start(log, "--ephemeral", *certificate.flags, trusting=certificate.trusting())
    yield running
    running.stop()
    assert "Traceback" not in log.read_text()


@pytest.fixture
def curl(server, certificate, missing):
    """Runs curl, which trusts the certificate and sends a token; gives what it prints."""
    if shutil.which("curl") is None:
        missing("curl")
    token = f"X-Auth-Token: {server.token_of()}"

    def run(*arguments: str | Path, given: bytes = b"") -> bytes:
        command = ["curl", "-sS", "--fail-with-body", "--cacert", certificate.file, "-H", token, *arguments]
        return subprocess.run(command, input=given, check=True, capture_output=True, timeout=60).stdout

    return run


def refusal(*flags: str | Path, cwd: Path) -> str:
    """The one line with which `serve` refuses to start, with 2 and before it makes anything."""
    result = servers.run("serve", "--port", "0", *flags, cwd=cwd)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("calotype: ")
    assert result.stderr.count("\n") == 1
    assert not (cwd / "data").exists()
    return result.stderr


def test_it_is_ready_on_https_and_tells_clients_so(server):
    clouds = yaml.safe_load((server.folder / "clouds.yaml").read_text())["clouds"]

    assert server.url.startswith("https://127.0.0.1:")
    assert {cloud["auth"]["auth_url"] for cloud in clouds.values()} == {f"{server.url}/identity/v3"}
    assert f"OS_AUTH_URL={server.url}/identity/v3" in (server.folder / "openrc").read_text()


def test_every_url_in_its_answers_is_https(server):
    catalogue = server.request("GET", "/identity/v3/auth/catalog").json["catalog"]
    urls = {endpoint["url"] for service in catalogue for endpoint in service["endpoints"]}
    versions = server.request("GET", "/versions", token=None).json["versions"]
    urls |= {link["href"] for version in versions for link in version["links"]}
    urls.add(server.request("POST", "/v1/images", DATA, RAW).headers["Location"])

    assert len(urls) == 5
    assert [url for url in urls if not url.startswith(server.url)] == []


def test_curl_sends_an_image_and_gets_it_back_whole_in_part_and_as_headers(server, curl, tmp_path):
    (tmp_path / "image").write_bytes(DATA)
    headers = [part for name, value in RAW.items() for part in ("-H", f"{name}: {value}")]
    images = f"{server.url}/v1/images"

    location = curl("-D", "-", "-o", "/dev/null", *headers, "--data-binary", f"@{tmp_path / 'image'}", images)
    (url,) = [line.split()[1].decode() for line in location.splitlines() if line.lower().startswith(b"location:")]

    assert curl(url) == DATA
    assert curl("-r", "5-9", url) == DATA[5:10]
    assert b"x-image-meta-status: active" in curl("-I", url).lower()


def test_curl_sends_an_image_of_unknown_length(server, curl):
    headers = [part for name, value in RAW.items() for part in ("-H", f"{name}: {value}")]

    answer = curl(*headers, "-X", "POST", "-T", "-", f"{server.url}/v1/images", given=DATA)

    assert f'"size": {len(DATA)}'.encode() in answer


def test_python_sends_one_and_resumes_its_download_on_the_same_connection(server, certificate):
    token = {"X-Auth-Token": server.token_of()}
    connection = http.client.HTTPSConnection(server.host, server.port, context=certificate.trusting(), timeout=30)
    connection.request("POST", "/v1/images", DATA, RAW | token)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 201
    path = answer.headers["Location"].removeprefix(server.url)

    connection.request("GET", path, headers=token | {"Range": "bytes=1000000-"})
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (206, DATA[1000000:])
    connection.close()


def test_plain_http_is_not_spoken_on_its_port(server, raw):
    assert b"HTTP" not in raw(server.host, server.port, b"GET /healthz HTTP/1.1\r\nHost: images\r\n\r\n")
    assert server.request("GET", "/healthz", token=None).status == 200


def test_an_upload_under_way_may_end_after_sigterm(tmp_path, certificate):
    server = servers.start(tmp_path / "log", "--ephemeral", *certificate.flags, trusting=certificate.trusting())
    token = server.token_of()
    connection = http.client.HTTPSConnection(server.host, server.port, context=certificate.trusting(), timeout=30)
    connection.putrequest("POST", "/v1/images")
    for name, value in (RAW | {"X-Auth-Token": token, "Content-Length": "4"}).items():
        connection.putheader(name, value)
    connection.endheaders(b"da")
    while server.request("GET", "/v1/images/detail").json["images"][:1] == []:
        pass

    server.process.terminate()
    connection.send(b"ta")

    assert connection.getresponse().status == 201
    connection.close()
    assert server.stop() == 0


@pytest.mark.parametrize("given", ["--tls-cert", "--tls-key"])
def test_a_certificate_without_key_and_a_key_without_certificate_are_refused(certificate, tmp_path, given):
    line = refusal(given, certificate.file, cwd=tmp_path)

    assert "tls_cert" in line
    assert "tls_key" in line


def test_files_that_are_absent_or_cannot_be_read_are_named(certificate, tmp_path):
    assert "nowhere.pem" in refusal("--tls-cert", "nowhere.pem", "--tls-key", certificate.key, cwd=tmp_path)
    assert "nowhere.pem" in refusal("--tls-cert", certificate.file, "--tls-key", "nowhere.pem", cwd=tmp_path)
    assert str(tmp_path) in refusal("--tls-cert", certificate.file, "--tls-key", tmp_path, cwd=tmp_path)


def test_files_that_hold_something_else_are_named(certificate, tmp_path):
    (tmp_path / "words").write_bytes(b"\xff words")
    (tmp_path / "empty").write_bytes(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")

    assert "words" in refusal("--tls-cert", tmp_path / "words", "--tls-key", certificate.key, cwd=tmp_path)
    assert "words" in refusal("--tls-cert", certificate.file, "--tls-key", tmp_path / "words", cwd=tmp_path)
    assert "tls_cert" in refusal("--tls-cert", certificate.key, "--tls-key", certificate.file, cwd=tmp_path)
    assert "empty" in refusal("--tls-cert", tmp_path / "empty", "--tls-key", certificate.key, cwd=tmp_path)


def test_a_key_of_another_certificate_is_refused(certificate, tmp_path):
    other = certificates.make(tmp_path)

    line = refusal("--tls-cert", certificate.file, "--tls-key", other.key, cwd=tmp_path)

    assert f"is not the key of {certificate.file}" in line


def test_a_locked_key_is_refused_and_nobody_is_asked_for_its_passphrase(tmp_path, certificate):
    locked = certificates.make(tmp_path, passphrase="hush-hush")

    assert "passphrase" in refusal(*locked.flags, cwd=tmp_path)


def test_with_absent_and_busy_things_both_the_certificate_is_told_first(server, tmp_path):
    flags = ("--port", str(server.port), "--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem")

    assert servers.run("serve", *flags, cwd=tmp_path).returncode == 2
