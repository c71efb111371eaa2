"""An origin on loopback, and what reads from it."""

from collections.abc import Iterator

import pytest

import origins as servers
from origins import Origin


@pytest.fixture
def origin() -> Iterator[Origin]:
    with servers.running() as running:
        yield running
