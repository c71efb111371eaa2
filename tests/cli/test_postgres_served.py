"""A running service whose PostgreSQL goes away and comes back, and ten nodes over one. Source: docs/design/0012-postgresql.md."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

import servers
import severing
from databases import PostgresServer
from nodes import LIMIT_S, Node, free_port
from servers import Answer, Server

DISK = {"disk_format": "raw", "container_format": "bare"}


def make(service: Server, name: str) -> Answer:
    body = json.dumps({"name": name, **DISK}).encode()
    return service.request("POST", "/v2/images", body, {"Content-Type": "application/json"})


def names(service: Server) -> list[str]:
    return sorted(image["name"] for image in service.request("GET", "/v2/images").json["images"])


def until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_service_outlives_its_database(
    postgres_to_stop: PostgresServer, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    service = start_server(CALOTYPE_DATABASE=postgres_to_stop.new_database())
    assert make(service, "before").status == 201

    postgres_to_stop.end_all_connections()
    answers = [make(service, f"after{n}").status for n in range(3)]
    assert answers == [201, 201, 201]

    postgres_to_stop.stop("immediate")
    began = time.monotonic()
    v2, v1 = service.request("GET", "/v2/images"), service.request("GET", "/v1/images")
    identity, created = service.request("GET", "/v3/auth/projects"), make(service, "during")
    health = [service.request("GET", path, token=None) for path in ("/readyz", "/healthz")]
    took_s = time.monotonic() - began
    postgres_to_stop.start()

    assert [answer.status for answer in (v2, v1, identity, created)] == [503] * 4
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in (v2, v1, identity, created))
    assert "error" in identity.json
    assert [answer.status for answer in health] == [503, 200]
    assert "database" in health[0].text
    assert took_s < 5
    assert names(service) == ["after0", "after1", "after2", "before"]
    log = (tmp_path / "log0").read_text()
    assert "Traceback" not in log
    assert log.count("request failed") == 4


def test_ready_is_told_in_time_while_the_database_hangs(
    postgres_to_stop: PostgresServer, start_server: Callable[..., Server]
) -> None:
    service = start_server(CALOTYPE_DATABASE=postgres_to_stop.new_database(), CALOTYPE_DATABASE_STATEMENT_TIMEOUT_S="1")
    token = service.token_of()
    hanging = [threading.Thread(target=service.request, args=("GET", "/v2/images")) for _ in range(6)]
    postgres_to_stop.pause()
    try:
        for thread in hanging:
            thread.start()
        began = time.monotonic()
        ready = service.request("GET", "/readyz", token=None)
        took_s = time.monotonic() - began
        listed = service.request("GET", "/v2/images", token=token)
        for thread in hanging:
            thread.join(LIMIT_S)
    finally:
        postgres_to_stop.go_on()

    assert (ready.status, listed.status) == (503, 503)
    assert took_s < 10
    until(lambda: service.request("GET", "/readyz", token=None).status == 200)
    assert names(service) == []


def test_a_request_is_made_again_after_a_deadlock(
    postgres_to_stop: PostgresServer, start_server: Callable[..., Server]
) -> None:
    """The database is told to call the first two new versions of an image a deadlock."""
    url = postgres_to_stop.new_database()
    service = start_server(CALOTYPE_DATABASE=url)
    image = make(service, "debian").json
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE tries")
        connection.execute(
            "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries') <= 2 THEN"
            " RAISE EXCEPTION 'collision' USING ERRCODE = 'deadlock_detected'; END IF; RETURN NEW; END $$"
        )
        connection.execute("CREATE TRIGGER collide BEFORE UPDATE ON images FOR EACH ROW EXECUTE FUNCTION collide()")
    patch = json.dumps([{"op": "replace", "path": "/name", "value": "trixie"}]).encode()
    media_type = {"Content-Type": "application/openstack-images-v2.1-json-patch"}

    changed = service.request("PATCH", f"/v2/images/{image['id']}", patch, media_type)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT setval('tries', 1, false)")
        connection.execute("ALTER SEQUENCE tries MINVALUE -9 RESTART -9")
    stays = service.request("PATCH", f"/v2/images/{image['id']}", patch, media_type)

    assert (changed.status, stays.status) == (200, 409)
    assert names(service) == ["trixie"]


def test_a_change_cut_behind_its_commit_is_503_and_made_once(
    postgres_to_stop: PostgresServer, start_server: Callable[..., Server]
) -> None:
    database = postgres_to_stop.new_database().partition("@/")[2].partition("?")[0]
    with severing.before(postgres_to_stop.port or 0) as proxy:
        service = start_server(CALOTYPE_DATABASE=postgres_to_stop.tcp_url(database, proxy.port))
        service.token_of()
        proxy.armed_by, proxy.cut_after = b"INSERT INTO used_ids", b"COMMIT"
        answer = make(service, "debian")

        assert answer.status == 503
        assert proxy.cuts == 1
        assert "look before trying again" in answer.text
        assert names(service) in ([], ["debian"])
        service.stop()


def begun(service: Server) -> str:
    image: str = make(service, "debian").json["id"]
    return image


def test_an_upload_whose_last_commit_is_cut_off_is_told_as_what_it_is(
    postgres_to_stop: PostgresServer, start_server: Callable[..., Server]
) -> None:
    database = postgres_to_stop.new_database().partition("@/")[2].partition("?")[0]
    with severing.before(postgres_to_stop.port or 0) as proxy:
        service = start_server(CALOTYPE_DATABASE=postgres_to_stop.tcp_url(database, proxy.port))
        image = begun(service)
        proxy.armed_by, proxy.cut_after = b"INSERT INTO blobs", b"COMMIT"
        answer = service.request("PUT", f"/v2/images/{image}/file", b"x" * 4096)
        shown = service.request("GET", f"/v2/images/{image}").json

        assert proxy.cuts == 1
        assert (answer.status, shown["status"]) == (204, "active")
        assert service.request("GET", f"/v2/images/{image}/file").body == b"x" * 4096
        service.stop()


def test_an_upload_waits_at_its_end_for_a_database_that_is_restarted(
    postgres_to_stop: PostgresServer, start_server: Callable[..., Server]
) -> None:
    service = start_server(CALOTYPE_DATABASE=postgres_to_stop.new_database())
    image = begun(service)
    told: list[int] = []
    body = b"x" * 65536
    connection = http.client.HTTPConnection(service.host, service.port, timeout=60)
    connection.putrequest("PUT", f"/v2/images/{image}/file")
    for name, value in {"X-Auth-Token": service.token_of(), "Content-Type": "application/octet-stream"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(2 * len(body)))
    connection.endheaders(body)
    until(lambda: service.request("GET", f"/v2/images/{image}").json["status"] == "saving")
    postgres_to_stop.stop("immediate")
    connection.send(body)
    threading.Timer(2, postgres_to_stop.start).start()
    told.append(connection.getresponse().status)
    connection.close()

    assert told == [204]
    assert service.request("GET", f"/v2/images/{image}").json["status"] == "active"


@pytest.mark.parametrize("revision", [None, "0001"])
def test_ten_nodes_may_start_at_once(postgres_to_stop: PostgresServer, tmp_path: Path, revision: str | None) -> None:
    url = postgres_to_stop.new_database()
    if revision is not None:
        dump = Path(__file__).parents[1] / "databases" / f"{revision}.postgresql.sql"
        with psycopg.connect(url) as restoring:
            restoring.execute(dump.read_bytes())
    env = {"CALOTYPE_DATABASE": url, "CALOTYPE_DATABASE_POOL_SIZE": "2"}
    started = [Node(n, tmp_path / f"node{n}", free_port(), (), env) for n in range(10)]
    try:
        for node in started:
            node.start()
        for node in started:
            node.wait()
        with psycopg.connect(url) as looking:
            users = looking.execute("SELECT name FROM users WHERE name IN ('calotype', 'admin') ORDER BY 1").fetchall()
            versions = looking.execute("SELECT count(*) FROM schema_version").fetchall()
    finally:
        for node in started:
            node.stop()

    assert versions == [(1,)]
    if revision is None:
        assert users == [("admin",), ("calotype",)]
        knowing = [node for node in started if (node.folder / "credentials.json").exists()]
        assert len(knowing) == 1
        others = [node for node in started if node not in knowing]
        assert all("they are left alone" in node.log.read_text() for node in others)
    assert all("Traceback" not in node.log.read_text() for node in started)


def test_a_database_that_stays_away_ends_a_start_with_5_after_the_time_it_is_given(tmp_path: Path) -> None:
    env = {"CALOTYPE_DATABASE": f"postgresql://u:hush@127.0.0.1:{free_port()}/x", "CALOTYPE_DATABASE_WAIT_S": "1"}
    ended = servers.run("serve", "--port", "0", "--data-dir", tmp_path / "data", **env)

    assert ended.returncode == 5
    assert "waiting for it" in ended.stderr
    assert "hush" not in ended.stderr
