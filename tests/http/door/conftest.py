from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from doors import RunningDoor, Stage, running_door

from calotype.http.options import HttpOptions


@pytest.fixture
def start_door() -> Iterator[Callable[..., RunningDoor]]:
    """Starts a door with the options it is called with; `stage` is what stands behind its face."""
    with ExitStack() as stack:

        def start(stage: Stage | None = None, **options: Any) -> RunningDoor:
            # No test leaves a connection on purpose, so the end need not wait for one.
            plain = {"drain_timeout_s": 0.2, "give_up_timeout_s": 5, "linger_s": 0.5}
            return stack.enter_context(running_door(HttpOptions(**plain | options), stage or Stage()))

        yield start


@pytest.fixture
def door(start_door: Callable[..., RunningDoor]) -> RunningDoor:
    """A door with the limits it has in service."""
    return start_door()
