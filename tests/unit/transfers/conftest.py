"""The use cases of image data over a real catalogue and a store of local files."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from studio import Studio

from calotype.blobs.local import LocalStore
from calotype.catalogue.engine import Catalogue


@pytest.fixture
def studio(catalogue: Catalogue, tmp_path: Path) -> Iterator[Studio]:
    folder = tmp_path / "blobs"
    with ThreadPoolExecutor(2) as threads:
        yield Studio(catalogue, LocalStore(folder, is_durable=False), folder, threads)
