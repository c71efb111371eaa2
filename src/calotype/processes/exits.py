"""How the program ends, by code. Source: docs/operate/configure.md, "Exit codes"."""

from enum import IntEnum
from pathlib import Path

from calotype.domain.errors import Broken, CalotypeError, NoSpace


class Exit(IntEnum):
    OK = 0
    BUG = 1
    USAGE = 2
    PORT = 3
    FOLDER = 4
    DATABASE = 5
    STORE = 6


class CannotStart(Exception):
    """The service cannot start or go on; the text is one line for the operator."""

    def __init__(self, code: Exit, line: str) -> None:
        super().__init__(line)
        self.code = code


def explain(error: Exception) -> tuple[Exit, str]:
    """The exit code for *error* and what to tell the operator, in one line."""
    match error:
        case CannotStart():
            code, text = error.code, str(error)
        case NoSpace():
            code, text = Exit.STORE, str(error)
        case Broken():
            # What the database itself says names host and user, never a password.
            foreign = getattr(error.__cause__, "orig", None)
            code, text = Exit.DATABASE, str(error) if foreign is None else f"{error} ({foreign})"
        case CalotypeError():
            code, text = Exit.USAGE, str(error)
        case OSError():
            what = error.filename or "Standard output"
            code, text = Exit.USAGE, f"{what} cannot be written: {error.strerror}."
        case _:
            code, text = Exit.BUG, f"bug: {type(error).__name__}: {error} ({_place(error)})"
    return code, " ".join(text.split())


def _place(error: Exception) -> str:
    """File and line of ours where *error* rose, or of whoever raised it."""
    steps = []
    step = error.__traceback__
    while step is not None:
        steps.append((Path(step.tb_frame.f_code.co_filename), step.tb_lineno))
        step = step.tb_next
    ours = [place for place in steps if "calotype" in place[0].parts] or steps
    return f"{ours[-1][0].name}:{ours[-1][1]}" if ours else "nowhere"
