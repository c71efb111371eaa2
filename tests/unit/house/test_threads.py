"""The threads behind the event loop: who takes work, and when more are called in."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from calotype.http.threads import Threads

PATIENCE_S = 20


def run(story: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(story, PATIENCE_S))


def name() -> str:
    return threading.current_thread().name


@pytest.fixture
def crew():
    threads = Threads("t", 4, at_once=2)
    yield threads
    threads.close(PATIENCE_S)


@pytest.fixture
def gate():
    """What keeps a call; opened at the end at the latest."""
    event = threading.Event()
    yield event
    event.set()


def test_what_work_returns_and_raises_comes_back(crew):
    async def story() -> None:
        assert await crew.run(lambda a, b: a + b, 1, 2) == 3
        with pytest.raises(KeyError):
            await crew.run({}.__getitem__, "absent")
        assert crew.unfinished == 0

    run(story())


def test_while_work_gets_done_only_those_at_once_take_it(crew):
    async def story() -> set[str]:
        return set(await asyncio.gather(*(crew.run(name) for _ in range(2000))))

    assert run(story()) <= {"t-0", "t-1"}


def test_the_others_take_work_while_these_are_held_up(crew, gate):
    async def story() -> set[str]:
        held = [crew.run(gate.wait) for _ in range(2)]
        names = await asyncio.gather(*(crew.run(name) for _ in range(50)))
        gate.set()
        await asyncio.gather(*held)
        return set(names)

    assert {name.rstrip("0123456789") for name in run(story())} == {"t-spare-"}


def test_no_more_than_all_of_them_are_at_work(crew, gate):
    async def story() -> int:
        held = [crew.run(gate.wait) for _ in range(4)]
        waiting = crew.run(name)
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        gate.set()
        await asyncio.gather(*held, waiting)
        return len(done)

    assert run(story()) == 0


def test_work_that_began_to_wait_while_a_spare_was_busy_is_taken_when_it_is_free(crew, gate):
    async def story() -> list[str]:
        first, second = threading.Event(), threading.Event()
        held = [crew.run(gate.wait), crew.run(gate.wait), crew.run(first.wait), crew.run(second.wait)]
        late = crew.run(name)
        await asyncio.sleep(0.05)
        first.set()
        said = await late
        second.set()
        gate.set()
        await asyncio.gather(*held)
        return [said]

    assert run(story())[0].startswith("t-spare-")


def test_without_a_number_at_once_all_take_work_as_it_comes(gate):
    threads = Threads("t", 3)

    async def story() -> str:
        held = [threads.run(gate.wait) for _ in range(2)]
        said = await threads.run(name)
        gate.set()
        await asyncio.gather(*held)
        return said

    assert run(story()) == "t-2"
    threads.close(PATIENCE_S)


def test_closing_waits_for_what_is_at_work(gate):
    threads, seen = Threads("t", 4, at_once=2), []

    def work() -> None:
        gate.wait()
        seen.append(1)

    async def story() -> None:
        threads.run(work)

    run(story())
    threading.Timer(0.1, gate.set).start()
    threads.close(PATIENCE_S)

    assert seen == [1]
