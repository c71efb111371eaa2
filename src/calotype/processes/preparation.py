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
    except (CannotStart, CalotypeError, OSError) as error:
        os.write(into, " ".join(str(error).split()).encode())
        return code_of(error)
    return Exit.OK


def code_of(error: Exception) -> Exit:
    """How the program ends for *error*: the data folder and its files are the only ones a preparation writes itself."""
    match error:
        case CannotStart():
            return error.code
        case Broken():
            return Exit.DATABASE
        case OSError():
            return Exit.FOLDER
    return Exit.USAGE
