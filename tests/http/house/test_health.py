import pytest

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Stores
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.faces import health
from calotype.http.messages import Request
from calotype.service.health import Health


@pytest.fixture
def stores(tmp_path) -> Stores:
    return Stores({"local": LocalStore(tmp_path / "blobs")}, default="local")


def ready(checks: Health) -> tuple[int, bytes]:
    face = health.face(checks)
    methods, _ = face.table.match("/readyz")
    request = Request(method="GET", path="/readyz", raw_query="", headers=(), request_id="req-1", base_url="http://h")
    answer = methods["GET"].handler(None, request)
    return answer.status, answer.body


@pytest.mark.parametrize(("path", "body"), [("/healthz", b"OK\n"), ("/healthcheck", b"OK\n"), ("/readyz", b"ready\n")])
def test_a_healthy_service_says_so_to_anybody(server, path, body):
    answer = server.request("GET", path, token=None)

    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert answer.headers["X-Openstack-Request-Id"].startswith("req-")


@pytest.mark.parametrize("path", ["/healthz", "/healthcheck", "/readyz"])
def test_head_asks_the_same_without_the_text(server, path):
    answer = server.request("HEAD", path, token=None)

    assert (answer.status, answer.body) == (200, b"")


def test_nothing_else_can_be_done_there(server):
    assert server.request("POST", "/healthz", b"", token=None).status == 405
    assert server.request("GET", "/healthz/more", token=None).status == 404


def test_a_service_whose_store_is_gone_is_alive_but_not_ready(start_server):
    server = start_server()
    (server.folder / "blobs").rename(server.folder / "elsewhere")

    assert server.request("GET", "/healthz", token=None).status == 200
    answer = server.request("GET", "/readyz", token=None)
    assert (answer.status, answer.body) == (503, b"broken: store local\n")


def test_a_database_that_does_not_answer_is_named(stores, tmp_path):
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{tmp_path / 'nowhere' / 'catalogue.sqlite'}"))

    assert ready(Health(catalogue, stores)) == (503, b"broken: database\n")
    catalogue.close()


def test_all_that_is_broken_is_named(stores, tmp_path):
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{tmp_path / 'nowhere' / 'catalogue.sqlite'}"))
    (tmp_path / "blobs").rmdir()

    assert ready(Health(catalogue, stores)) == (503, b"broken: database, store local\n")
    catalogue.close()


def test_what_answers_is_ready(catalogue, stores):
    assert ready(Health(catalogue, stores)) == (200, b"ready\n")


def test_each_store_that_does_not_work_is_named(catalogue, tmp_path):
    stores = Stores({name: LocalStore(tmp_path / name) for name in "abc"}, default="a")
    for name in "bc":
        (tmp_path / name).rmdir()

    assert ready(Health(catalogue, stores)) == (503, b"broken: store b, store c\n")
