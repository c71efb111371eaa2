"""What v1's tests share beside the stories."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import V1

from calotype import app
from calotype.config import Settings


@pytest.fixture
def with_folder(tell: Callable[[dict[str, Any]], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[V1, Path]]:
    """An application of the test's own with nothing in it, and the folder of its store."""
    folders: list[Path] = []
    open_stores = app.open_stores

    def noting(settings: Settings) -> Any:
        folders.append(settings.named_stores[0].folder)
        return open_stores(settings)

    monkeypatch.setattr(app, "open_stores", noting)
    with tell({}) as port:
        yield V1(port), folders[0]
