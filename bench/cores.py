"""The cores that a measurement is kept to, and how busy they are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CORES = 2

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def pinned() -> Iterator[set[int]]:
    """This process, and all it starts, on the first two cores there are."""
    before = os.sched_getaffinity(0)
    cores = set(sorted(before)[:CORES])
    os.sched_setaffinity(0, cores)
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, before)


def busy_s(cores: set[int]) -> float:
    """CPU seconds that *cores* were not idle so far, what a hypervisor took included."""
    busy = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name in {f"cpu{core}" for core in cores}:
            # user nice system idle iowait irq softirq steal (proc(5)); guest time is in user's already.
            busy += sum(int(tick) for tick in ticks[:8]) - int(ticks[3]) - int(ticks[4])
    return busy / _TICKS
