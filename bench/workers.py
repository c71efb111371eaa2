"""Lists and small uploads with one worker and with two, on two cores that service and client share.

The client and whatever else runs take CPU that the second worker lacks, so it is measured, by the clocks of the processes and
of the cores, and taken off: see `METHOD`, which the report repeats.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from client import Client
from cores import CORES, busy_s, pinned
from figures import Figure, table, verdict
from moving import MEMORY, a_mover
from orders import Process
from service import Service, cpu_s

WORKERS = (1, 2)
TIMES = 1.7

#: Cores that others may have for a verdict to be given.
MOST_OTHERS = 0.25

CLIENTS = 16
IMAGES = 100
UPLOADS, UPLOAD_BYTES = 400, 64 * 1024

METHOD = f"""Everything is pinned to {CORES} cores, the data lie in memory, {CLIENTS} connections that stay ask all the time.
*Room* is what {CORES} cores have left beside the client (its own CPU clock) and beside everybody else (/proc/stat less what is
ours). *Undisturbed*: with two workers what was measured, times {CORES} / room; with one what was measured, over the cores it
had if it had less than one. So waiting that leaves a core idle counts against two workers, the client's work does not.
Where others have a quarter of a core and more they also fill what waiting leaves idle, which flatters two workers: the row then
ends with "busy", not with a verdict.
"""

_MB = 1_000_000


@dataclass(slots=True)
class Rounds:
    """What was measured of one kind of request with so many workers: requests a second, and cores in use."""

    what: str
    workers: int
    rates: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    undisturbed: list[float] = field(default_factory=list)

    def add(self, rate: float, ours: float, client: float, others: float) -> None:
        for kept, value in ((self.rates, rate), (self.ours, ours), (self.client, client), (self.others, others)):
            kept.append(value)
        if self.workers == 1:
            self.undisturbed.append(rate / min(1.0, ours))
        else:
            self.undisturbed.append(rate * CORES / (CORES - client - others))


class Site:
    """A service with so many workers and a hundred images, and who asks it."""

    def __init__(self, workers: int, folder: Path, mover: Process, stack: ExitStack) -> None:
        self.workers = workers
        self.service = Service(folder, "--workers", str(workers))
        stack.callback(self.service.stop)
        self._token = self.service.token("ordinary")
        self._mover = mover
        self._source = folder / "source"
        self._source.write_bytes(os.urandom(UPLOAD_BYTES))
        self._upload([1024] * (IMAGES // CLIENTS + 1))

    def list_a_while(self, client: Client, seconds: float) -> tuple[float, float]:
        """Answers, and seconds."""
        lines = [
            "GET /v1.1/images/detail HTTP/1.1",
            f"Host: 127.0.0.1:{self.service.port}",
            f"X-Auth-Token: {self._token}",
        ]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n"
        sample = client.round([self.service.port], request, clients=CLIENTS, seconds=seconds, most=1_000_000)
        if sample.status != 200:
            raise RuntimeError(f"status {sample.status} to a list")
        return len(sample.seconds), sample.elapsed_s

    def upload_many(self) -> tuple[float, float]:
        """Images, and seconds."""
        lengths = [UPLOAD_BYTES] * (UPLOADS // CLIENTS)
        return len(lengths) * CLIENTS, self._upload(lengths)

    def _upload(self, lengths: list[int]) -> float:
        lines = [
            "POST /v1/images HTTP/1.1", f"Host: 127.0.0.1:{self.service.port}", f"X-Auth-Token: {self._token}",
            "Content-Type: application/octet-stream", "Content-Length: {length}", "x-image-meta-name: bench",
            "x-image-meta-disk_format: raw", "x-image-meta-container_format: bare",
        ]  # fmt: skip
        head = "\r\n".join(lines) + "\r\n\r\n"
        order = {"what": "up", "ports": [self.service.port], "head": head, "source": str(self._source)}
        elapsed_s: float = self._mover.do(**order, lengths=[lengths] * CLIENTS)["elapsed_s"]
        return elapsed_s


def measure(pairs: int, seconds: float) -> tuple[list[Rounds], dict[int, list[float]]]:
    """The rounds of each kind and number of workers, in turn, and megabytes of memory by number of workers."""
    kinds = ("lists of 25", f"uploads of {UPLOAD_BYTES // 1024} KiB")
    rounds = [Rounds(what, workers) for what in kinds for workers in WORKERS]
    memory: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    with pinned() as cores, ExitStack() as stack:
        client, mover = Client(), a_mover()
        stack.callback(client.close)
        stack.callback(mover.close)
        sites = [Site(workers, _folder(stack), mover, stack) for workers in WORKERS]
        for number in range(pairs):
            for one in rounds:
                site = next(site for site in sites if site.workers == one.workers)
                if one.what == kinds[0]:
                    one.add(*_observed(site, client.pid, cores, partial(site.list_a_while, client, seconds)))
                else:
                    one.add(*_observed(site, mover.pid, cores, site.upload_many))
            for site in sites:
                memory[site.workers].append(site.service.pss_bytes() / _MB)
            shown = ", ".join(f"{one.what} {one.workers}: {one.rates[-1]:.0f}/s" for one in rounds)
            print(f"  round {number + 1}: {shown}", flush=True)
    return rounds, memory


def _folder(stack: ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="calotype-bench-", dir=MEMORY))
    stack.callback(shutil.rmtree, folder)
    return folder


def _observed(
    site: Site, client: int, cores: set[int], do: Callable[[], tuple[float, float]]
) -> tuple[float, float, float, float]:
    """Requests a second while *do* runs, and the cores that the service, the client and everybody else had meanwhile."""
    before = (site.service.cpu_s(), cpu_s(client), busy_s(cores), time.perf_counter())
    count, elapsed_s = do()
    after = (site.service.cpu_s(), cpu_s(client), busy_s(cores), time.perf_counter())
    ours, clients, busy, lasted_s = (late - early for early, late in zip(before, after, strict=True))
    others = max(0.0, busy - ours - clients)
    return count / elapsed_s, ours / lasted_s, clients / lasted_s, others / lasted_s


def report(rounds: list[Rounds], memory: dict[int, list[float]]) -> str:
    heads = ["workers", "a second", "its cores", "client's", "others'", "undisturbed", "times one", "target", ""]
    rows = []
    for one in rounds:
        alone = next(other for other in rounds if other.what == one.what and other.workers == 1)
        times = Figure.of([mine / its for mine, its in zip(one.undisturbed, alone.undisturbed, strict=True)])
        is_first = one is alone
        is_busy = max(Figure.of(each.others).median for each in (one, alone)) > MOST_OTHERS
        rows.append(
            [
                f"{one.what}, {one.workers} worker{'s' if one.workers > 1 else ''}",
                Figure.of(one.rates).show(0),
                *(f"{Figure.of(cores).median:.2f}" for cores in (one.ours, one.client, one.others)),
                Figure.of(one.undisturbed).show(0),
                "" if is_first else times.show(),
                "" if is_first else f"≥ {TIMES}",
                "busy" if is_busy and not is_first else verdict(is_met=None if is_first else times.median >= TIMES),
            ]
        )
    cost = table(
        ["memory (PSS) of parent, workers and housekeeper", "MB"],
        [[f"{workers} worker{'s' if workers > 1 else ''}", Figure.of(mb).show(0)] for workers, mb in memory.items()],
    )
    return f"{METHOD}\n{table(heads, rows)}\n{cost}"
