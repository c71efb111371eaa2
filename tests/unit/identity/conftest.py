from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.service.accounts import Accounts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a catalogue that `serve` has prepared once."""
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{tmp_path / 'catalogue.sqlite'}", is_durable=False))
    schema.prepare(catalogue)
    catalogue.close()
    return tmp_path


@pytest.fixture
def accounts(folder: Path) -> Iterator[Accounts]:
    """The accounts in `folder`."""
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{folder / 'catalogue.sqlite'}", is_durable=False))
    yield Accounts(catalogue, lambda: datetime.now(UTC))
    catalogue.close()
