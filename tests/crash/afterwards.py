"""What is done after a crash, and what is looked at then, behind the service's back."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Stores
from calotype.catalogue import tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.service.housekeeping import Chore, Housekeeping

TIME_LIMIT_S = 30


class Remains:
    """The data folder of a service."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._blobs = folder / "blobs"
        self._catalogue = catalogue
        store = LocalStore(self._blobs, is_durable=False)
        self._housekeeping = Housekeeping(catalogue, Stores({"local": store}, "local"), lambda: datetime.now(UTC))

    def let_leases_lapse(self) -> None:
        with self._catalogue.writing() as connection:
            connection.execute(update(tables.uploads).values(lease_until=0))

    def keep_house(self) -> list[Chore]:
        """As if a day had passed."""
        self.let_leases_lapse()
        ended = list(self._housekeeping.uploads())
        two_days_ago = time.time() - 2 * 86400
        for path in self._blobs.rglob("*"):
            os.utime(path, (two_days_ago, two_days_ago))
        return ended + list(self._housekeeping.orphans())

    def check(self) -> None:
        """Nothing is there but the data of images, and usage is what there is."""
        assert self.files() == sorted(row.key for row in self.rows(tables.blobs))
        assert self.rows(tables.uploads) == []
        assert "saving" not in self.statuses().values()
        self._check_usage()

    def files(self) -> list[str]:
        return sorted(path.name for path in self._blobs.rglob("*") if path.is_file())

    def sizes(self) -> list[int]:
        return [path.stat().st_size for path in self._blobs.rglob("*") if path.is_file()]

    def statuses(self) -> dict[str, str]:
        """Of all images that are not deleted, by their ids."""
        return {row.id: row.status for row in self.rows(tables.images) if row.deleted_at is None}

    def _check_usage(self) -> None:
        owners = [row.owner for row in self.rows(tables.images) if row.deleted_at is None]
        sizes = sum(row.size_bytes for row in self.rows(tables.blobs))
        counted = {row.kind: row.value for row in self.rows(tables.usage)}
        assert (counted.get("images", 0), counted.get("bytes", 0)) == (len(owners), sizes)

    def rows(self, table: Any) -> list[Any]:
        with self._catalogue.reading() as connection:
            return list(connection.execute(select(table)))


@contextmanager
def remains_of(folder: Path) -> Iterator[Remains]:
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{folder / 'catalogue.sqlite'}"))
    try:
        yield Remains(folder, catalogue)
    finally:
        catalogue.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_the_end_of(pids: list[int]) -> None:
    deadline = time.monotonic() + TIME_LIMIT_S
    while any(_is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "a process outlived its service"
        time.sleep(0.01)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before the file was opened, or before it was read
        return False
