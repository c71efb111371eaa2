"""What happens once before the first worker, in a child: its memory and its modules go with it."""

import os
from collections.abc import Callable

from calotype.processes import forks
from calotype.processes.exits import CannotStart, Exit, explain


def run(prepare: Callable[[], None]) -> None:
    """Run *prepare* in a child and wait for its end; raises CannotStart with what it failed at."""
    out, into = os.pipe()
    pid = forks.fork(lambda: _attempt(prepare, into))
    os.close(into)
    with os.fdopen(out, encoding="utf-8") as report:
        line = report.read()
    if (code := forks.wait(pid)) != Exit.OK:
        raise CannotStart(Exit(code) if code in set(Exit) else Exit.BUG, line or f"The preparation ended with {code}.")


def _attempt(prepare: Callable[[], None], into: int) -> int:
    try:
        prepare()
    except OSError as error:  # a preparation writes no other files
        code, line = Exit.FOLDER, f"Cannot write to the data folder: {error}."
    except Exception as error:  # noqa: BLE001 -- told to the operator by the parent, as one line
        code, line = explain(error)
    else:
        return Exit.OK
    os.write(into, line.encode(errors="replace"))
    return code
