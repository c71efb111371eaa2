"""SIGKILL at any moment, again and again, under clients that remember what was acknowledged."""

import logging
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from afterwards import children, remains_of, wait_for_the_end_of
from history import Client, Model

from servers import Server

log = logging.getLogger(__name__)

CLIENTS = 2

#: A kill comes after that many answers at most, and then at any moment of the next step.
MOST_ANSWERS = 5
LONGEST_STEP_S = 0.05

#: How often workers of one service are killed before the whole of it is: it replaces each five times within 30 seconds.
WORKERS_KILLED = 4


class Story:
    """A data folder whose service is killed over and over: now some of its workers, now the parent with everybody."""

    def __init__(self, start: Callable[[], Server], seed: int) -> None:
        self._start = start
        self._random = random.Random(seed)
        self._server = start()
        self._workers_killed = 0
        self.model = Model()

    def work_and_die(self) -> None:
        """Clients work; in the middle of it workers, or everybody, are killed; then the model is compared."""
        clients = self._clients()
        for client in clients:
            client.start()
        enough = self.model.answers + self._random.randint(0, MOST_ANSWERS)
        while self.model.answers < enough and any(client.is_alive() for client in clients):
            time.sleep(0.002)
        time.sleep(self._random.uniform(0, LONGEST_STEP_S))
        self._kill(clients)
        with remains_of(self._server.folder) as remains:
            remains.keep_house()
            self.model.check(self._server, remains.statuses())
            remains.check()

    def _clients(self) -> list[Client]:
        """Each with a share of the images there are."""
        there = sorted(self.model.there)
        seeds = [self._random.getrandbits(32) for _ in range(CLIENTS)]
        return [Client(self._server, self.model, there[n::CLIENTS], seed) for n, seed in enumerate(seeds)]

    def _kill(self, clients: list[Client]) -> None:
        family = [self._server.process.pid, *children(self._server.process.pid)]
        is_worker_only = self._workers_killed < WORKERS_KILLED
        self._workers_killed = self._workers_killed + 1 if is_worker_only else 0
        self._random.shuffle(family)
        doomed = self._some_workers(family) if is_worker_only else family
        for client in clients:
            client.is_told_to_stop = True
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        for client in clients:
            client.join()
            assert client.wrong is None, (client.wrong.status, client.wrong.body)
        if not is_worker_only:
            assert self._server.stop() == -signal.SIGKILL
        wait_for_the_end_of(doomed)
        if not is_worker_only:
            self._server = self._start()

    def _some_workers(self, family: list[int]) -> list[int]:
        """At least one, and while there are others often not all."""
        workers = [pid for pid in family if pid != self._server.process.pid]
        return workers[: self._random.randint(1, len(workers))]


@pytest.fixture
def story(start_server: Callable[..., Server], tmp_path: Path) -> Callable[[int, int], Story]:
    """By seed and number of workers. Without a housekeeper: the test is the one who says when leases have run out."""

    def tell(seed: int, workers: int) -> Story:
        flags = ("--data-dir", tmp_path / "data", "--housekeeping-interval-s", "0", "--workers", str(workers))
        return Story(lambda: start_server(*flags), seed)

    return tell


def survive(told: Story, kills: int) -> None:
    for _ in range(kills):
        told.work_and_die()
    log.info("%d kills: %d answers, %d requests in doubt", kills, told.model.answers, told.model.doubts)
    # Else nothing was tested.
    assert told.model.answers > kills
    assert told.model.doubts > kills / 4


@pytest.mark.parametrize(("seed", "workers"), [(1, 1), (2, 4)])
def test_twenty_five_kills_lose_nothing_that_was_acknowledged(
    story: Callable[[int, int], Story], seed: int, workers: int
) -> None:
    survive(story(seed, workers), 25)


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("seed", range(100, 120))
def test_fifty_kills_lose_nothing_that_was_acknowledged(
    story: Callable[[int, int], Story], seed: int, workers: int
) -> None:
    """Twenty times each: a thousand kills with one worker, and a thousand with four."""
    survive(story(seed, workers), 50)
