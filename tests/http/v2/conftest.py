"""What v2's tests share beside the stories."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_v2 import V2


@pytest.fixture(scope="module")
def v2(tell: Callable[[dict[str, Any]], Any]) -> Iterator[V2]:
    """An application with nothing in it, for all tests of a file."""
    with tell({}) as port:
        yield V2(port)
