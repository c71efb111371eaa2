"""The bench runs and says what it measured; what it measures is looked at by hand."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def databases() -> Iterator[Path]:
    """A folder that the user who runs PostgreSQL can reach."""
    folder = Path(tempfile.mkdtemp(prefix="calotype-bench-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def measured(tmp_path: Path, *flags: str, within_s: int = 100) -> str:
    """What the bench has written after a run with *flags*, a round of everything."""
    output = tmp_path / "results.md"
    with subprocess.Popen(
        [sys.executable, ROOT / "bench" / "run.py", *flags, "--pairs", "1", "--seconds", "0.3", "--output", output],
        env=servers.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as bench:
        try:
            said, _ = bench.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            bench.send_signal(signal.SIGINT)  # it stops the servers it has started, which a harder end would leave
            raise
    assert bench.returncode == 0, said
    return output.read_text()


def test_a_listing_is_measured_at_one_size_through_both_versions(tmp_path):
    flags = ["--parts", "listing", "--shapes", "few", "--sizes", "1000", "--only", "deep marker", "tag"]

    text = measured(tmp_path, *flags)

    for who in ("tenant", "admin, all"):
        assert f"| deep marker | {who} | v1 | 25 |" in text
        assert f"| deep marker | {who} | v2 | 25 |" in text
    assert "| tag | tenant | v2 | 25 |" in text


def test_one_image_is_shown_changed_and_made_through_both_versions(tmp_path):
    text = measured(tmp_path, "--parts", "records")

    for call in ("show: `GET`", "change of a name: `PATCH`", "create: `POST`"):
        assert f"| {call} | v2 |" in text


def test_postgresql_is_measured_as_sqlite_is(tmp_path, databases):
    flags = ["--shapes", "few", "--sizes", "1000", "--only", "deep marker", "--databases", str(databases)]

    text = measured(tmp_path, "--parts", "postgresql", *flags, within_s=110)

    assert "| 1,000 into an empty catalogue, records made meanwhile, images/s |" in text
    assert "| create: `POST` | v2 | PostgreSQL |" in text
    assert "| deep marker | tenant | v2 | 25 |" in text


def test_transfers_are_measured_beside_their_floors(tmp_path, missing):
    if shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        missing("Debian's package nginx")

    text = measured(tmp_path, "--parts", "transfers", "--transfer-mib", "4", within_s=110)

    for row in ("1 of 4 MiB up, memory, 1 client", "4 of 1 MiB up, disk, 4 clients", "4 of 1 MiB down, disk, 1 client"):
        assert f"| {row} |" in text
    assert "| transfers that broke | 0 | 0 | pass |" in text


def test_two_workers_are_measured_beside_one(tmp_path):
    text = measured(tmp_path, "--parts", "workers", within_s=110)

    for row in ("lists of 25, 1 worker", "lists of 25, 2 workers", "uploads of 64 KiB, 2 workers", "2 workers"):
        assert f"\n| {row} |" in text


def test_transfers_through_s3_are_measured_beside_a_bare_client(tmp_path):
    text = measured(tmp_path, "--parts", "s3", "--transfer-mib", "4", within_s=110)

    for row in ("1 of 4 MiB up, 1 client", "4 of 1 MiB up, 4 clients", "4 of 1 MiB ranges down, 4 clients"):
        assert f"| {row} |" in text
    assert text.count("| transfers that broke | 0 | 0 | pass |") == 2


def test_two_and_three_nodes_are_measured_beside_one(tmp_path, databases):
    flags = ["--transfer-mib", "1", "--databases", str(databases)]

    text = measured(tmp_path, "--parts", "nodes", *flags, within_s=110)

    for row in ("lists of 25, 1 node", "shows, 2 nodes", "uploads of 64 KiB, 3 nodes", "3 nodes"):
        assert f"\n| {row} |" in text
