"""Two services full of neighbours: one whose admin keeps still, and one where the admin is among those who fuzz."""

from collections.abc import Iterator

import pytest
from neighbours import Neighbours, move_in

import servers

#: Offers that are off by default: the more a service does, the more can go wrong.
EVERYTHING = (
    *("--store", "local=file:blobs", "--store", "far=file:far"),
    *("--http-locations", "--show-multiple-locations", "--show-image-direct-url"),
)


def _running(folder_of: pytest.TempPathFactory, name: str) -> Iterator[Neighbours]:
    server = servers.start(folder_of.mktemp(name) / "log", "--ephemeral", *EVERYTHING)
    try:
        neighbours = move_in(server)
        yield neighbours
        neighbours.catalogue.close()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Nobody here has an admin's token but the service's own Root, who does nothing."""
    yield from _running(tmp_path_factory, "neighbours")


@pytest.fixture(scope="session")
def ruins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Root does anything here: what is private may be made public, and nobody's account is safe."""
    yield from _running(tmp_path_factory, "ruins")
