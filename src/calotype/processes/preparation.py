"""What happens once before the first worker, in a child: its memory and its modules go with it."""

import os
from collections.abc import Callable

from calotype.domain.errors import Broken, CalotypeError
from calotype.processes import forks
from calotype.processes.exits import CannotStart, Exit


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
    except Exception as error:  # noqa: BLE001 -- told to the operator by the parent, as one line
        code, line = explain(error)
        os.write(into, " ".join(line.split()).encode())
        return code
    return Exit.OK


def explain(error: Exception) -> tuple[Exit, str]:
    """How the program ends for *error*, and why: the files of the data folder are the only ones a preparation writes."""
    match error:
        case CannotStart():
            return error.code, str(error)
        case Broken():
            # What the database itself says names host and user, never a password.
            foreign = getattr(error.__cause__, "orig", None)
            return Exit.DATABASE, str(error) if foreign is None else f"{error} ({foreign})"
        case CalotypeError():
            return Exit.USAGE, str(error)
        case OSError():
            return Exit.FOLDER, f"Cannot write to the data folder: {error}."
    return Exit.BUG, f"bug: {type(error).__name__}: {error}"
