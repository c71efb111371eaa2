"""`make bench`: every figure beside its target or its floor, printed and written to bench/results/DATE.md.

.venv/bin/python bench/run.py [--parts start loading transfers workers records listing] [--shapes few many] [--sizes 1000 100000 1000000]
                              [--only WORD …] [--transfer-mib 1024] [--pairs 7] [--output FILE]
"""

import argparse
import os
import platform
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import data
import listing
import loading
import records
import start
import transfers
import workers
from shapes import SHAPES

PARTS = ("start", "loading", "transfers", "workers", "records", "listing")
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    wanted = _arguments()
    began = time.monotonic()
    sections = [_head(wanted)]
    for section in _sections(wanted):
        sections.append(section)
        print(f"\n{section}", flush=True)
    sections.append(f"Took {(time.monotonic() - began) / 60:.0f} minutes.\n")
    output = wanted.output or RESULTS / f"{datetime.now(UTC):%Y-%m-%d}.md"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(sections))
    print(f"written to {output}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--shapes", nargs="+", choices=data.SHAPES, default=data.SHAPES, help="what the data look like")
    parser.add_argument("--sizes", nargs="+", type=int, default=data.SIZES, help="images in a catalogue")
    parser.add_argument("--only", nargs="+", default=[], help="only listings whose name holds one of these words")
    parser.add_argument("--transfer-mib", type=int, default=1024, help="MiB of the large transfers")
    parser.add_argument("--pairs", type=int, default=7, help="rounds of everything that is compared")
    parser.add_argument("--output", type=Path, help="where to write, instead of bench/results/DATE.md")
    return parser.parse_args()


def _sections(wanted: argparse.Namespace) -> Iterator[str]:
    if "start" in wanted.parts:
        print("start and idle", flush=True)
        yield "## Start and idle\n\n" + start.report(*start.measure(wanted.pairs))
    if "loading" in wanted.parts:
        print("bulk load", flush=True)
        filled = _database(wanted.shapes[0], max(size for size in wanted.sizes if size <= 100_000))
        yield "## Bulk load\n\n" + loading.report(loading.measure(wanted.pairs, filled), filled)
    if "transfers" in wanted.parts:
        print("transfers", flush=True)
        yield "## Transfers\n\n" + transfers.report(*transfers.measure(wanted.pairs, wanted.transfer_mib))
    if "workers" in wanted.parts:
        print("one worker and two", flush=True)
        yield "## Workers\n\n" + workers.report(*workers.measure(wanted.pairs))
    if "records" in wanted.parts:
        print("one image", flush=True)
        yield "## One image\n\n" + records.report(records.measure(wanted.pairs))
    if "listing" in wanted.parts:
        shapes = [one for one in SHAPES if not wanted.only or any(word in one[0].name for word in wanted.only)]
        for of_data in wanted.shapes:
            databases = [_database(of_data, size) for size in wanted.sizes]
            print(f"listings, {_OF_DATA[of_data]}", flush=True)
            results = listing.measure(databases, shapes, wanted.pairs)
            yield f"## Listings: {_OF_DATA[of_data]}\n\n" + listing.report(results)


_OF_DATA = {
    "few": "the tenant owns 200 images, whatever the size",
    "many": "the tenant owns a fiftieth of everything",
}


def _database(of_data: str, size: int) -> data.Database:
    print(f"  data: {of_data}, {size:,}", end="", flush=True)
    found = data.database(of_data, size)
    print("" if found.made_in_s is None else f", made in {found.made_in_s:.0f} s", flush=True)
    return found


def _head(wanted: argparse.Namespace) -> str:
    """Date, revision, command and machine."""
    command = shlex.join(["python", "bench/run.py", *sys.argv[1:]])
    return f"""# Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC

* revision: {_revision()}
* command: `{command}`, {wanted.pairs} rounds
* machine: {_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}
* Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}

Each figure is the median of its rounds, with the lowest and the highest in brackets; what is compared alternates.
"""


def _revision() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True, cwd=RESULTS.parent
        ).stdout

    try:
        changed = " with changes" if git("status", "--porcelain", "--untracked-files=no", "--", "../src") else ""
        return git("rev-parse", "--short=12", "HEAD").strip() + changed
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


if __name__ == "__main__":
    main()
