"""The threads handlers and transfers run on: what waits for one kind of thing does not hold up another."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from calotype.domain.errors import Throttled
from calotype.http.options import HttpOptions
from calotype.http.routes import Pool

Result = TypeVar("Result")


class Pools:
    """Three pools. Their threads start when first needed; all methods are called on the loop's thread."""

    def __init__(self, options: HttpOptions) -> None:
        self._short = ThreadPoolExecutor(options.short_threads, "short")
        self._steps = ThreadPoolExecutor(options.step_threads, "steps")
        self._logins = ThreadPoolExecutor(options.login_threads, "logins")
        self._logins_max = options.login_threads + options.logins_waiting_max
        self._logins_under_way = 0

    async def call(self, pool: Pool, work: Callable[..., Result], *arguments: object) -> Result:
        """What *work* returns, run on *pool*; raises what it raises, and Throttled if too many logins wait already."""
        loop = asyncio.get_running_loop()
        if pool is Pool.SHORT:
            return await loop.run_in_executor(self._short, work, *arguments)
        if self._logins_under_way >= self._logins_max:
            raise Throttled("Too many logins at once; try again.")
        self._logins_under_way += 1
        try:
            return await loop.run_in_executor(self._logins, work, *arguments)
        finally:
            self._logins_under_way -= 1

    def step(self, work: Callable[..., Result], *arguments: object) -> asyncio.Future[Result]:
        """A step of a transfer, running on a thread from now on."""
        return asyncio.get_running_loop().run_in_executor(self._steps, work, *arguments)

    def close(self) -> None:
        """Let the threads end once they have done what was handed to them; does not wait for it."""
        for pool in (self._short, self._steps, self._logins):
            pool.shutdown(wait=False)
