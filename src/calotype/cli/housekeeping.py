"""`calotype housekeeping`: what the service does by itself every minute, now."""

from collections import Counter
from typing import Annotated

from cyclopts import App, Parameter

from calotype.cli.opening import open_catalogue
from calotype.cli.output import Format, Row, print_one, print_rows
from calotype.config import DataOptions, Settings
from calotype.domain.errors import Broken
from calotype.processes.exits import CannotStart, Exit
from calotype.service.housekeeping import Chore, Housekeeping, Task

app = App("housekeeping", help="End uploads that died; remove bytes that nothing names and tokens that are over.")


@app.command
def run(
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    output: Format = "table",
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """Do what is to be done and print how much it was.

    Parameters
    ----------
    dry_run
        Do nothing, and print what would be done.
    """
    from calotype.app import now, open_stores  # here, since it loads the whole service

    with open_catalogue(settings) as catalogue:
        try:
            stores = open_stores(settings)
        except Broken as error:
            raise CannotStart(Exit.STORE, str(error)) from error
        chores = Housekeeping(catalogue, stores, now, is_dry=dry_run).everything()
        if dry_run:
            print_rows([_row(chore) for chore in chores], ("task", "subject", "count"), output)
            return
        counts: Counter[Task] = Counter()
        for chore in chores:
            counts[chore.task] += chore.count
    print_one({task.value: counts[task] for task in Task}, output)


def _row(chore: Chore) -> Row:
    return {"task": chore.task.value, "subject": chore.subject, "count": chore.count}
