"""How the program ends, by code. Source: docs/operate/configure.md, "Exit codes"."""

from enum import IntEnum


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
