"""Threads that work for an event loop: the hop from waiting on the network to blocking calls and back."""

import asyncio
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")

_Job = tuple[Callable[..., Any], tuple[object, ...], asyncio.Future[Any]]

Note = Callable[[int, int], None]
"""Told on the loop's thread how many threads are at work and how many calls wait, whenever that changes."""

#: How long nothing may get done before threads beyond those at work are called in. Longer than nearly every call takes, and
#: short beside what calls wait for that are slow: a disk's flush, a locked catalogue.
STALL_S = 0.005


class Threads:
    """At most *count* threads, started when there is work for them; called from the loop's thread only.

    *at_once* of them take work as it comes. The others are called in only while these get nothing done, since they wait for
    something: threads that all want the interpreter take it from each other. Measured: docs/design/0003-door.md.

    A hop through `ThreadPoolExecutor` and `run_in_executor` took 83 µs of CPU where this takes 53, and on a busy machine
    212 µs of time instead of 69: a lock, a condition and a second future each way.
    """

    def __init__(self, name: str, count: int, *, at_once: int | None = None, note: Note | None = None) -> None:
        at_once = count if at_once is None else min(at_once, count)
        self._first = _Crew(f"{name}-", at_once, self._note_done)
        self._spare = _Crew(f"{name}-spare-", count - at_once, self._note_spare_done)
        self._note = note
        self._unfinished = 0
        self._done = 0  # by the first crew
        self._is_stalled = False
        self._is_watched = False

    @property
    def unfinished(self) -> int:
        """How much work is running or waits."""
        return self._unfinished

    def run(self, work: Callable[..., Result], *arguments: object) -> asyncio.Future[Result]:
        """What *work* returns or raises, sooner or later; it runs to its end even when nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._unfinished += 1
        self._first.take((work, arguments, future))
        if self._is_stalled:
            self._call_in_spares()
        elif self._first.is_full and self._spare.most and not self._is_watched:
            self._watch(loop)
        self._tell()
        return future

    def close(self, timeout_s: float) -> None:
        """End the threads once they have done what was handed to them; waits *timeout_s* for each at most."""
        for crew in (self._first, self._spare):
            crew.end()
        for crew in (self._first, self._spare):
            crew.join(timeout_s)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_watched = True
        loop.call_later(STALL_S, self._look, loop, self._done)

    def _look(self, loop: asyncio.AbstractEventLoop, done_before: int) -> None:
        """Call spares in if nothing got done since the last look; look again while more waits than the first can take."""
        self._is_watched = False
        if not self._first.is_full:
            return
        self._is_stalled = self._done == done_before
        if self._is_stalled:
            self._call_in_spares()
        self._watch(loop)

    def _call_in_spares(self) -> None:
        while self._spare.busy < self._spare.most and (job := self._first.give_up_one()) is not None:
            self._spare.take(job)

    def _note_done(self) -> None:
        self._unfinished -= 1
        self._done += 1
        self._is_stalled = False
        self._tell()

    def _note_spare_done(self) -> None:
        self._unfinished -= 1
        if self._is_stalled:
            self._call_in_spares()
        self._tell()

    def _tell(self) -> None:
        if self._note is not None:
            busy = min(self._first.busy, self._first.most) + min(self._spare.busy, self._spare.most)
            self._note(busy, self._unfinished - busy)


class _Crew:
    """*most* threads at one queue. *note_done* is called on the loop after each job."""

    def __init__(self, name: str, most: int, note_done: Callable[[], None]) -> None:
        self.most = most
        self.busy = 0  # jobs that are running or wait
        self._name = name
        self._note_done = note_done
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[Thread] = []

    @property
    def is_full(self) -> bool:
        """True if some of its work waits."""
        return self.busy > self.most

    def take(self, job: _Job) -> None:
        self.busy += 1
        self._jobs.put(job)
        if len(self._threads) < min(self.busy, self.most):
            # Daemons: a call that hangs must not keep the process from ending.
            thread = Thread(target=self._serve, name=f"{self._name}{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def give_up_one(self) -> _Job | None:
        """A job that waited, the oldest; None if none did."""
        try:
            job = self._jobs.get_nowait()
        except Empty:
            return None
        self.busy -= 1
        return job

    def end(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)

    def join(self, timeout_s: float) -> None:
        for thread in self._threads:
            thread.join(timeout_s)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, arguments, future = job
            result, failure = None, None
            try:
                result = work(*arguments)
            except Exception as error:  # noqa: BLE001 -- it belongs to whoever waits for the result
                failure = error
            except BaseException as error:  # noqa: BLE001 -- a thread is no place to leave a program from
                failure = RuntimeError(f"{error!r} left a call")
            try:
                future.get_loop().call_soon_threadsafe(self._settle, future, result, failure)
            except RuntimeError:  # the loop has ended: nobody waits
                return
            del job, work, arguments, future, result, failure  # nothing is kept alive until the next job comes

    def _settle(self, future: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
        self.busy -= 1
        self._note_done()
        if future.cancelled():
            return
        if failure is None:
            future.set_result(result)
        elif isinstance(failure, StopIteration):
            future.set_exception(RuntimeError("StopIteration left a call"))
        else:
            future.set_exception(failure)
