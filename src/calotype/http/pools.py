"""The threads handlers and transfers run on: what waits for one kind of thing does not hold up another."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from calotype.domain.errors import Throttled
from calotype.http.meter import UNMETERED, Meter
from calotype.http.options import HttpOptions
from calotype.http.routes import Pool
from calotype.http.threads import Threads

Result = TypeVar("Result")

#: Of the threads for short calls, how many take them as they come: they hardly wait, and more would only take the
#: interpreter from each other. Measured: docs/design/0003-door.md.
_SHORT_AT_ONCE = 2


class Pools:
    """Three pools; all methods are called on the loop's thread."""

    def __init__(self, options: HttpOptions, meter: Meter = UNMETERED) -> None:
        def threads(name: str, count: int, at_once: int | None = None) -> Threads:
            return Threads(name, count, at_once=at_once, note=partial(meter.threads, name))

        self._short = threads("short", options.short_threads, _SHORT_AT_ONCE)
        self._steps = threads("steps", options.step_threads)
        self._logins = threads("logins", options.login_threads)
        self._logins_max = options.login_threads + options.logins_waiting_max

    def call(self, pool: Pool, work: Callable[..., Result], *arguments: object) -> asyncio.Future[Result]:
        """*work* on the threads of *pool*. Raises Throttled if too many logins run and wait already."""
        if pool is Pool.SHORT:
            return self._short.run(work, *arguments)
        if self._logins.unfinished >= self._logins_max:
            raise Throttled("Too many logins at once; try again.")
        return self._logins.run(work, *arguments)

    def step(self, work: Callable[..., Result], *arguments: object) -> asyncio.Future[Result]:
        """*work*, a step of a transfer."""
        return self._steps.run(work, *arguments)

    def close(self, timeout_s: float) -> None:
        """End the threads once they have done what was handed to them, or are past waiting for."""
        for threads in (self._short, self._steps, self._logins):
            threads.close(timeout_s)
