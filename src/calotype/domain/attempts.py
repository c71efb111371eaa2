"""Whether what a thread does may be begun again from its start: it may until the catalogue was told to keep something.

Like `occasions`, it is no part of what a use case decides by. Set where a handler is called, read where one is called again.
Source: docs/design/0012-postgresql.md.
"""

from contextvars import ContextVar, Token

from calotype.domain.errors import Dropped, Unordered

#: Nothing was done, and the same again may do.
REPEATABLE = (Unordered, Dropped)


class Again(Exception):
    """Nothing was done, and the work is done once more from its start."""


class Attempt:
    """*is_last*: there will be no other, whatever it ends with. *has_kept*: a transaction was told to commit."""

    __slots__ = ("has_kept", "is_last")

    def __init__(self, *, is_last: bool) -> None:
        self.is_last = is_last
        self.has_kept = False


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


def enter(attempt: Attempt) -> Token[Attempt | None]:
    """Let this thread's work be *attempt* until `leave` gets what this gives."""
    return _current.set(attempt)


def leave(token: Token[Attempt | None]) -> None:
    _current.reset(token)


def note_kept() -> None:
    """From here on it is unknown, or known, that something was done: what follows is not begun again."""
    attempt = _current.get()
    if attempt is not None:
        attempt.has_kept = True


def is_begun_again(error: BaseException) -> bool:
    """True if this thread's work, which ends with *error*, is about to be done once more from its start."""
    attempt = _current.get()
    return attempt is not None and not attempt.is_last and not attempt.has_kept and isinstance(error, REPEATABLE)
