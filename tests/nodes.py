"""Several nodes of one service behind nginx: each with a data folder of its own, nothing shared but database and store."""

import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import nginx
import servers
from calotype.processes.exits import Exit
from certificates import Certificate

ROOT = Path(__file__).parents[1]
LIMIT_S = 60

#: The nodes of docs/operate/nginx-nodes.conf.
_THEIR_NODES = ("10.0.0.11:9292", "10.0.0.12:9292", "10.0.0.13:9292")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@dataclass
class Node:
    """A `calotype serve` at a port of its own, which it keeps from start to start. *log*: of all its lives."""

    number: int
    folder: Path
    port: int
    flags: Sequence[str]
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    dead: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin; `wait` tells when it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [servers.PROGRAM, "serve", "--port", str(self.port), "--data-dir", self.folder, *self.flags],
                cwd=self.folder.parent,
                env=servers.environment(**self.env),
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def revive(self) -> bool:
        """Start it again, as its unit would, if it ended because the store, or the database, was away; True if so."""
        if self.process is None or self.process.poll() not in (Exit.DATABASE, Exit.STORE):
            return False
        self.start()
        return True

    def wait(self) -> None:
        """Until it answers that it is ready."""
        assert self.process is not None
        deadline = time.monotonic() + LIMIT_S
        while not self.is_ready():
            self.revive()
            assert self.process.poll() is None, f"node {self.number} ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"node {self.number} does not answer: {self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def children(self) -> list[int]:
        """The processes of the node but its parent: web workers and the housekeeper."""
        assert self.process is not None
        try:
            text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(pid) for pid in text.split()]

    def kill(self) -> None:
        """All its processes at once, without a word."""
        assert self.process is not None
        self._note_dead(self.children())
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LIMIT_S)

    def kill_child(self, pid: int) -> None:
        """One of its processes; the parent replaces it."""
        self._note_dead([pid])
        self.signal_child(pid, signal.SIGKILL)

    def signal_child(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def _note_dead(self, pids: Sequence[int]) -> None:
        self.dead += map(self.name_of, pids)

    @staticmethod
    def name_of(pid: int) -> str:
        """As the rows of uploads name who runs them."""
        return f"{socket.gethostname()}:{pid}"


@dataclass
class Cluster:
    """Three nodes and the nginx before them, at *port* of this machine, by TLS."""

    nodes: list[Node]
    port: int
    trusting: ssl.SSLContext


@contextmanager
def cluster(folder: Path, certificate: Certificate, flags: Sequence[str], env: Mapping[str, str]) -> Iterator[Cluster]:
    """Nodes, each once it is ready, behind nginx with the file of the documents; all are stopped with the block."""
    nodes = [Node(n, folder / f"node{n}", free_port(), flags, env) for n in range(len(_THEIR_NODES))]
    try:
        for node in nodes:
            node.folder.mkdir()
            node.start()
        for node in nodes:
            node.wait()
        replaced = {
            f"server {theirs}": f"server 127.0.0.1:{node.port}"
            for theirs, node in zip(_THEIR_NODES, nodes, strict=True)
        }
        replaced |= {
            "/etc/nginx/images.example.pem": str(certificate.file),
            "/etc/nginx/images.example.key": str(certificate.key),
        }
        proxy = nginx.start(folder, ROOT / "docs/operate/nginx-nodes.conf", replaced)
        try:
            yield Cluster(nodes, proxy.port, certificate.trusting())
        finally:
            proxy.stop()
    finally:
        for node in nodes:
            node.stop()
