"""A running service, and what its processes cost."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

PROGRAM = Path(sys.executable).with_name("calotype")
READY = "Calotype ready on "
_TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    """`calotype serve` over *folder*, with *flags*, ready; *ready_s* is how long that took."""

    def __init__(self, folder: Path, *flags: str) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CALOTYPE_")}
        started = time.perf_counter()
        with (folder / "serve.log").open("w") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "serve", "--port", "0", "--data-dir", folder, *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=plain,
            )
        assert self._process.stdout is not None
        self.folder = folder
        self.url = ""
        for line in self._process.stdout:
            if line.startswith(READY):
                self.url = line.removeprefix(READY).strip()
                break
        else:
            raise RuntimeError(f"calotype serve did not start: {(folder / 'serve.log').read_text()}")
        self.ready_s = time.perf_counter() - started
        self.port = urlsplit(self.url).port or 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def get(self, path: str, token: str | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, headers={"X-Auth-Token": token} if token else {})
        with urllib.request.urlopen(request) as answer:
            body: bytes = answer.read()
        return body

    def post(self, path: str, body: object, token: str) -> bytes:
        """The answer to *body* as JSON."""
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        request = urllib.request.Request(
            self.url + path, data=json.dumps(body).encode(), headers=headers, method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            answered: bytes = answer.read()
        return answered

    def token(self, who: str) -> str:
        """A token of the first accounts: *who* is `ordinary` or `admin`."""
        login = json.loads((self.folder / "credentials.json").read_text())[who]
        domain = {"name": "Default"}
        user = {"name": login["username"], "password": login["password"], "domain": domain}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": login["project_name"], "domain": domain}},
        }
        request = urllib.request.Request(
            self.url + "/v3/auth/tokens",
            data=json.dumps({"auth": auth}).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request) as answer:
            token: str = answer.headers["X-Subject-Token"]
        return token

    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    def pss_bytes(self) -> int:
        return pss_bytes(self._process.pid)

    def processes(self) -> int:
        return len(_tree(self._process.pid))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and those below it so far, those of children that have ended included."""
    return sum(_cpu_s(one) for one in _tree(pid))


def pss_bytes(pid: int) -> int:
    """Memory of a process and those below it; pages that processes share are counted once."""
    return sum(_pss_bytes(one) for one in _tree(pid))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        found.extend(int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # cutime and cstime: fields 16 and 17 of proc(5), of which two stand before the closing parenthesis. Its own time comes
    # from the clock of the process, whose number is made like this (clock_getcpuclockid(3)): ticks are 10 ms.
    ended = sum(int(field) for field in fields[13:15]) / _TICKS
    return time.clock_gettime((~pid << 3) | 2) + ended


def _pss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
