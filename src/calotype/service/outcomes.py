"""How uploads end, in a word, for whoever counts them."""

from collections.abc import Callable
from enum import StrEnum

from calotype.domain.errors import Broken, CalotypeError, Conflict


class Outcome(StrEnum):
    ACTIVE = "active"  # the image has its data
    REFUSED = "refused"  # too long, too many, or not what was promised
    BROKEN_OFF = "broken_off"  # by the client, or because it was too slow
    LOST = "lost"  # somebody else ended it, or deleted the image
    FAILED = "failed"  # a part of ours did not work


Ended = Callable[[Outcome], None]
"""Called once for each upload that was begun."""


def uncounted(_outcome: Outcome) -> None:
    """Where nobody counts."""


def of(error: BaseException | None) -> Outcome:
    """How an upload ends that *error* ends; None: whose body does not come."""
    match error:
        case None:
            return Outcome.BROKEN_OFF
        case Broken():
            return Outcome.FAILED
        case Conflict():
            return Outcome.LOST
        case CalotypeError():
            return Outcome.REFUSED
    return Outcome.FAILED
