"""Image data up and down beside their floors in the same rounds, and what slow transfers cost everybody else.

Up: the digests side by side, write and fsync, of bytes that are in memory already. Down: nginx over the same files.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from client import Client
from figures import Figure, percentile, table, verdict
from nginx import Nginx
from orders import Process
from service import Service

MIB = 1 << 20
GIB = 1 << 30
_STEP = MIB

#: Where data lie in memory, so that what is measured is not the disk.
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it

UP_OVER_FLOOR, DOWN_OVER_FLOOR, CPU_OVER_FLOOR = 0.8, 0.9, 1.0
SMALL_A_SECOND = {"memory": 200.0, "disk": 100.0}
SMALL, SMALL_BYTES = 200, MIB
CLIENTS = (1, 4)

SLOW_UPS, SLOW_DOWNS = 100, 500
MOST_MIB_A_SLOW_ONE, MOST_TIMES_IDLE = 1.0, 5.0
LIST_S = 2.0


@dataclass(slots=True)
class Rounds:
    """What was measured of one kind of transfer and of its floor: seconds, and seconds of CPU, a round."""

    what: str
    medium: str
    clients: int
    count: int
    bytes: int
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    floor_seconds: list[float] = field(default_factory=list)
    floor_cpu: list[float] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return self.what == "up"

    @property
    def is_small(self) -> bool:
        return self.count > self.clients

    def lengths(self) -> list[list[int]]:
        """The bytes of each transfer of each client."""
        return [[self.bytes // self.count] * (self.count // self.clients) for _ in range(self.clients)]


@dataclass(slots=True)
class Slow:
    """Latencies of a list, idle and under slow transfers, in seconds; what the transfers took of memory and CPU."""

    idle: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    bytes_each: list[float] = field(default_factory=list)
    cpu_share: list[float] = field(default_factory=list)
    broken: int = 0


class Site:
    """A service whose data lie on *medium*, nginx beside it over the same files, and somebody who moves data."""

    def __init__(self, medium: str, folder: Path, source: Path, mover: Process, stack: ExitStack) -> None:
        self.medium = medium
        self.service = Service(folder)
        stack.callback(self.service.stop)
        self._blobs = folder / "blobs"
        self.nginx = Nginx(self._blobs)
        stack.callback(self.nginx.stop)
        self._token = self.service.token("ordinary")
        self.source = source
        self._mover = mover
        self._floor_folder = folder / "floor"
        self._floor_folder.mkdir()

    def upload_head(self) -> str:
        """Everything before the body; `{length}` is left to fill in."""
        lines = [
            "POST /v1/images HTTP/1.1", f"Host: 127.0.0.1:{self.service.port}", f"X-Auth-Token: {self._token}",
            "Content-Type: application/octet-stream", "Content-Length: {length}", "x-image-meta-name: bench",
            "x-image-meta-disk_format: raw", "x-image-meta-container_format: bare",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n\r\n"

    def get(self, path: str) -> str:
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.service.port}\r\nX-Auth-Token: {self._token}\r\n\r\n"

    def upload(self, lengths: list[list[int]]) -> tuple[float, list[str]]:
        """Seconds it took, and the ids of the images."""
        done = self._mover.do(
            what="up", port=self.service.port, head=self.upload_head(), source=str(self.source), lengths=lengths
        )
        return done["elapsed_s"], done["ids"]

    def download(self, port: int, paths: Sequence[str], clients: int, wanted: int) -> float:
        """Seconds that *wanted* bytes took, asked for by several clients in turn."""
        requests = [[self.get(path) for path in paths[number::clients]] for number in range(clients)]
        done = self._mover.do(what="down", port=port, requests=requests)
        if done["bytes"] != wanted:
            raise RuntimeError(f"{done['bytes']} of {wanted} bytes came")
        return float(done["elapsed_s"])

    def floor_of_uploads(self, lengths: list[list[int]]) -> tuple[float, float]:
        """Seconds, and seconds of CPU, for the same bytes digested, written and flushed without a network or a record."""
        with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as digesting:
            threads = [
                threading.Thread(target=_store, args=(self.source, mine, self._floor_folder / str(number), digesting))
                for number, mine in enumerate(lengths)
            ]
            started, cpu_started = time.perf_counter(), time.process_time()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return time.perf_counter() - started, time.process_time() - cpu_started

    def files(self) -> list[str]:
        """The paths of the blobs below their folder."""
        return [f"/{path.relative_to(self._blobs)}" for path in self._blobs.rglob("*") if path.is_file()]

    def clear(self) -> None:
        """Take the bytes away, so that no disk fills up; the records stay."""
        for folder in (self._blobs, self._floor_folder):
            for path in folder.rglob("*"):
                if path.is_file():
                    path.unlink()


def _store(source: Path, lengths: list[int], target: Path, digesting: ThreadPoolExecutor) -> None:
    step = source.open("rb").read(_STEP)
    for number, length in enumerate(lengths):
        digests = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha512")]
        with target.with_suffix(f".{number}").open("wb", buffering=0) as file:
            for first in range(0, length, len(step)):
                piece = step[: length - first]
                under_way = [digesting.submit(digest.update, piece) for digest in digests]
                file.write(piece)
                wait(under_way)
            os.fsync(file.fileno())


def measure(pairs: int, mib: int) -> tuple[list[Rounds], Slow]:
    """Transfers of *mib* MiB in all, and 200 of 1 MiB (or as many as fit), in memory and on the disk."""
    with ExitStack() as stack:
        mover = Process(Path(__file__).with_name("mover.py"))
        stack.callback(mover.close)
        in_memory = stack.enter_context(_folder(MEMORY if MEMORY.is_dir() else None))
        source = in_memory / "source"
        source.write_bytes(os.urandom(MIB) * mib)
        on_disk = stack.enter_context(_folder(Path(__file__).parent))
        sites = [Site("memory", _made(in_memory / "data"), source, mover, stack)]
        sites.append(Site("disk", _made(on_disk / "data"), source, mover, stack))
        results = []
        for site in sites:
            site.upload([[MIB]])  # the first upload of a process imports what inspects it
            for clients in CLIENTS:
                for count, size in ((clients, mib * MIB), (min(SMALL, mib), min(SMALL, mib) * SMALL_BYTES)):
                    results += _measure_pair(site, clients, count, size, pairs)
        return results, _measure_slow(sites[0], mover, min(pairs, 3), stack)


def _measure_pair(site: Site, clients: int, count: int, size: int, pairs: int) -> list[Rounds]:
    """The same bytes up and then down again, the floors in between."""
    count = count // clients * clients
    size = size // count * count
    ups, downs = (Rounds(what, site.medium, clients, count, size) for what in ("up", "down"))
    for _ in range(pairs):
        seconds, cpu = site.floor_of_uploads(ups.lengths())
        ups.floor_seconds.append(seconds)
        ups.floor_cpu.append(cpu)
        site.clear()
        with _cpu_of(site.service.cpu_s, ups.cpu):
            seconds, ids = site.upload(ups.lengths())
        ups.seconds.append(seconds)
        with _cpu_of(site.nginx.cpu_s, downs.floor_cpu):
            downs.floor_seconds.append(site.download(site.nginx.port, site.files(), clients, size))
        with _cpu_of(site.service.cpu_s, downs.cpu):
            paths = [f"/v1/images/{one}" for one in ids]
            downs.seconds.append(site.download(site.service.port, paths, clients, size))
        site.clear()
    for rounds in (ups, downs):
        print("  " + "  ".join(_row(rounds)), flush=True)
    return [ups, downs]


def _measure_slow(site: Site, mover: Process, rounds: int, stack: ExitStack) -> Slow:
    """A list alone and under slow transfers, in turn."""
    slow = Slow()
    client = Client()
    stack.callback(client.close)
    port, request = site.service.port, site.get("/v1.1/images/detail").encode()
    length = 16 * MIB
    _, ids = site.upload([[min(length, site.source.stat().st_size)]])
    ups = [site.upload_head().format(length=length)] * SLOW_UPS
    downs = [site.get(f"/v1/images/{ids[0]}")] * SLOW_DOWNS
    client.round(port, request, clients=1, seconds=LIST_S)
    for _ in range(rounds):
        idle = client.round(port, request, clients=1, seconds=LIST_S, most=100_000)
        before = site.service.pss_bytes()
        mover.do(what="begin_slow", port=port, ups=ups, downs=downs)
        client.round(port, request, clients=1, seconds=LIST_S)
        with _cpu_of(site.service.cpu_s, slow.cpu_share):
            loaded = client.round(port, request, clients=1, seconds=LIST_S, most=100_000)
        slow.bytes_each.append((site.service.pss_bytes() - before) / (SLOW_UPS + SLOW_DOWNS))
        slow.broken += mover.do(what="end_slow")["broken"]
        if idle.status != 200 or loaded.status != 200:
            raise RuntimeError(f"a list was answered with {max(idle.status, loaded.status)}")
        slow.idle += idle.seconds
        slow.loaded += loaded.seconds
        slow.times.append(percentile(loaded.seconds, 0.99) / percentile(idle.seconds, 0.99))
        time.sleep(1)  # the service gives the interrupted uploads up
    return slow


@contextmanager
def _cpu_of(cpu_s: Callable[[], float], into: list[float]) -> Iterator[None]:
    before = cpu_s()
    yield
    into.append(cpu_s() - before)


@contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="calotype-bench-", dir=parent))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def over_floor(rounds: Rounds) -> Figure:
    """Our speed by the floor's, round by round."""
    return Figure.of([floor / own for floor, own in zip(rounds.floor_seconds, rounds.seconds, strict=True)])


def cpu_over_floor(rounds: Rounds) -> Figure:
    return Figure.of([own / floor for floor, own in zip(rounds.floor_cpu, rounds.cpu, strict=True)])


_HEADS = [
    "transfer", "MB/s", "floor, MB/s", "of the floor", "target", "", "images/s", "floor, images/s", "target", "",
    "CPU s/GiB", "floor, CPU s/GiB", "of the floor", "target", "",
]  # fmt: skip


def _row(rounds: Rounds) -> list[str]:
    return [*_speed(rounds), *_rate(rounds), *_cost(rounds)]


def _speed(rounds: Rounds) -> list[str]:
    over = over_floor(rounds)
    least = UP_OVER_FLOOR if rounds.is_up else DOWN_OVER_FLOOR
    # What an upload of a MiB should reach is a number of images.
    has_target = not (rounds.is_up and rounds.is_small)
    name = f"{rounds.count} of {rounds.bytes // rounds.count // MIB:,} MiB {rounds.what}, {rounds.medium}, {rounds.clients}"
    return [
        f"{name} client{'s' * (rounds.clients > 1)}",
        Figure.of([rounds.bytes / one / 1e6 for one in rounds.seconds]).show(0),
        Figure.of([rounds.bytes / one / 1e6 for one in rounds.floor_seconds]).show(0),
        over.show(),
        f"≥ {least}" if has_target else "",
        verdict(is_met=over.median >= least if has_target else None),
    ]


def _rate(rounds: Rounds) -> list[str]:
    if not rounds.is_small:
        return [""] * 4
    rate = Figure.of([rounds.count / one for one in rounds.seconds])
    least = SMALL_A_SECOND[rounds.medium] if rounds.is_up and rounds.clients == max(CLIENTS) else None
    return [
        rate.show(0),
        Figure.of([rounds.count / one for one in rounds.floor_seconds]).show(0),
        "" if least is None else f"≥ {least:.0f}",
        verdict(is_met=None if least is None else rate.median >= least),
    ]


def _cost(rounds: Rounds) -> list[str]:
    over = cpu_over_floor(rounds)
    return [
        Figure.of([one / rounds.bytes * GIB for one in rounds.cpu]).show(),
        Figure.of([one / rounds.bytes * GIB for one in rounds.floor_cpu]).show(),
        over.show(),
        "" if rounds.is_up else f"≤ {CPU_OVER_FLOOR:.0f}",
        verdict(is_met=None if rounds.is_up else over.median <= CPU_OVER_FLOOR),
    ]


def report(results: list[Rounds], slow: Slow) -> str:
    """Two tables: transfers beside their floors, and a list under slow ones."""
    each, times = Figure.of([one / MIB for one in slow.bytes_each]), Figure.of(slow.times)
    rows = [
        ["list alone, p50, ms", f"{percentile(slow.idle, 0.5) * 1000:.2f}", "", ""],
        ["list alone, p99, ms", f"{percentile(slow.idle, 0.99) * 1000:.2f}", "", ""],
        ["list under load, p50, ms", f"{percentile(slow.loaded, 0.5) * 1000:.2f}", "", ""],
        ["list under load, p99, ms", f"{percentile(slow.loaded, 0.99) * 1000:.2f}", "", ""],
        ["p99 under load / p99 alone", times.show(1), f"≤ {MOST_TIMES_IDLE:.0f}",
         verdict(is_met=times.median <= MOST_TIMES_IDLE)],
        ["memory (PSS) of a slow transfer, MiB", each.show(3), f"≤ {MOST_MIB_A_SLOW_ONE:.0f}",
         verdict(is_met=each.median <= MOST_MIB_A_SLOW_ONE)],
        [f"CPU seconds of the service in {LIST_S:.0f} s of load", Figure.of(slow.cpu_share).show(), "", ""],
        ["transfers that broke", f"{slow.broken}", "0", verdict(is_met=slow.broken == 0)],
    ]  # fmt: skip
    return (
        "Floor of uploads: MD5 and SHA-512 side by side, write and fsync, without network, record or rename. "
        "Floor of downloads: nginx, one worker, `sendfile`, the same files.\n\n"
        + table(_HEADS, [_row(one) for one in results])
        + f"\n{SLOW_UPS} uploads and {SLOW_DOWNS} downloads of 16 KiB a second each, while a list is asked for by one client.\n\n"
        + table(["slow transfers", "measured", "target", ""], rows)
    )
