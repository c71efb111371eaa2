"""The bench runs and says what it measured; what it measures is looked at by hand."""

import subprocess
import sys
from pathlib import Path

import servers

ROOT = Path(__file__).parents[2]


def test_a_listing_is_measured_at_one_size(tmp_path):
    output = tmp_path / "results.md"
    flags = ["--parts", "listing", "--shapes", "few", "--sizes", "1000", "--pairs", "1", "--only"]

    subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", *flags, "deep marker", "tag", "--output", output],
        env=servers.environment(),
        check=True,
        capture_output=True,
        timeout=100,
    )

    text = output.read_text()
    assert "| deep marker | tenant | 25 |" in text
    assert "| deep marker | admin, all | 25 |" in text
    assert "| tag (service) | tenant | 25 |" in text
