"""A large body on its way from the wire into a sink: one step is written on a thread while the next one is read.

In memory are two steps, what the sink keeps and what the parser holds back, however large the body.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp.streams import StreamReader

from calotype.http.errors import BrokenBody
from calotype.http.messages import Receive, Response, Sink
from calotype.http.meter import Direction, Meter
from calotype.http.options import HttpOptions
from calotype.http.pools import Pools


async def receive(
    payload: StreamReader,
    wanted: Receive,
    invite: Callable[[], Awaitable[None]],
    pools: Pools,
    options: HttpOptions,
    meter: Meter,
    count: Callable[[int], None],
) -> Response:
    """Take the whole body into the sink, then what `then` makes of its result. *invite* asks the client for the body.

    *count* is told of bytes as they come.

    Raises what the sink raises. Raises BrokenBody, after `give_up`, if the body breaks off or stalls.
    """
    pump = _Pump(payload, wanted.sink, pools, options, count)
    meter.transfers(Direction.RECEIVED, +1)
    try:
        try:
            await invite()
            await pump.run()
        except BrokenBody as error:
            await pools.step(wanted.sink.give_up, str(error))
            raise
        return await pools.step(lambda: wanted.then(wanted.sink.finish()))
    finally:
        meter.transfers(Direction.RECEIVED, -1)


class _Pump:
    def __init__(
        self, payload: StreamReader, sink: Sink, pools: Pools, options: HttpOptions, count: Callable[[int], None]
    ) -> None:
        self._count = count
        self._payload = payload
        self._sink = sink
        self._pools = pools
        self._options = options
        self._writing: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Write every step; none is being written any more when this ends, well or not."""
        watch = _Watch(self._payload, self._options)
        try:
            while step := await self._read_step():
                self._count(len(step))
                watch.is_resting = True
                await self._written()
                watch.is_resting = False
                self._writing = self._pools.step(self._sink.write, step)
                self._writing.add_done_callback(self._wake_if_failed)
        finally:
            watch.stop()
            await self._written()

    async def _read_step(self) -> bytes:
        """About `step_bytes`, or what came within `step_wait_s` of the first byte; b"" at the end of the body."""
        step = [await self._payload.readany()]
        size = len(step[0])
        try:
            async with asyncio.timeout(self._options.step_wait_s):
                while step[-1] and size < self._options.step_bytes:
                    step.append(await self._payload.readany())
                    size += len(step[-1])
        except TimeoutError:
            pass
        return b"".join(step)

    async def _written(self) -> None:
        """Wait for the step that is being written; raises what its writing raised."""
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    def _wake_if_failed(self, writing: asyncio.Future[None]) -> None:
        """End a read at once when the step before could not be written, however slow the client is."""
        if not writing.cancelled() and writing.exception() is not None:
            self._payload.set_exception(BrokenBody(500, "The body could not be written."))


class _Watch:
    """Breaks a body off that moves too little in a window; looks four times a window, so it takes 1.25 of one at most."""

    _LOOKS = 4

    def __init__(self, payload: StreamReader, options: HttpOptions) -> None:
        self._payload = payload
        self._options = options
        self._seen = deque([payload.total_bytes], maxlen=self._LOOKS)
        self.is_resting = False  # we are the slow ones: the client is not asked for bytes
        self._arm()

    def _arm(self) -> None:
        pause_s = self._options.upload_window_s / self._LOOKS
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._look)

    def _look(self) -> None:
        moved = self._payload.total_bytes
        if self.is_resting:
            self._seen.clear()
        elif len(self._seen) == self._LOOKS and moved - self._seen[0] < self._options.upload_window_bytes:
            window = f"{self._options.upload_window_bytes} bytes in {self._options.upload_window_s:g} s"
            self._payload.set_exception(BrokenBody(408, f"The upload stalled: it moved less than {window}."))
            return
        self._seen.append(moved)
        self._arm()

    def stop(self) -> None:
        self._timer.cancel()
