"""The housekeeping child: it sleeps, does what nobody else cleans up, and sleeps again.

Its first round comes after one interval, so that one that dies is not replaced in a hurry.
"""

import logging
import os
import select
import signal
import time
from collections import Counter

from calotype import app
from calotype.config import Settings
from calotype.domain.errors import CalotypeError
from calotype.processes.exits import Exit
from calotype.service.housekeeping import Housekeeping

log = logging.getLogger(__name__)

#: To go through a store takes 15 s of CPU a million keys; nothing in it is in a hurry.
ORPHANS_EVERY_S = 3600.0


def run(settings: Settings, *, parent: int) -> int:
    """Keep house until SIGTERM, or until *parent*, a descriptor, ends because the parent is gone; gives the exit code."""
    end = _End(parent)
    orphans_due_at = 0.0
    while not end.comes_within(settings.housekeeping.housekeeping_interval_s):
        with_orphans = time.monotonic() >= orphans_due_at
        if with_orphans:
            orphans_due_at = time.monotonic() + ORPHANS_EVERY_S
        # Opened anew each time: between two rounds it holds no memory and no file.
        with app.open_housekeeping(settings) as housekeeping:
            _go_round(housekeeping, end, with_orphans=with_orphans)
    return Exit.OK


class _End:
    """Knows whether it is time to end."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._wake_out, wake_in = os.pipe()
        os.set_blocking(wake_in, False)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)

    def comes_within(self, timeout_s: float) -> bool:
        return bool(select.select([self._parent, self._wake_out], [], [], timeout_s)[0])


def _go_round(housekeeping: Housekeeping, end: _End, *, with_orphans: bool) -> None:
    """Every part once; one that cannot be done now does not keep the others from it."""
    done: Counter[str] = Counter()
    parts = [housekeeping.uploads(), housekeeping.tokens()]
    if with_orphans:
        parts.append(housekeeping.orphans(is_asked_for=False))
    for part in parts:
        try:
            for chore in part:
                done[chore.task.value] += chore.count
                if end.comes_within(0):
                    return
        except CalotypeError as error:
            log.warning("put off: %s", error)
    if done:
        log.info("done: %s", ", ".join(f"{task} {count}" for task, count in done.items()))
