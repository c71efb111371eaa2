"""Lists, shows and small uploads of one node, two and three over one PostgreSQL and one S3 server, all on two cores.

Nodes that share two cores with all they need cannot be twice as fast as one. So each party's CPU is measured by its own clocks,
and what a node would do with a core of its own follows from that: see `METHOD`, which the report repeats.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from client import Client
from cores import CORES, busy_s, pinned
from figures import Figure, table, verdict
from moving import MIB, a_mover, folder_in, made
from postgres import Postgres
from seaweed import Seaweed
from service import Service, cpu_s
from workers import MOST_OTHERS

NODES = (1, 2, 3)
CLIENTS = 16
IMAGES = 100
UPLOADS, UPLOAD_BYTES = 192, 64 * 1024

#: Of large images, each by so many clients at once.
MOST_MIB, MOVERS = 64, 4

#: Of what one node answers with a core, two and three must answer with as much.
KEPT = 0.85

METHOD = f"""Each node is `calotype serve --workers 1`; PostgreSQL and the S3 server (SeaweedFS) write to the disk, and everything is pinned to the
same {CORES} cores. {CLIENTS} connections that stay ask all the time, dealt out to the nodes. The cores that each party had are measured by the
clocks of its processes, the others' by /proc/stat less what is ours; *idle* is what nobody had, so that waiting for the disk or for
each other shows there. *With a core*: what was answered, over the cores the nodes had. It says what a node does for its CPU, and
whether more nodes make a request dearer for each, whatever else was short; the target is of it. Where others have a quarter of a core
and more the row ends with "busy", not with a verdict.
"""

_MB = 1_000_000
_PARTIES = ("nodes'", "PostgreSQL's", "S3 server's", "client's", "others'", "idle")
_DATABASE = "bench-nodes"


@dataclass(slots=True)
class Rounds:
    """What was measured of one kind of request with so many nodes: requests a second, and cores by party."""

    what: str
    nodes: int
    rates: list[float] = field(default_factory=list)
    cores: dict[str, list[float]] = field(default_factory=lambda: {party: [] for party in _PARTIES})

    @property
    def with_a_core(self) -> list[float]:
        return [rate / cores for rate, cores in zip(self.rates, self.cores["nodes'"], strict=True)]

    def ms_of(self, party: str) -> Figure:
        """CPU milliseconds of *party* a request."""
        return Figure.of([cores / rate * 1000 for rate, cores in zip(self.rates, self.cores[party], strict=True)])


@dataclass(slots=True)
class Held:
    """Megabytes of a node and of one more worker; connections to PostgreSQL of a node."""

    node_mb: list[float] = field(default_factory=list)
    worker_mb: float = 0.0
    connections: float = 0.0


class Cluster:
    """As many nodes as are ever measured, and who asks them."""

    def __init__(self, folder: Path, databases: Path, mib: int, seconds: float, stack: ExitStack) -> None:
        self.postgres = Postgres(databases / "postgresql")
        stack.callback(self.postgres.close)
        self._url = self.postgres.create(_DATABASE)
        stack.callback(self.postgres.drop, _DATABASE)
        self.seaweed = Seaweed(folder / "s3")
        stack.callback(self.seaweed.close)
        self._folder = folder
        self._seconds = seconds
        self._large = mib * MIB
        self.nodes = [self.node(f"node-{number}", stack) for number in NODES]
        self._first = self.nodes[0]
        self._token = self._first.token("ordinary")
        self.client, self.mover = Client(), a_mover()
        stack.callback(self.client.close)
        stack.callback(self.mover.close)
        self._source = folder / "source"
        self._source.write_bytes(os.urandom(MIB) * mib)
        for count in NODES:
            self._upload(self.ports(count), CLIENTS, [1024] * (IMAGES // len(NODES) // CLIENTS + 1))
        page = json.loads(self._first.get("/v2/images", self._token))
        self._show = f"/v2/images/{page['images'][0]['id']}"
        (large,) = self._upload(self.ports(1), 1, [self._large])["ids"]
        self._get = f"GET /v1/images/{large} HTTP/1.1\r\nHost: nodes\r\nX-Auth-Token: {self._token}\r\n\r\n"

    def node(self, name: str, stack: ExitStack, workers: int = 1) -> Service:
        """One more; it has a folder of its own and shares nothing but the two servers."""
        flags = ["--database", self._url, "--workers", str(workers), *self.seaweed.flags()]
        service = Service(made(self._folder / name), *flags)
        stack.callback(service.stop)
        return service

    def lists(self, ports: list[int]) -> tuple[float, float]:
        """Answers, and seconds."""
        return self._ask(ports, "/v1.1/images/detail")

    def shows(self, ports: list[int]) -> tuple[float, float]:
        """Answers, and seconds."""
        return self._ask(ports, self._show)

    def uploads(self, ports: list[int]) -> tuple[float, float]:
        """Images, and seconds."""
        lengths = [UPLOAD_BYTES] * (UPLOADS // CLIENTS)
        return len(lengths) * CLIENTS, float(self._upload(ports, CLIENTS, lengths)["elapsed_s"])

    def large_up(self, ports: list[int]) -> tuple[float, float]:
        """Megabytes, and seconds."""
        return MOVERS * self._large / _MB, float(self._upload(ports, MOVERS, [self._large])["elapsed_s"])

    def large_down(self, ports: list[int]) -> tuple[float, float]:
        """Megabytes, and seconds."""
        done = self.mover.do(what="down", ports=ports, requests=[[self._get]] * MOVERS)
        return done["bytes"] / _MB, float(done["elapsed_s"])

    def _ask(self, ports: list[int], path: str) -> tuple[float, float]:
        request = f"GET {path} HTTP/1.1\r\nHost: nodes\r\nX-Auth-Token: {self._token}\r\n\r\n".encode()
        sample = self.client.round(ports, request, clients=CLIENTS, seconds=self._seconds, most=1_000_000)
        if sample.status != 200:
            raise RuntimeError(f"status {sample.status} to {path}")
        return len(sample.seconds), sample.elapsed_s

    def _upload(self, ports: list[int], clients: int, lengths: list[int]) -> Any:
        lines = [
            "POST /v1/images HTTP/1.1", "Host: nodes", f"X-Auth-Token: {self._token}",
            "Content-Type: application/octet-stream", "Content-Length: {length}", "x-image-meta-name: bench",
            "x-image-meta-disk_format: raw", "x-image-meta-container_format: bare",
        ]  # fmt: skip
        head = "\r\n".join(lines) + "\r\n\r\n"
        order = {"what": "up", "ports": ports, "head": head, "source": str(self._source)}
        return self.mover.do(**order, lengths=[lengths] * clients)

    def ports(self, count: int) -> list[int]:
        return [node.port for node in self.nodes[:count]]

    def connections(self) -> int:
        return self.postgres.connections(_DATABASE)

    def clocks(self, cores: set[int]) -> list[float]:
        """CPU seconds so far: the nodes', PostgreSQL's, the S3 server's, the clients', and of the *cores* in all."""
        return [
            sum(node.cpu_s() for node in self.nodes),
            self.postgres.cpu_s(),
            self.seaweed.cpu_s(),
            cpu_s(self.client.pid) + cpu_s(self.mover.pid),
            busy_s(cores),
        ]


def measure(pairs: int, databases: Path, mib: int, seconds: float) -> tuple[list[Rounds], Held]:
    """The rounds of each kind and number of nodes, in turn, and what nodes hold."""
    held = Held()
    with pinned() as cores, ExitStack() as stack:
        folder = stack.enter_context(folder_in(Path(__file__).parent))
        mib = min(mib, MOST_MIB)
        cluster = Cluster(folder, databases, mib, seconds, stack)
        kinds: dict[str, Callable[[list[int]], tuple[float, float]]] = {
            "lists of 25": cluster.lists,
            "shows": cluster.shows,
            f"uploads of {UPLOAD_BYTES // 1024} KiB": cluster.uploads,
            f"MB up, {MOVERS} at once of {mib} MiB": cluster.large_up,
            f"MB down, {MOVERS} at once of {mib} MiB": cluster.large_down,
        }
        rounds = [Rounds(what, nodes) for what in kinds for nodes in NODES]
        for number in range(pairs):
            for one in rounds:
                _observe(one, cluster, cores, partial(kinds[one.what], cluster.ports(one.nodes)))
            held.node_mb.append(cluster.nodes[0].pss_bytes() / _MB)
            shown = ", ".join(f"{one.what} {one.nodes}: {one.rates[-1]:.0f}/s" for one in rounds)
            print(f"  round {number + 1}: {shown}", flush=True)
        held.connections = cluster.connections() / len(NODES)
        held.worker_mb = _one_more_worker(cluster, stack)
    return rounds, held


def _observe(one: Rounds, cluster: Cluster, cores: set[int], do: Callable[[], tuple[float, float]]) -> None:
    before, started = cluster.clocks(cores), time.perf_counter()
    count, elapsed_s = do()
    after, lasted_s = cluster.clocks(cores), time.perf_counter() - started
    *ours, busy = ((late - early) / lasted_s for early, late in zip(before, after, strict=True))
    others = max(0.0, busy - sum(ours))
    idle = max(0.0, len(cores) - sum(ours) - others)
    one.rates.append(count / elapsed_s)
    for party, had in zip(_PARTIES, (*ours, others, idle), strict=True):
        one.cores[party].append(had)


def _one_more_worker(cluster: Cluster, stack: ExitStack) -> float:
    """Megabytes that the second of two workers adds to a node that has done the same."""
    nodes = [cluster.node(f"workers-{workers}", stack, workers) for workers in (1, 2)]
    for node in nodes:
        cluster.lists([node.port])
    one, two = (node.pss_bytes() / _MB for node in nodes)
    return two - one


def report(rounds: list[Rounds], held: Held) -> str:
    """What was measured, and what follows for an operator who counts cores."""
    heads = [
        "nodes",
        "a second",
        "times one",
        *(f"{party} cores" for party in _PARTIES),
        "with a core",
        "times one",
        "target",
        "",
    ]
    measured = table(heads, [_row(one, rounds) for one in rounds])
    return f"{METHOD}\n{measured}\n{_sizing(rounds, held)}"


def _row(one: Rounds, rounds: list[Rounds]) -> list[str]:
    alone = next(other for other in rounds if other.what == one.what and other.nodes == 1)
    is_first = one is alone
    kept = _times(one.with_a_core, alone.with_a_core)
    is_busy = max(Figure.of(each.cores["others'"]).median for each in (one, alone)) > MOST_OTHERS
    return [
        f"{one.what}, {one.nodes} node{'s' * (one.nodes > 1)}",
        Figure.of(one.rates).show(0),
        "" if is_first else _times(one.rates, alone.rates).show(),
        *(f"{Figure.of(one.cores[party]).median:.2f}" for party in _PARTIES),
        Figure.of(one.with_a_core).show(0),
        "" if is_first else kept.show(),
        "" if is_first else f"≥ {KEPT}",
        "busy" if is_busy and not is_first else verdict(is_met=None if is_first else kept.median >= KEPT),
    ]


def _times(these: list[float], those: list[float]) -> Figure:
    return Figure.of([one / other for one, other in zip(these, those, strict=True)])


def _sizing(rounds: list[Rounds], held: Held) -> str:
    """What was seen of one node, two and three on this machine; what each request costs, where three had to share it."""
    kinds = list(dict.fromkeys(one.what for one in rounds))
    seen = [
        [f"{nodes} node{'s' * (nodes > 1)}", *(f"{Figure.of(one.rates).median:,.0f}" for one in rounds if one.nodes == nodes),
         f"{held.connections * nodes:.0f}"]
        for nodes in NODES
    ]  # fmt: skip
    full = [one for one in rounds if one.nodes == max(NODES)]
    costs = [
        [
            "a second of a node, for each core that it fills",
            *(f"{Figure.of(one.with_a_core).median:,.0f}" for one in full),
        ],
        *([f"CPU of {name} each, ms", *(one.ms_of(party).show() for one in full)] for name, party in _PAYERS.items()),
        ["cores of nodes that a core of PostgreSQL serves", *(f"{_ratio(one):.1f}" for one in full)],
    ]
    holds = [
        ["connections to PostgreSQL of a node with one worker, measured", f"{held.connections:.0f}"],
        ["memory (PSS) of a node with one worker: parent, worker, housekeeper, MB", Figure.of(held.node_mb).show(0)],
        ["memory that one more worker adds, MB", f"{held.worker_mb:.0f}"],
    ]
    return "\n".join(
        [
            table(["nodes of one worker, a second", *kinds, "connections"], seen),
            table(["sizing", *kinds], costs),
            table(["a node holds", ""], holds),
        ]
    )


_PAYERS = {"a node": "nodes'", "PostgreSQL": "PostgreSQL's", "the S3 server": "S3 server's"}


def _ratio(one: Rounds) -> float:
    return one.ms_of("nodes'").median / max(one.ms_of("PostgreSQL's").median, 1e-3)
