"""A list alone and under slow transfers, in turn: what they cost everybody else, and the memory they hold."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from client import Client
from figures import Figure, percentile, table, verdict
from moving import MIB, Moved, cpu_of
from orders import Process

MOST_MIB_A_SLOW_ONE, MOST_TIMES_IDLE = 1.0, 5.0
_LENGTH = 64 * MIB


@dataclass(slots=True)
class Slow:
    """So many transfers, of whose uploads *ahead* bytes came at once; latencies of a list in seconds, memory in bytes.

    *list_s*: how long the list is asked for, alone and under load.
    """

    ups: int
    downs: int
    list_s: float
    ahead: int = 0
    idle: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    bytes_each: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    broken: int = 0


def measure(site: Moved, mover: Process, slow: Slow, rounds: int) -> Slow:
    """*slow*, filled."""
    client = Client()
    try:
        port, request = site.service.port, site.get("/v1.1/images/detail").encode()
        _, ids = site.upload([[min(16 * MIB, site.source.stat().st_size)]])
        ups = [site.upload_head().format(length=_LENGTH)] * slow.ups
        downs = [site.get(f"/v1/images/{ids[0]}")] * slow.downs
        client.round([port], request, clients=1, seconds=slow.list_s)
        for _ in range(rounds):
            idle = client.round([port], request, clients=1, seconds=slow.list_s, most=100_000)
            before = site.service.pss_bytes()
            mover.do(what="begin_slow", port=port, ups=ups, downs=downs, ahead=slow.ahead)
            client.round([port], request, clients=1, seconds=slow.list_s)
            with cpu_of(site.service.cpu_s, slow.cpu):
                loaded = client.round([port], request, clients=1, seconds=slow.list_s, most=100_000)
            slow.bytes_each.append((site.service.pss_bytes() - before) / (slow.ups + slow.downs))
            slow.broken += mover.do(what="end_slow")["broken"]
            if idle.status != 200 or loaded.status != 200:
                raise RuntimeError(f"a list was answered with {max(idle.status, loaded.status)}")
            slow.idle += idle.seconds
            slow.loaded += loaded.seconds
            slow.times.append(percentile(loaded.seconds, 0.99) / percentile(idle.seconds, 0.99))
            time.sleep(1)  # the service gives the interrupted uploads up
    finally:
        client.close()
    return slow


def report(slow: Slow, most_mib_each: float | None = MOST_MIB_A_SLOW_ONE) -> str:
    """A table; without *most_mib_each* the memory has no target."""
    ahead = f", of which {slow.ahead / MIB:.0f} MiB came at once" if slow.ups and slow.ahead else ""
    parts = [f"{slow.ups} uploads{ahead}"] * bool(slow.ups) + [f"{slow.downs} downloads"] * bool(slow.downs)
    return f"{' and '.join(parts)} of 16 KiB a second each, while a list is asked for by one client.\n\n" + table(
        ["slow transfers", "measured", "target", ""], _rows(slow, most_mib_each)
    )


def _rows(slow: Slow, most_mib_each: float | None) -> Sequence[Sequence[str]]:
    each, times = Figure.of([one / MIB for one in slow.bytes_each]), Figure.of(slow.times)
    memory_is_met = None if most_mib_each is None else each.median <= most_mib_each
    return [
        ["list alone, p50, ms", f"{percentile(slow.idle, 0.5) * 1000:.2f}", "", ""],
        ["list alone, p99, ms", f"{percentile(slow.idle, 0.99) * 1000:.2f}", "", ""],
        ["list under load, p50, ms", f"{percentile(slow.loaded, 0.5) * 1000:.2f}", "", ""],
        ["list under load, p99, ms", f"{percentile(slow.loaded, 0.99) * 1000:.2f}", "", ""],
        ["p99 under load / p99 alone", times.show(1), f"≤ {MOST_TIMES_IDLE:.0f}",
         verdict(is_met=times.median <= MOST_TIMES_IDLE)],
        ["memory (PSS) of a slow transfer, MiB", each.show(3),
         "" if most_mib_each is None else f"≤ {most_mib_each:.0f}", verdict(is_met=memory_is_met)],
        [f"CPU seconds of the service in {slow.list_s:g} s of load", Figure.of(slow.cpu).show(), "", ""],
        ["transfers that broke", f"{slow.broken}", "0", verdict(is_met=slow.broken == 0)],
    ]  # fmt: skip
