"""What an application of the tests keeps, looked at behind its back."""

from pathlib import Path
from typing import Any

import pytest

from calotype import app
from calotype.blobs.stores import Stores
from calotype.config import Settings


class Kept:
    """The image data of the application that was started last, in whichever store. *folder*: its data folder."""

    def __init__(self) -> None:
        self._opened: list[tuple[Settings, Stores]] = []

    @property
    def folder(self) -> Path:
        return self._opened[-1][0].serve.data_dir

    @property
    def stores(self) -> Stores:
        return self._opened[-1][1]

    def keys(self, store: str = "local") -> list[str]:
        """Each key under which anything takes room, finished or not."""
        return sorted(self.stores.by_name[store].keys())

    def lose(self) -> None:
        """Have all image data vanish."""
        for key in self.keys():
            self.stores.by_name["local"].delete(key)

    def note(self, settings: Settings, stores: Stores) -> Stores:
        self._opened.append((settings, stores))
        return stores


def noting(monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Notes what the applications that are started from now on keep."""
    kept, open_stores = Kept(), app.open_stores

    def open_and_note(settings: Settings, *more: Any, **options: Any) -> Stores:
        return kept.note(settings, open_stores(settings, *more, **options))

    monkeypatch.setattr(app, "open_stores", open_and_note)
    return kept
