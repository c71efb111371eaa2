"""Image data through a store on S3, beside boto3 alone from a file to the same server, in the same rounds.

The catalogue is SQLite on the disk, the objects are SeaweedFS's on the same disk: what differs from "Transfers" is the store.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import slow
from figures import Figure, table, verdict
from moving import GIB, MIB, Moved, a_mover, cpu_of, folder_in, made
from orders import Process
from seaweed import Seaweed
from service import Service, cpu_s
from slow import Slow

OVER_FLOOR = 0.8
SMALL, SMALL_BYTES = 200, MIB
SLOW = 100

#: The floor's parts are as long as Calotype's, up to 7.8 GiB.
PART_BYTES = 8 * MIB

#: Of a slow upload: as much as is held of it at most while nothing is on its way to S3.
SLOW_AHEAD = PART_BYTES - MIB


@dataclass(slots=True)
class Rounds:
    """What was measured of one kind of transfer: seconds, and CPU seconds of the service, of the floor and of the server.

    *bare*: the floor of uploads without digests.
    """

    what: str
    clients: int
    count: int
    bytes: int
    seconds: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    floor_cpu: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)

    def lengths(self) -> list[list[int]]:
        """The bytes of each transfer of each client."""
        return [[self.bytes // self.count] * (self.count // self.clients) for _ in range(self.clients)]


class Site(Moved):
    """A service whose store is on *seaweed*, and boto3 beside it."""

    def __init__(self, folder: Path, source: Path, mover: Process, stack: ExitStack) -> None:
        self.seaweed = Seaweed(folder / "s3")
        stack.callback(self.seaweed.close)
        service = Service(made(folder / "data"), *self.seaweed.flags())
        stack.callback(service.stop)
        super().__init__(service, source, mover)
        self._floor = Process(Path(__file__).with_name("s3_floor.py"))
        stack.callback(self._floor.close)

    def floor_up(self, lengths: list[list[int]], prefix: str, *, with_digests: bool) -> float:
        """Seconds for the same bytes by boto3."""
        order = {"endpoint": self.seaweed.endpoint, "source": str(self.source), "lengths": lengths}
        done = self._floor.do(what="up", **order, prefix=prefix, part_bytes=PART_BYTES, with_digests=with_digests)
        return float(done["elapsed_s"])

    def floor_down(self, requests: list[dict[str, str]], clients: int, wanted: int) -> float:
        """Seconds that *wanted* bytes took boto3."""
        dealt = [requests[number::clients] for number in range(clients)]
        done = self._floor.do(what="down", endpoint=self.seaweed.endpoint, requests=dealt)
        if done["bytes"] != wanted:
            raise RuntimeError(f"{done['bytes']} of {wanted} bytes came")
        return float(done["elapsed_s"])

    def floor_cpu_s(self) -> float:
        return cpu_s(self._floor.pid)


def measure(pairs: int, mib: int, seconds: float) -> tuple[list[Rounds], list[Slow]]:
    """Transfers of *mib* MiB in one and in four, of 200 of 1 MiB (or as many as fit), of as many ranges, and slow ones."""
    with ExitStack() as stack:
        folder = stack.enter_context(folder_in(Path(__file__).parent))
        source = folder / "source"
        source.write_bytes(os.urandom(MIB) * mib)
        mover = a_mover()
        stack.callback(mover.close)
        site = Site(folder, source, mover, stack)
        site.upload([[MIB]])  # the first upload of a process imports what inspects it
        small = min(SMALL, mib) // 4 * 4
        results = []
        for clients, count, size in ((1, 1, mib * MIB), (4, 4, mib // 4 * 4 * MIB), (4, small, small * SMALL_BYTES)):
            results += _measure_pair(site, clients, count, size, pairs)
        results.append(_measure_ranges(site, small, pairs, mib))
        ahead = min(SLOW_AHEAD, mib * MIB)
        slows = [
            slow.measure(site, mover, Slow(ups, downs, seconds, ahead), min(pairs, 3))
            for ups, downs in ((SLOW, 0), (0, SLOW))
        ]
        return results, slows


def _measure_pair(site: Site, clients: int, count: int, size: int, pairs: int) -> list[Rounds]:
    """The same bytes up and then down again, the floors in between."""
    ups, downs = (Rounds(what, clients, count, size) for what in ("up", "down"))
    keys = [{"Key": f"floor/{number}/{one}"} for number in range(clients) for one in range(count // clients)]
    for _ in range(pairs):
        ups.bare.append(site.floor_up(ups.lengths(), "bare", with_digests=False))
        with cpu_of(site.floor_cpu_s, ups.floor_cpu):
            ups.floor.append(site.floor_up(ups.lengths(), "floor", with_digests=True))
        with cpu_of(site.service.cpu_s, ups.cpu), cpu_of(site.seaweed.cpu_s, ups.server_cpu):
            seconds, ids = site.upload(ups.lengths())
        ups.seconds.append(seconds)
        with cpu_of(site.floor_cpu_s, downs.floor_cpu):
            downs.floor.append(site.floor_down(keys, clients, size))
        requests = [site.get(f"/v1/images/{one}") for one in ids]
        with cpu_of(site.service.cpu_s, downs.cpu), cpu_of(site.seaweed.cpu_s, downs.server_cpu):
            downs.seconds.append(site.download(site.service.port, requests, clients, size))
        site.seaweed.clear()
    for rounds in (ups, downs):
        print("  " + "  ".join(_row(rounds)), flush=True)
    return [ups, downs]


def _measure_ranges(site: Site, count: int, pairs: int, mib: int) -> Rounds:
    """Ranges of 1 MiB of one large image, none at the beginning of a part."""
    rounds = Rounds("ranges down", 4, count, count * SMALL_BYTES)
    _, (image_id,) = site.upload([[mib * MIB]])
    site.floor_up([[mib * MIB]], "floor", with_digests=False)
    step = (mib * MIB - SMALL_BYTES) // count
    ranges = [f"bytes={first}-{first + SMALL_BYTES - 1}" for first in range(step // 2, step * count, step)]
    for _ in range(pairs):
        keys = [{"Key": "floor/0/0", "Range": one} for one in ranges]
        with cpu_of(site.floor_cpu_s, rounds.floor_cpu):
            rounds.floor.append(site.floor_down(keys, rounds.clients, rounds.bytes))
        requests = [site.get(f"/v2/images/{image_id}/file", f"Range: {one}") for one in ranges]
        with cpu_of(site.service.cpu_s, rounds.cpu), cpu_of(site.seaweed.cpu_s, rounds.server_cpu):
            rounds.seconds.append(site.download(site.service.port, requests, rounds.clients, rounds.bytes))
    site.seaweed.clear()
    print("  " + "  ".join(_row(rounds)), flush=True)
    return rounds


_HEADS = [
    "transfer", "MB/s", "a second", "boto3, MB/s", "of it", "target", "", "boto3 without digests, MB/s", "of it",
    "CPU s/GiB", "boto3, CPU s/GiB", "of it", "server, CPU s/GiB",
]  # fmt: skip


def _row(rounds: Rounds) -> list[str]:
    over = _shares(rounds.floor, rounds.seconds)
    a_gib = GIB / rounds.bytes
    return [
        f"{rounds.count} of {rounds.bytes // rounds.count // MIB:,} MiB {rounds.what}, {rounds.clients} client{'s' * (rounds.clients > 1)}",
        _speed(rounds, rounds.seconds),
        Figure.of([rounds.count / one for one in rounds.seconds]).show(0) if rounds.count > rounds.clients else "",
        _speed(rounds, rounds.floor),
        over.show(),
        f"≥ {OVER_FLOOR}",
        verdict(is_met=over.median >= OVER_FLOOR),
        _speed(rounds, rounds.bare) if rounds.bare else "",
        _shares(rounds.bare, rounds.seconds).show() if rounds.bare else "",
        Figure.of(rounds.cpu).show(2, a_gib),
        Figure.of(rounds.floor_cpu).show(2, a_gib),
        _shares(rounds.cpu, rounds.floor_cpu).show(),
        Figure.of(rounds.server_cpu).show(2, a_gib),
    ]


def _speed(rounds: Rounds, seconds: list[float]) -> str:
    return Figure.of([rounds.bytes / one / 1e6 for one in seconds]).show(0)


def _shares(these: list[float], those: list[float]) -> Figure:
    """These by those, round by round."""
    return Figure.of([one / other for one, other in zip(these, those, strict=True)])


def report(results: list[Rounds], slows: list[Slow]) -> str:
    """Transfers beside boto3, and a list under slow ones up and down."""
    return (
        f"boto3: a process that puts a file up in parts of {PART_BYTES // MIB} MiB, as many at once as boto3 does of itself, with MD5 and "
        "SHA-512 side by side; down it reads each object as one stream. Server: SeaweedFS, one process, its data on the disk.\n\n"
        + table(_HEADS, [_row(one) for one in results])
        + "".join("\n" + slow.report(one, None) for one in slows)
    )
