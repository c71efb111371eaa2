"""A service and somebody who moves image data to and from it, and what that costs it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orders import Process
from service import Service

MIB = 1 << 20
GIB = 1 << 30

#: Where data lie in memory, so that what is measured is not the disk.
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it


def a_mover() -> Process:
    return Process(Path(__file__).with_name("mover.py"))


class Moved:
    """What is uploaded to *service* is the beginning of *source*, by *mover*."""

    def __init__(self, service: Service, source: Path, mover: Process) -> None:
        self.service = service
        self.source = source
        self._mover = mover
        self._token = service.token("ordinary")

    def upload_head(self) -> str:
        """Everything before the body; `{length}` is left to fill in."""
        lines = [
            "POST /v1/images HTTP/1.1", f"Host: 127.0.0.1:{self.service.port}", f"X-Auth-Token: {self._token}",
            "Content-Type: application/octet-stream", "Content-Length: {length}", "x-image-meta-name: bench",
            "x-image-meta-disk_format: raw", "x-image-meta-container_format: bare",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n\r\n"

    def get(self, path: str, *headers: str) -> str:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.service.port}", f"X-Auth-Token: {self._token}"]
        return "\r\n".join([*lines, *headers]) + "\r\n\r\n"

    def upload(self, lengths: list[list[int]]) -> tuple[float, list[str]]:
        """Seconds it took, and the ids of the images."""
        done = self._mover.do(
            what="up", ports=[self.service.port], head=self.upload_head(), source=str(self.source), lengths=lengths
        )
        return done["elapsed_s"], done["ids"]

    def download(self, port: int, requests: Sequence[str], clients: int, wanted: int) -> float:
        """Seconds that *wanted* bytes took, asked for by several clients in turn."""
        done = self._mover.do(
            what="down", ports=[port], requests=[list(requests[number::clients]) for number in range(clients)]
        )
        if done["bytes"] != wanted:
            raise RuntimeError(f"{done['bytes']} of {wanted} bytes came")
        return float(done["elapsed_s"])


@contextmanager
def cpu_of(cpu_s: Callable[[], float], into: list[float]) -> Iterator[None]:
    """Adds to *into* by how much *cpu_s* grows in the block."""
    before = cpu_s()
    yield
    into.append(cpu_s() - before)


@contextmanager
def folder_in(parent: Path | None) -> Iterator[Path]:
    """A folder that goes with the block."""
    made = Path(tempfile.mkdtemp(prefix="calotype-bench-", dir=parent))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
