"""What is done to the nodes and to what they stand on, while clients work."""

import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress

import psycopg
from asking_front import Front
from tally import Tally

from nodes import Cluster, Node

#: Between two blows, the least and the most.
PAUSE_S = (0.5, 3.0)

#: How long a node that was killed is left alone.
AWAY_S = (0.0, 2.5)

#: Long enough for housekeeping to end what a frozen process was about.
FROZEN_S = 3.5


class Chaos(threading.Thread):
    """Until *deadline* kills nodes, whole or a process of them, and starts them again; does each of *planned* at its time.

    *planned*: moments on the monotonic clock, and what is restarted then by name. Some of the uploads that died with a
    process have their lease brought forward, so that housekeeping ends them while others go on.
    """

    def __init__(
        self,
        seed: int,
        cluster: Cluster,
        database: str,
        tally: Tally,
        planned: Mapping[float, tuple[str, Callable[[], None]]],
        deadline: float,
    ) -> None:
        super().__init__(name="chaos")
        self._random = random.Random(seed)
        self._cluster = cluster
        self._database = database
        self._tally = tally
        self._planned = dict(sorted(planned.items()))
        self._deadline = deadline
        self._away: dict[int, ExitStack] = {}
        self._beside = ThreadPoolExecutor(1, "restarts")
        self._restarts: list[Future[None]] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while self._pause(self._random.uniform(*PAUSE_S)):
                self._note_who_is_back()
                self._strike()
                if self._random.random() < 0.5:
                    self._let_dead_leases_lapse()
            for restart in self._restarts:
                restart.result()
            for node in self._cluster.nodes:
                node.wait()
            self._note_who_is_back()
        except Exception as error:  # noqa: BLE001 -- the test that started it tells
            self.failure = error
        finally:
            self._beside.shutdown()

    def _strike(self) -> None:
        if self._planned and next(iter(self._planned)) <= time.monotonic():
            self._restart(*self._planned.pop(next(iter(self._planned))))
            return
        up = [node for node in self._cluster.nodes if node.number not in self._away]
        node = self._random.choice(up)
        if len(up) == 1:
            return
        if (blow := self._random.random()) < 0.7:
            self._kill(node)
        elif blow < 0.85:
            self._kill_process(node)
        else:
            self._freeze_process(node)

    def _restart(self, name: str, restart: Callable[[], None]) -> None:
        """Beside all the rest, since it takes its time."""

        def act() -> None:
            with self._tally.disturbing(f"restarts of {name}"):
                restart()

        self._restarts.append(self._beside.submit(act))

    def _kill(self, node: Node) -> None:
        """It is missing until it answers again, which nobody waits for."""
        missing = ExitStack()
        missing.enter_context(self._tally.disturbing("kills of a node"))
        node.kill()
        self._pause(self._random.uniform(*AWAY_S))
        node.start()
        self._away[node.number] = missing

    def _note_who_is_back(self) -> None:
        for node in self._cluster.nodes:
            if node.number in self._away and node.revive():
                self._tally.chaos["starts in vain"] += 1
            elif node.number in self._away and node.is_ready():
                self._away.pop(node.number).close()

    def _kill_process(self, node: Node) -> None:
        if children := node.children():
            with self._tally.disturbing("kills of one process"):
                node.kill_child(self._random.choice(children))

    def _freeze_process(self, node: Node) -> None:
        """For so long that others take it for dead: its uploads are lost to it, and it has to notice."""
        if children := node.children():
            with self._tally.disturbing("processes frozen beyond their lease"):
                pid = self._random.choice(children)
                node.signal_child(pid, signal.SIGSTOP)
                self._let_leases_lapse([node.name_of(pid)])
                self._pause(FROZEN_S)
                node.signal_child(pid, signal.SIGCONT)

    def _let_dead_leases_lapse(self) -> None:
        self._let_leases_lapse([name for node in self._cluster.nodes for name in node.dead])

    def _let_leases_lapse(self, runners: Sequence[str]) -> None:
        with suppress(psycopg.Error), psycopg.connect(self._database) as connection:
            connection.execute("UPDATE uploads SET lease_until = 0 WHERE node = ANY(%s)", [list(runners)])

    def _pause(self, seconds: float) -> bool:
        """False if the time is over before."""
        time.sleep(max(0.0, min(seconds, self._deadline - time.monotonic())))
        return time.monotonic() < self._deadline


class Watch(threading.Thread):
    """Until it is stopped asks for a list all the time, and the database whether it agrees with itself."""

    def __init__(self, front: Front, token: str, database: str, tally: Tally) -> None:
        super().__init__(name="watch")
        self._front = front
        self._token = token
        self._database = database
        self._tally = tally
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        answered_at = time.monotonic()
        while not self._stopped.wait(0.2):
            reply = self._front.ask("GET", "/v2/images?limit=1", {"x-auth-token": self._token})
            if reply.status == 200:
                answered_at = reply.ended
            self._tally.longest_away_s = max(self._tally.longest_away_s, time.monotonic() - answered_at)
            for sentence in disagreements(self._database):
                self._tally.complain(sentence)


_USAGE = """
SELECT kind, project, counted, held, quota FROM (
    SELECT 'bytes' AS kind, p.id AS project, p.quota_bytes AS quota,
        (SELECT coalesce(sum(value), 0) FROM usage WHERE project = p.id AND kind = 'bytes') AS counted,
        (SELECT coalesce(sum(held.size), 0) FROM images JOIN (
            SELECT image_id, size_bytes AS size FROM blobs UNION ALL SELECT image_id, bytes_reserved FROM uploads
        ) held ON held.image_id = images.id WHERE images.owner = p.id) AS held
    FROM projects p
    UNION ALL
    SELECT 'images', p.id, p.quota_images,
        (SELECT coalesce(sum(value), 0) FROM usage WHERE project = p.id AND kind = 'images'),
        (SELECT count(*) FROM images WHERE owner = p.id AND deleted_at IS NULL)
    FROM projects p
) told WHERE counted <> held OR counted > quota
"""


def disagreements(database: str) -> list[str]:
    """Usage that is not the sum of what there is, or is over a quota, in one state of the database; none while it is away."""
    try:
        with psycopg.connect(database, connect_timeout=5) as connection:
            found = connection.execute(_USAGE).fetchall()
    except psycopg.Error:
        return []
    return [
        f"usage: {counted} {kind} counted for project {project}, which holds {held} and may {quota}"
        for kind, project, counted, held, quota in found
    ]
