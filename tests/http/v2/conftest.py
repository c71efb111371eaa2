"""What v2's tests share beside the stories."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_v2 import V2

from origins import Origin


@pytest.fixture(scope="module")
def v2(tell: Callable[[dict[str, Any]], Any]) -> Iterator[V2]:
    """An application with nothing in it, for all tests of a file."""
    with tell({}) as port:
        yield V2(port)


@pytest.fixture
def origin(both: tuple[V2, Origin]) -> Origin:
    """The origin that stands beside the application of a file's `both`; it counts what the test asks."""
    both[1].asked.clear()
    return both[1]
