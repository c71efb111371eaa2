"""What housekeeping tells of itself in numbers, to whoever shows them."""

from enum import StrEnum
from typing import Protocol


class Figure(StrEnum):
    """What can be said of the present. *ROUND_ENDED_AT*: in seconds since 1970."""

    HAS_TURN = "has_turn"
    ROUND_ENDED_AT = "round_ended_at"
    DAMAGED_BLOBS = "damaged_blobs"
    KEPT_ORPHANS = "kept_orphans"


#: Beside the chores' own tasks, what is counted of the scrub.
SCRUBBED_BLOBS, SCRUBBED_BYTES = "scrubbed_blobs", "scrubbed_bytes"


class Figures(Protocol):
    def note(self, task: str, count: int, seconds: float) -> None:
        """*count* more of *task* were done, a `Task`'s value or one of the scrub's, in so many seconds."""
        ...

    def tell(self, figure: Figure, value: float) -> None:
        """This is so now."""
        ...


class Untold:
    """Where nobody shows them."""

    def note(self, task: str, count: int, seconds: float) -> None: ...

    def tell(self, figure: Figure, value: float) -> None: ...
