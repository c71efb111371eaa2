"""Image data up and down beside their floors in the same rounds, and what slow transfers cost everybody else.

Up: the digests side by side, write and fsync, of bytes that are in memory already. Down: nginx over the same files.
"""

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import slow
from figures import Figure, table, verdict
from moving import GIB, MEMORY, MIB, Moved, a_mover, cpu_of, folder_in, made
from nginx import Nginx
from orders import Process
from service import Service
from slow import Slow

_STEP = MIB

UP_OVER_FLOOR, DOWN_OVER_FLOOR, CPU_OVER_FLOOR = 0.8, 0.9, 1.0
SMALL_A_SECOND = {"memory": 200.0, "disk": 100.0}
SMALL, SMALL_BYTES = 200, MIB
CLIENTS = (1, 4)

SLOW_UPS, SLOW_DOWNS = 100, 500


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


class Site(Moved):
    """A service whose data lie on *medium*, and nginx beside it over the same files."""

    def __init__(self, medium: str, folder: Path, source: Path, mover: Process, stack: ExitStack) -> None:
        service = Service(folder)
        stack.callback(service.stop)
        super().__init__(service, source, mover)
        self.medium = medium
        self._blobs = folder / "blobs"
        self.nginx = Nginx(self._blobs)
        stack.callback(self.nginx.stop)
        self._floor_folder = made(folder / "floor")

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


def measure(pairs: int, mib: int, seconds: float) -> tuple[list[Rounds], Slow]:
    """Transfers of *mib* MiB in all, and 200 of 1 MiB (or as many as fit), in memory and on the disk."""
    with ExitStack() as stack:
        mover = a_mover()
        stack.callback(mover.close)
        in_memory = stack.enter_context(folder_in(MEMORY if MEMORY.is_dir() else None))
        source = in_memory / "source"
        source.write_bytes(os.urandom(MIB) * mib)
        on_disk = stack.enter_context(folder_in(Path(__file__).parent))
        sites = [Site("memory", made(in_memory / "data"), source, mover, stack)]
        sites.append(Site("disk", made(on_disk / "data"), source, mover, stack))
        results = []
        for site in sites:
            site.upload([[MIB]])  # the first upload of a process imports what inspects it
            for clients in CLIENTS:
                for count, size in ((clients, mib * MIB), (min(SMALL, mib), min(SMALL, mib) * SMALL_BYTES)):
                    results += _measure_pair(site, clients, count, size, pairs)
        return results, slow.measure(sites[0], mover, Slow(SLOW_UPS, SLOW_DOWNS, seconds), min(pairs, 3))


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
        with cpu_of(site.service.cpu_s, ups.cpu):
            seconds, ids = site.upload(ups.lengths())
        ups.seconds.append(seconds)
        with cpu_of(site.nginx.cpu_s, downs.floor_cpu):
            requests = [site.get(path) for path in site.files()]
            downs.floor_seconds.append(site.download(site.nginx.port, requests, clients, size))
        with cpu_of(site.service.cpu_s, downs.cpu):
            requests = [site.get(f"/v1/images/{one}") for one in ids]
            downs.seconds.append(site.download(site.service.port, requests, clients, size))
        site.clear()
    for rounds in (ups, downs):
        print("  " + "  ".join(_row(rounds)), flush=True)
    return [ups, downs]


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


def report(results: list[Rounds], of_slow: Slow) -> str:
    """Two tables: transfers beside their floors, and a list under slow ones."""
    return (
        "Floor of uploads: MD5 and SHA-512 side by side, write and fsync, without network, record or rename. "
        "Floor of downloads: nginx, one worker, `sendfile`, the same files.\n\n"
        + table(_HEADS, [_row(one) for one in results])
        + "\n"
        + slow.report(of_slow)
    )
