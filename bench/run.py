"""`make bench`: every figure beside its target or its floor, printed and written to bench/results/DATE.md.

.venv/bin/python bench/run.py [--parts start loading transfers workers records listing postgresql s3 nodes]
                              [--shapes few many] [--sizes 1000 100000 1000000] [--only WORD …] [--transfer-mib 1024]
                              [--pairs 7] [--seconds 2] [--databases FOLDER] [--output FILE]
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
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import copying
import data
import listing
import loading
import nodes
import population
import postgres
import records
import s3
import start
import transfers
import workers
from postgres import Postgres
from shapes import SHAPES

PARTS = ("start", "loading", "transfers", "workers", "records", "listing", "postgresql", "s3", "nodes")
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
    parser.add_argument(
        "--shapes", nargs="+", choices=population.SHAPES, default=population.SHAPES, help="what the data look like"
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=population.SIZES, help="images in a catalogue")
    parser.add_argument("--only", nargs="+", default=[], help="only listings whose name holds one of these words")
    parser.add_argument("--transfer-mib", type=int, default=1024, help="MiB of the large transfers")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="how long workers, nodes and lists under load are asked"
    )
    parser.add_argument("--pairs", type=int, default=7, help="rounds of everything that is compared")
    parser.add_argument("--databases", type=Path, default=data.FOLDER, help="where the catalogues of listings are kept")
    parser.add_argument("--output", type=Path, help="where to write, instead of bench/results/DATE.md")
    return parser.parse_args()


def _sections(wanted: argparse.Namespace) -> Iterator[str]:
    if "start" in wanted.parts:
        print("start and idle", flush=True)
        yield "## Start and idle\n\n" + start.report(*start.measure(wanted.pairs))
    if "loading" in wanted.parts:
        print("bulk load", flush=True)
        filled = _filled(wanted)
        yield "## Bulk load\n\n" + loading.report(loading.measure(wanted.pairs, filled), filled)
    if "transfers" in wanted.parts:
        print("transfers", flush=True)
        yield "## Transfers\n\n" + transfers.report(
            *transfers.measure(wanted.pairs, wanted.transfer_mib, wanted.seconds)
        )
    if "workers" in wanted.parts:
        print("one worker and two", flush=True)
        yield "## Workers\n\n" + workers.report(*workers.measure(wanted.pairs, wanted.seconds))
    if "records" in wanted.parts:
        print("one image", flush=True)
        yield "## One image\n\n" + records.report(records.measure(wanted.pairs, {"SQLite": ()}))
    if "listing" in wanted.parts:
        yield from _listings(wanted, "Listings")
    if "postgresql" in wanted.parts:
        with closing(Postgres(wanted.databases / "postgresql")) as server:
            yield from _on_postgresql(wanted, server)
    if "s3" in wanted.parts:
        print("transfers through S3", flush=True)
        yield "## Transfers through S3\n\n" + s3.report(*s3.measure(wanted.pairs, wanted.transfer_mib, wanted.seconds))
    if "nodes" in wanted.parts:
        print("one node, two and three", flush=True)
        yield "## Nodes\n\n" + nodes.report(
            *nodes.measure(wanted.pairs, wanted.databases, wanted.transfer_mib, wanted.seconds)
        )


def _on_postgresql(wanted: argparse.Namespace, server: Postgres) -> Iterator[str]:
    print("bulk load on PostgreSQL", flush=True)
    filled = _filled(wanted, server)
    yield "## Bulk load on PostgreSQL\n\n" + copying.report(copying.measure(wanted.pairs, filled, server), filled)
    print("one image on PostgreSQL", flush=True)
    flags = {"SQLite": (), "PostgreSQL": ("--database", server.create("bench-records"))}
    yield "## One image on PostgreSQL\n\n" + records.report(records.measure(wanted.pairs, flags))
    server.drop("bench-records")
    yield from _listings(wanted, "Listings on PostgreSQL", server)


def _listings(wanted: argparse.Namespace, title: str, server: Postgres | None = None) -> Iterator[str]:
    shapes = [one for one in SHAPES if not wanted.only or any(word in one[0].name for word in wanted.only)]
    for of_data in wanted.shapes:
        databases = [_database(wanted, of_data, size, server) for size in wanted.sizes]
        print(f"{title.lower()}, {_OF_DATA[of_data]}", flush=True)
        results = listing.measure(databases, shapes, wanted.pairs)
        yield f"## {title}: {_OF_DATA[of_data]}\n\n" + listing.report(results)


_OF_DATA = {
    "few": "the tenant owns 200 images, whatever the size",
    "many": "the tenant owns a fiftieth of everything",
}


def _filled(wanted: argparse.Namespace, server: Postgres | None = None) -> data.Database:
    """The catalogue that a load goes into beside one that is empty."""
    return _database(wanted, wanted.shapes[0], max(size for size in wanted.sizes if size <= 100_000), server)


def _database(wanted: argparse.Namespace, of_data: str, size: int, server: Postgres | None = None) -> data.Database:
    print(f"  data: {of_data}, {size:,}", end="", flush=True)
    found = data.database(of_data, size, parent=wanted.databases, server=server)
    print("" if found.made_in_s is None else f", made in {found.made_in_s:.0f} s", flush=True)
    return found


def _head(wanted: argparse.Namespace) -> str:
    """Date, revision, command and machine."""
    command = shlex.join(["python", "bench/run.py", *sys.argv[1:]])
    return f"""# Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC

* revision: {_revision()}
* command: `{command}`, {wanted.pairs} rounds
* machine: {_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}
* Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, PostgreSQL {postgres.version()}

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
