"""How often a login may fail before its name has to wait."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from calotype.domain.errors import Throttled

MOST_FAILURES = 10
WINDOW = timedelta(minutes=1)

#: Names remembered. Two hashes at a time are 40 failures a second at the very most, so within a window nobody can push a
#: name out by failing with others.
_MOST_NAMES = 4096


class LoginThrottle:
    """Counts failed logins by name, whether or not there is such a user; for one process, in bounded memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()

    def check(self, name: str, now: datetime) -> None:
        """Raises Throttled if *name* failed `MOST_FAILURES` times within the `WINDOW` before *now*."""
        with self._lock:
            recent = self._recent(name, now)
        if len(recent) >= MOST_FAILURES:
            wait = recent[-MOST_FAILURES] + WINDOW - now
            raise Throttled("Too many failed logins; try again later.", max(1, -(-wait // timedelta(seconds=1))))

    def failed(self, name: str, now: datetime) -> None:
        with self._lock:
            self._failures[name] = [*self._recent(name, now), now][-MOST_FAILURES:]
            self._failures.move_to_end(name)
            while len(self._failures) > _MOST_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget what *name* did before."""
        with self._lock:
            self._failures.pop(name, None)

    def _recent(self, name: str, now: datetime) -> list[datetime]:
        return [moment for moment in self._failures.get(name, ()) if now - moment < WINDOW]
