"""What a start costs, and what the service holds when nothing happens."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, table, verdict
from service import Service

READY_CPU_S = 1.0
IDLE_MB = 90.0
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Start:
    """One start: until the first answer, and after a second of rest."""

    cpu_s: float
    wall_s: float
    pss_mb: float
    processes: int


def measure(pairs: int) -> tuple[list[Start], list[Start]]:
    """First and second starts of fresh data folders."""
    first, second = [], []
    for _ in range(pairs):
        folder = Path(tempfile.mkdtemp(prefix="calotype-bench-"))
        try:
            first.append(_start(folder))
            second.append(_start(folder))
        finally:
            shutil.rmtree(folder)
        print(
            f"  first {first[-1].cpu_s:.2f} s CPU, second {second[-1].cpu_s:.2f} s CPU, idle {second[-1].pss_mb:.0f} MB"
        )
    return first, second


def _start(folder: Path) -> Start:
    began = time.perf_counter()
    service = Service(folder)
    try:
        service.get("/healthz")
        wall_s = time.perf_counter() - began
        cpu_s = service.cpu_s()
        service.get("/v1.1/images/detail", service.token("ordinary"))
        time.sleep(1)
        return Start(cpu_s, wall_s, service.pss_bytes() / _MB, service.processes())
    finally:
        service.stop()


def report(first: list[Start], second: list[Start]) -> str:
    rows = []
    for name, starts, most in (("first start of a data folder", first, None), ("second start", second, READY_CPU_S)):
        cpu = Figure.of([one.cpu_s for one in starts])
        is_met = None if most is None else cpu.median <= most
        rows.append(
            [
                f"CPU seconds to the first answer, {name}",
                cpu.show(),
                f"≤ {most}" if most else "",
                verdict(is_met=is_met),
            ]
        )
        wall = Figure.of([one.wall_s for one in starts])
        rows.append([f"seconds to the first answer, {name}", wall.show(), "", ""])
    pss = Figure.of([one.pss_mb for one in second])
    is_met = pss.median <= IDLE_MB
    name = f"idle memory (PSS) of {second[0].processes} processes after a login and a listing, MB"
    rows.append([name, pss.show(0), f"≤ {IDLE_MB:.0f}", verdict(is_met=is_met)])
    return table(["start and idle", "measured", "target", ""], rows)
