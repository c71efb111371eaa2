"""Housekeepers of several nodes over one PostgreSQL, as processes: one works, and another follows when it is gone.

Source: docs/design/0014-housekeeping.md, "One at a time".
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from calotype.catalogue import images, leases, schema, tables, uploads
from calotype.catalogue.clock import DatabaseNow
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.uploads import UploadRow
from calotype.domain.images import Image, Status, StoredBlob
from calotype.service.housekeeping import lease

INTERVAL_S = 0.3
LEASE_S = lease.length_s(INTERVAL_S)
TIME_LIMIT_S = 60

#: A node's housekeeper without its node: it ends when the other end of its standard input is closed.
HOUSEKEEPER = """
import sys
from pathlib import Path
from calotype import logs
from calotype.config import ServeOptions, Secret, Settings
from calotype.processes import housekeeper
from calotype.service.options import HousekeepingOptions

logs.set_up()
settings = Settings(
    serve=ServeOptions(data_dir=Path(sys.argv[2]), database=Secret(sys.argv[1])),
    housekeeping=HousekeepingOptions(housekeeping_interval_s=float(sys.argv[3])),
)
sys.exit(housekeeper.run(settings, parent=0))
"""


class Nodes:
    """Housekeepers by the number of their node, over one catalogue and one folder."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.catalogue = Catalogue(CatalogueOptions(url=url, is_durable=False))
        schema.prepare(self.catalogue)
        self.processes: list[subprocess.Popen[bytes]] = []
        self._lapsed = 0

    def start(self) -> subprocess.Popen[bytes]:
        log = (self.folder / f"log{len(self.processes)}").open("wb")
        arguments = [sys.executable, "-c", HOUSEKEEPER, self.url, str(self.folder / "data"), str(INTERVAL_S)]
        with log:
            process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def lease(self) -> leases.LeaseRow | None:
        with self.catalogue.reading() as connection:
            return leases.get(connection, lease.NAME)

    def holder(self) -> subprocess.Popen[bytes] | None:
        """The process that has the turn now."""
        row = self.lease()
        if row is None or not row.left_s:
            return None
        pid = int(row.holder.split(":")[1])
        return next((process for process in self.processes if process.pid == pid), None)

    def leave_a_lapsed_upload(self) -> str:
        """The id of an image whose upload nobody renews any more."""
        self._lapsed += 1
        image_id, moment = f"image-{self._lapsed}", datetime.now(UTC)
        row = UploadRow(
            id=f"u{self._lapsed}",
            image_id=image_id,
            blob_key=f"k{self._lapsed}",
            store="local",
            on_failure=Status.KILLED,
            size_declared=None,
            node="gone",
        )
        with self.catalogue.writing() as connection:
            image = Image(id=image_id, status=Status.SAVING, created_at=moment, updated_at=moment)
            images.insert_image(connection, image)
            uploads.insert_upload(connection, row, lease_s=0)
        return image_id

    def put_a_damaged_blob(self, size_bytes: int) -> None:
        """A blob that is due, and takes a second for each 16 MiB of it."""
        key, moment = "zeros", datetime(2026, 1, 1, tzinfo=UTC)
        path = self.folder / "data" / "blobs" / key[:2] / key
        path.parent.mkdir(parents=True)
        path.touch()
        os.truncate(path, size_bytes)
        image = Image(id="i", status=Status.ACTIVE, checksum="0" * 32, created_at=moment, updated_at=moment)
        with self.catalogue.writing() as connection:
            images.insert_image(connection, image)
            uploads.insert_blob(connection, "i", StoredBlob("local", key, size_bytes), moment)

    def is_reading(self, process: subprocess.Popen[bytes]) -> bool:
        """True while *process* has the blob open."""
        links = Path(f"/proc/{process.pid}/fd").iterdir()
        with suppress(FileNotFoundError):  # a file that was closed while we looked
            return any(link.readlink().name == "zeros" for link in links)
        return False

    def was_ended(self, image_id: str) -> bool:
        with self.catalogue.reading() as connection:
            image = images.get(connection, image_id)
        return image is not None and image.status is Status.KILLED

    def logs(self) -> list[str]:
        return [(self.folder / f"log{number}").read_text() for number in range(len(self.processes))]

    def log_of(self, process: subprocess.Popen[bytes]) -> str:
        return self.logs()[self.processes.index(process)]


@pytest.fixture
def nodes(postgres_url: str, tmp_path: Path) -> Iterator[Nodes]:
    nodes = Nodes(postgres_url, tmp_path)
    yield nodes
    for process in nodes.processes:
        process.kill()
        process.communicate()
    nodes.catalogue.close()


def eventually(is_so: Callable[[], Any], otherwise: Callable[[], object] = lambda: "it never came true") -> Any:
    deadline = time.monotonic() + TIME_LIMIT_S
    while not (found := is_so()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.02)
    return found


def test_of_three_one_works_and_the_next_follows_within_the_lease_when_it_is_killed(nodes: Nodes) -> None:
    for _ in range(3):
        nodes.start()
    first = eventually(nodes.holder, nodes.logs)
    lapsed = nodes.leave_a_lapsed_upload()
    eventually(lambda: nodes.was_ended(lapsed), nodes.logs)
    said = [log for log in nodes.logs() if "done: end_upload 1" in log]
    assert said == [nodes.log_of(first)]

    first.kill()
    first.wait()
    died_at = time.monotonic()
    next_one = nodes.leave_a_lapsed_upload()
    eventually(lambda: nodes.was_ended(next_one), nodes.logs)
    took_s = time.monotonic() - died_at

    second = nodes.holder()
    assert second not in (None, first)
    # The lease, and what a busy machine takes to do the work.
    assert took_s < LEASE_S + 5
    assert sum("keeps house for all nodes" in log for log in nodes.logs()) == 2


def test_a_holder_that_is_told_to_end_gives_its_turn_to_the_next_at_once(nodes: Nodes) -> None:
    first = nodes.start()
    eventually(nodes.holder, nodes.logs)
    nodes.start()

    first.send_signal(signal.SIGTERM)

    assert first.wait(TIME_LIMIT_S) == 0
    row = nodes.lease()
    assert row is not None
    assert not row.left_s or str(first.pid) not in row.holder
    assert eventually(nodes.holder, nodes.logs) is not first


def test_a_holder_that_slept_in_the_middle_of_its_work_stops_before_its_next_change(nodes: Nodes) -> None:
    """It sleeps while it reads a blob that it would find damaged; another one reads it meanwhile and says so."""
    sleeper = nodes.start()
    eventually(nodes.holder, nodes.logs)
    nodes.put_a_damaged_blob(48 << 20)
    eventually(lambda: nodes.is_reading(sleeper), nodes.logs)
    os.kill(sleeper.pid, signal.SIGSTOP)
    other = nodes.start()
    eventually(lambda: nodes.holder() is other, nodes.logs)

    os.kill(sleeper.pid, signal.SIGCONT)

    eventually(lambda: "stopped: The lease ran out" in nodes.log_of(sleeper), nodes.logs)
    eventually(lambda: "Damaged: blob" in nodes.log_of(other), nodes.logs)
    assert "Damaged" not in nodes.log_of(sleeper)
    assert nodes.holder() is other
    assert sleeper.poll() is None


def test_a_lease_that_another_took_meanwhile_ends_the_work_of_its_holder(nodes: Nodes) -> None:
    first = nodes.start()
    eventually(nodes.holder, nodes.logs)
    with nodes.catalogue.writing() as connection:
        connection.execute(update(tables.leases).values(holder="other", lease_until=DatabaseNow() + 3_600_000_000))

    lapsed = nodes.leave_a_lapsed_upload()
    first.send_signal(signal.SIGTERM)

    assert first.wait(TIME_LIMIT_S) == 0
    assert not nodes.was_ended(lapsed)
    with nodes.catalogue.reading() as connection:
        assert connection.execute(select(tables.leases.c.holder)).scalar_one() == "other"
