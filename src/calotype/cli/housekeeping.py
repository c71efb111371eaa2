"""`calotype housekeeping`: what the service does by itself, now, and what came of it."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import App, Parameter

from calotype.catalogue import leases, scrubbing
from calotype.catalogue.scrubbing import DamagedBlob
from calotype.cli.opening import open_audit, open_catalogue
from calotype.cli.output import Format, Row, print_one, print_rows
from calotype.config import DataOptions, Settings
from calotype.domain.errors import Broken
from calotype.processes.exits import CannotStart, Exit
from calotype.service.housekeeping import Chore, Housekeeping, Task, Verdict
from calotype.service.housekeeping.lease import NAME

app = App("housekeeping", help="End uploads that died; remove what nobody needs any more; verify image data.")

_DAMAGED = ("image", "owner", "store", "key", "size_bytes", "damaged_at", "verified_at")


@app.command
def run(
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    output: Format = "table",
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """Do what is to be done and print how much it was; beside a service that does the same, or without one.

    Parameters
    ----------
    dry_run
        Do nothing, and print what would be done.
    """
    with _open(settings, is_dry=dry_run) as house:
        chores = house.everything()
        if dry_run:
            print_rows([_row(chore) for chore in chores], ("task", "subject", "count"), output)
            return
        counts: Counter[Task] = Counter()
        for chore in chores:
            counts[chore.task] += chore.count
    print_one({task.value: counts[task] for task in Task}, output)


@app.command
def scrub(
    *,
    everything: Annotated[bool, Parameter(negative="")] = False,
    output: Format = "table",
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """Read image data that are due, compare them with their digests, and print how much it was.

    As fast as scrub_mib_per_s allows; with 0, as fast as the stores are.

    Parameters
    ----------
    everything
        Read all image data, whenever they were read last.
    """
    verdicts: Counter[Verdict] = Counter()
    read_bytes = 0
    with _open(settings) as house:
        for read in house.scrub(all_of_them=everything):
            read_bytes += read.size_bytes
            if read.verdict is not None:
                verdicts[read.verdict] += 1
    print_one({**{verdict.value: verdicts[verdict] for verdict in Verdict}, "read_bytes": read_bytes}, output)


@app.command
def damaged(
    *,
    output: Format = "table",
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """List image data that are not what they were when they came, the first found first."""
    with open_catalogue(settings) as catalogue, catalogue.reading() as connection:
        rows = [_damaged_row(blob) for blob in scrubbing.select_damaged(connection)]
    print_rows(rows, _DAMAGED, output)


@app.command
def status(
    *,
    output: Format = "table",
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """Say which process keeps house, since when, when it last went round, and how many blobs are damaged."""
    with open_catalogue(settings) as catalogue, catalogue.reading() as connection:
        lease = leases.get(connection, NAME)
        damaged_count = scrubbing.count_damaged(connection)
    has_turn = lease is not None and lease.left_s > 0
    ended_at = None if lease is None else lease.round_ended_at
    print_one(
        {
            "holder": lease.holder if lease is not None and has_turn else None,
            "since": lease.taken_at.isoformat() if lease is not None and has_turn else None,
            "last_round": None if ended_at is None else ended_at.isoformat(),
            "damaged_blobs": damaged_count,
        },
        output,
    )


@contextmanager
def _open(settings: Settings, *, is_dry: bool = False) -> Iterator[Housekeeping]:
    """Housekeeping without a turn. Raises CannotStart if a store cannot be opened."""
    from calotype.app import build_housekeeping  # here, since it loads the whole service

    with open_audit(settings) as audit, open_catalogue(settings) as catalogue:
        try:
            house = build_housekeeping(settings, catalogue, wait=time.sleep, is_dry=is_dry, audit=audit)
        except Broken as error:
            raise CannotStart(Exit.STORE, str(error)) from error
        yield house


def _row(chore: Chore) -> Row:
    return {"task": chore.task.value, "subject": chore.subject, "count": chore.count}


def _damaged_row(blob: DamagedBlob) -> Row:
    return {
        "image": blob.image_id,
        "owner": blob.owner,
        "store": blob.store,
        "key": blob.key,
        "size_bytes": blob.size_bytes,
        "damaged_at": blob.damaged_at.isoformat(),
        "verified_at": blob.verified_at.isoformat(),
    }
