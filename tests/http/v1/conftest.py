"""What v1's tests share beside the stories."""

from collections.abc import Callable, Iterator
from typing import Any

import keeping
import pytest
from asking import V1
from keeping import Kept


@pytest.fixture
def keeper(tell: Callable[[dict[str, Any]], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[V1, Kept]]:
    """An application of the test's own with nothing in it, and what it keeps."""
    kept = keeping.noting(monkeypatch)
    with tell({}) as port:
        yield V1(port), kept
