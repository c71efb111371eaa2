"""docs/operate/nginx-nodes.conf, with ports and paths of the test's own, in front of three nodes that share no folder."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha512
from typing import NoReturn

import pytest

import nginx
import nodes
from certificates import Certificate
from databases import PostgresServer
from nodes import Cluster, Node
from seaweed import SeaweedFS
from servers import Answer, Server

DATA = bytes(range(256)) * 4096 * 3
RAW = {
    "x-image-meta-disk_format": "raw",
    "x-image-meta-container_format": "bare",
    "Content-Type": "application/octet-stream",
}


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory,
    certificate: Certificate,
    postgres_18: PostgresServer,
    seaweed: SeaweedFS,
    missing: Callable[[str], NoReturn],
) -> Iterator[Cluster]:
    if not nginx.PROGRAM.exists():
        missing("Debian's package nginx")
    folder = tmp_path_factory.mktemp("nodes")
    flags = ["--trusted-proxies", "127.0.0.1", "--store", f"s3={seaweed.url(seaweed.new_bucket())}"]
    with nodes.cluster(folder, certificate, flags, {"CALOTYPE_DATABASE": postgres_18.new_database()}) as running:
        yield running


def seen(cluster: Cluster, url: str, *, trusting: bool = False) -> Server:
    """The service at *url*, for whoever has the passwords: they are with the one node that made the accounts."""
    (folder,) = [node.folder for node in cluster.nodes if (node.folder / "credentials.json").exists()]
    process = next(node.process for node in cluster.nodes if node.process is not None)
    return Server(process, url, folder, folder / "log", [], cluster.trusting if trusting else None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def front(cluster: Cluster) -> Server:
    """The service as clients see it."""
    return seen(cluster, f"https://127.0.0.1:{cluster.port}", trusting=True)


@pytest.fixture
def node_down(cluster: Cluster) -> Iterator[Node]:
    """A node that is stopped, and back after the test."""
    node = cluster.nodes[0]
    node.stop()
    yield node
    node.start()
    node.wait()


def test_one_node_of_those_that_started_at_once_has_the_passwords(cluster: Cluster) -> None:
    assert [(node.folder / "credentials.json").exists() for node in cluster.nodes].count(True) == 1


def test_what_one_node_took_every_node_gives(cluster: Cluster, front: Server) -> None:
    first, *others = [replace(front, url=node.url, trusting=None) for node in cluster.nodes]
    made = first.request("POST", "/v1/images", DATA, RAW)

    assert made.status == 201, made.body
    path = f"/v1/images/{made.json['image']['id']}"
    for server in (*others, front):
        assert sha512(server.request("GET", path).body).digest() == sha512(DATA).digest()
    assert sorted(path.name for node in cluster.nodes for path in node.folder.iterdir() if path.is_dir()) == []


def test_a_node_that_is_down_is_passed_over_by_uploads_and_by_reads(front: Server, node_down: Node) -> None:
    made = [front.request("POST", "/v1/images", DATA, RAW) for _ in range(4)]
    shown = [front.request("GET", f"/v1/images/{answer.json['image']['id']}") for answer in made]

    assert [answer.status for answer in made] == [201] * 4
    assert all(answer.body == DATA for answer in shown)


def test_urls_are_those_of_the_proxy_whichever_node_answers(front: Server) -> None:
    made = [front.request("POST", "/v1/images", b"data", RAW) for _ in range(6)]

    assert all(answer.headers["Location"].startswith(f"{front.url}/v1/images/") for answer in made)


def test_without_any_node_clients_get_503_and_are_told_when_to_come_back(cluster: Cluster, front: Server) -> None:
    for node in cluster.nodes:
        node.stop()
    answers = [front.request("GET", "/v2/images"), front.request("POST", "/v1/images", DATA, RAW)]
    for node in cluster.nodes:
        node.start()
    for node in cluster.nodes:
        node.wait()

    assert [(answer.status, answer.headers["Retry-After"]) for answer in answers] == [(503, "5")] * 2
    assert _until_well(lambda: front.request("GET", "/v2/images")).status == 200


def test_numbers_of_a_node_do_not_go_out(cluster: Cluster, front: Server) -> None:
    assert front.request("GET", "/metrics", token=None).status == 404
    assert front.request("GET", "//%6detrics", token=None).status == 404
    assert replace(front, url=cluster.nodes[0].url, trusting=None).request("GET", "/metrics", token=None).status == 200


def _until_well(ask: Callable[[], Answer]) -> Answer:
    """The first answer other than 503: nginx tries a node that was down again after five seconds."""
    deadline = time.monotonic() + 20
    while (answer := ask()).status == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    return answer
