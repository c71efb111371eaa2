"""A transaction that is worth more than a few seconds of waiting: behind it stand bytes that took minutes to come."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from calotype.domain.errors import Away, Unordered

log = logging.getLogger(__name__)

#: Longer than a database's restart, and short beside a lease of five minutes and what clients wait for an answer.
PATIENCE_S = 20.0

#: Between two attempts, the first and the longest.
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0

Result = TypeVar("Result")


def patiently(what: str, attempt: Callable[[], Result], patience_s: float = PATIENCE_S) -> Result:
    """What *attempt* gives, which is made again while the database is away; raises what the last one did.

    An attempt whose end was not told is followed by another one too: *attempt* must see for itself what the one before
    has done. *what* is for the log.
    """
    deadline = time.monotonic() + patience_s
    pause_s = _SHORTEST_PAUSE_S
    has_told = False
    while True:
        try:
            return attempt()
        except (Away, Unordered) as error:
            if time.monotonic() + pause_s > deadline:
                raise
            if not has_told and isinstance(error, Away):
                log.warning("%s waits for the database, %g s at most: %s", what, patience_s, error)
                has_told = True
        time.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 -- no secret
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
