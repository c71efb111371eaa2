"""The housekeeping child: it sleeps, does what nobody else cleans up if it has the turn, and sleeps again.

Its first round comes after one interval, so that one that dies is not replaced in a hurry.
"""

import os
import select
import signal

from calotype.config import Settings
from calotype.processes.exits import Exit
from calotype.processes.turns import Ended, Keeper
from calotype.service.housekeeping.figures import Figures, Untold


def run(settings: Settings, *, parent: int, figures: Figures | None = None) -> int:
    """Keep house until SIGTERM, or until *parent*, a descriptor, ends because the parent is gone; gives the exit code.

    *figures* are told what was done.
    """
    end = _End(parent)
    keeper = Keeper(settings, end.wait, figures or Untold())
    pause_s = settings.housekeeping.housekeeping_interval_s
    while not end.comes_within(pause_s):
        pause_s = keeper.take_turn()
    keeper.leave()
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

    def wait(self, timeout_s: float) -> None:
        """Raises Ended if it comes within that time."""
        if self.comes_within(timeout_s):
            raise Ended
