"""The use cases of image data over every database, with projects that have quotas."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger import PROJECTS

from calotype.blobs.local import LocalStore
from calotype.catalogue import accounts
from calotype.catalogue.engine import Catalogue
from calotype.domain.accounts import Project
from unit.transfers.studio import Studio


@pytest.fixture
def studio(catalogue: Catalogue, tmp_path: Path) -> Iterator[Studio]:
    """Each kind of database in turn, with `PROJECTS` in it, whose ids are their names."""
    with catalogue.writing() as connection:
        for name in PROJECTS:
            made = Project(id=name, name=name, created_at=datetime(2026, 1, 1, tzinfo=UTC))
            accounts.insert_project(connection, made)
    folder = tmp_path / "blobs"
    with ThreadPoolExecutor(2) as threads:
        yield Studio(catalogue, LocalStore(folder, is_durable=False), folder, threads)
