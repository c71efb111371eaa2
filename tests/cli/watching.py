"""The processes of a service, and one upload to it, watched from outside."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import servers

TIME_LIMIT_S = 30


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def holds_socket(pid: int) -> bool:
    try:
        return any(str(link.readlink()).startswith("socket:") for link in Path(f"/proc/{pid}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):  # a file, or the process, that went while we looked
        return holds_socket(pid) if is_running(pid) else False


def eventually(is_so: Callable[[], object]) -> None:
    """Returns once *is_so* holds; fails after a time in which it should have come true."""
    deadline = time.monotonic() + TIME_LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before the file was opened, or before it was read
        return False


def answers(server: servers.Server) -> bool:
    try:
        return server.request("GET", "/healthz", token=None).status == 200
    except OSError:
        return False


class Upload:
    """A POST of an image of two bytes that stands still after the first; *name* is the image's and no other's."""

    def __init__(self, server: servers.Server, name: str = "slow") -> None:
        self._server = server
        self._name = name
        self._connection = socket.create_connection((server.host, server.port), timeout=TIME_LIMIT_S)
        head = {
            "Host": "images",
            "X-Auth-Token": server.token_of(),
            "X-Image-Meta-Name": name,
            "X-Image-Meta-Disk_format": "raw",
            "X-Image-Meta-Container_format": "bare",
            "Content-Type": "application/octet-stream",
            "Content-Length": "2",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self._connection.sendall(f"POST /v1/images HTTP/1.1\r\n{lines}\r\n1".encode())
        eventually(self._is_saving)

    def _is_saving(self) -> bool:
        images = self._server.request("GET", f"/v1/images/detail?name={self._name}").json["images"]
        return [image["status"] for image in images] == ["saving"]

    def finish(self) -> bytes:
        with self._connection:
            self._connection.sendall(b"2")
            return self._connection.recv(65536)

    def finish_or_be_cut(self) -> bytes:
        """The same of an upload whose worker may be gone; then b""."""
        try:
            return self.finish()
        except (BrokenPipeError, ConnectionResetError):
            return b""

    def hang_up(self) -> None:
        self._connection.close()

    def outcome(self) -> bytes:
        """What the server says without being sent more; b"" if it just hangs up."""
        with self._connection:
            try:
                return self._connection.recv(65536)
            except ConnectionResetError:
                return b""


def proportional_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (pss,) = [line.split()[1] for line in lines if line.startswith("Pss:")]
    return int(pss)
