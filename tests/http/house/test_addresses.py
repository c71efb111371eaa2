"""The URLs that a service writes, under an address that only its operator knows, and behind a proxy it believes."""

import json

import pytest

import servers

PUBLIC = "https://www.example:8443/images"
RAW = {"x-image-meta-disk-format": "raw", "x-image-meta-container-format": "bare"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A service of the module's own that is known under an address with a path."""
    running = servers.start(tmp_path_factory.mktemp("server") / "log", "--ephemeral", "--public-endpoint", PUBLIC)
    yield running
    running.stop()


def urls(value: object) -> list[str]:
    """All texts in a JSON document that are URLs."""
    if isinstance(value, str):
        return [value] if "://" in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [url for item in inner for url in urls(item)]


@pytest.mark.parametrize("path", ["/", "/versions", "/v1", "/v1.1", "/identity", "/identity/v3", "/v3"])
def test_version_lists_name_the_public_endpoint(server, path):
    found = urls(server.request("GET", path, token=None).json)

    assert found
    assert [url for url in found if not url.startswith(f"{PUBLIC}/")] == []


def test_the_catalogue_of_services_names_it(server):
    found = urls(server.request("GET", "/identity/v3/auth/catalog").json)

    assert {f"{PUBLIC}/identity/v3", PUBLIC} <= set(found)
    assert [url for url in found if url != PUBLIC and not url.startswith(f"{PUBLIC}/")] == []


def test_a_token_and_what_it_can_see_name_it(server):
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": server.token_of()}}}}
    found = urls(server.request("POST", "/v3/auth/tokens", json.dumps(body).encode(), token=None).json)
    found += urls(server.request("GET", "/v3/auth/projects").json)

    assert found
    assert [url for url in found if url != PUBLIC and not url.startswith(f"{PUBLIC}/")] == []


def test_the_location_of_a_new_image_names_it(server):
    location = server.request("POST", "/v1/images", b"data", RAW).headers["Location"]

    assert location.startswith(f"{PUBLIC}/v1/images/")


@pytest.mark.parametrize("path", ["/v1/images", "/identity/v3/auth/catalog"])
def test_who_is_not_logged_in_is_sent_there(server, path):
    answer = server.request("GET", path, token=None)

    assert answer.status == 401
    assert f'uri="{PUBLIC}/identity' in answer.headers["WWW-Authenticate"]


def test_the_files_for_clients_name_it(server):
    assert f"{PUBLIC}/identity/v3" in (server.folder / "clouds.yaml").read_text()
    assert f"{PUBLIC}/identity/v3" in (server.folder / "openrc").read_text()


def test_neither_host_nor_forged_headers_change_it(server):
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}

    assert b"evil" not in server.request("GET", "/versions", headers=forged, token=None).body


def test_without_it_the_urls_are_those_a_believed_proxy_names_and_the_log_has_its_client(start_server):
    server = start_server("--ephemeral", "--trusted-proxies", "127.0.0.0/8")
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example", "X-Forwarded-For": "192.0.2.7"}

    versions = server.request("GET", "/versions", headers=said, token=None)
    location = server.request("POST", "/v1/images", b"data", RAW | said).headers["Location"]

    assert {url.rpartition("/v")[0] for url in [location, *urls(versions.json)]} == {"https://www.example"}
    server.stop()
    assert [line for line in server.log.read_text().splitlines() if "client=192.0.2.7" in line and "/versions" in line]
