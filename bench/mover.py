"""Moves image data over loopback as cheaply as a client can, in a process of its own: from a file by `sendfile` on the way
up, thrown away in the kernel on the way down. Orders are answered by `ORDERS`, each a function that says what it takes.
"""

import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as a process of its own it is started without a path
from orders import obey

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *\S*/([^/\s]+)\r\n", re.IGNORECASE)

#: A slow transfer moves this much, this often: 16 KiB a second, at which a GiB takes 18 hours.
_SLOW_BYTES = 4096
_SLOW_EVERY_S = 0.25


class _Connection:
    """*receive_bytes*: how much the kernel may take ahead of us, where that should be little."""

    def __init__(self, port: int, receive_bytes: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> tuple[int, bytes, int]:
        """Status, head, and how many bytes of the body came; none of them is copied further than into the kernel."""
        head = b""
        while (end := head.find(_HEAD_END)) < 0:
            step = self.socket.recv(16384)
            if not step:
                raise ConnectionError("the server hung up")
            head += step
        found = _LENGTH.search(head, 0, end)
        length = int(found[1]) if found else 0
        missing = length - (len(head) - end - len(_HEAD_END))
        while missing > 0:
            # With MSG_TRUNC the kernel drops what came instead of copying it (tcp(7)).
            count = self.socket.recv_into(_dropped, min(missing, len(_dropped)), socket.MSG_TRUNC)
            if not count:
                raise ConnectionError("the server hung up")
            missing -= count
        return int(head[9:12]), head[: end + 4], length


_dropped = bytearray(4 << 20)


def up(ports: list[int], head: str, source: str, lengths: list[list[int]]) -> dict[str, Any]:
    """Uploads of so many bytes of *source*, one after the other on each client's connection; *head* wants `{length}`.

    Clients are dealt out to the *ports*.
    """
    ids: list[str] = []

    def run(connection: _Connection, mine: list[int]) -> None:
        with Path(source).open("rb") as file:
            for length in mine:
                connection.socket.sendall(head.format(length=length).encode(), socket.MSG_MORE)
                connection.socket.sendfile(file, 0, length)
                status, answer, _ = connection.answer()
                found = _LOCATION.search(answer)
                if status != 201 or found is None:
                    raise ConnectionError(f"{answer!r} to an upload")
                ids.append(found[1].decode())

    return {"elapsed_s": _side_by_side(ports, run, lengths), "ids": ids}


def down(ports: list[int], requests: list[list[str]]) -> dict[str, Any]:
    """The answers to these requests, one after the other on each client's connection."""
    sizes: list[int] = []

    def run(connection: _Connection, mine: list[str]) -> None:
        for request in mine:
            connection.socket.sendall(request.encode())
            status, answer, size = connection.answer()
            if status not in (200, 206):
                raise ConnectionError(f"{answer!r} to a download")
            sizes.append(size)

    return {"elapsed_s": _side_by_side(ports, run, requests), "bytes": sum(sizes)}


def _side_by_side(ports: list[int], run: Callable[[_Connection, list[Any]], None], work: list[list[Any]]) -> float:
    """How long all clients took; the first failure of one is raised."""
    connections = [_Connection(ports[number % len(ports)]) for number in range(len(work))]
    failures: list[Exception] = []

    def guarded(connection: _Connection, mine: list[Any]) -> None:
        try:
            run(connection, mine)
        except Exception as error:  # noqa: BLE001 -- a thread's failure is the order's
            failures.append(error)

    started = time.perf_counter()
    threads = [threading.Thread(target=guarded, args=pair) for pair in zip(connections, work, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed_s = time.perf_counter() - started
    for connection in connections:
        connection.socket.close()
    if failures:
        raise failures[0]
    return elapsed_s


class _Slow:
    """Transfers that move a little now and then, until told to stop."""

    def __init__(self, port: int, ups: list[str], downs: list[str], ahead: int) -> None:
        self._ups = [self._begun(port, head, ahead=ahead) for head in ups]
        self._downs = [self._begun(port, request, _SLOW_BYTES) for request in downs]
        self._stop = threading.Event()
        self._broken = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @staticmethod
    def _begun(port: int, head: str, receive_bytes: int | None = None, ahead: int = 0) -> socket.socket:
        connection = _Connection(port, receive_bytes)
        connection.socket.sendall(head.encode() + bytes(ahead))
        connection.socket.setblocking(False)
        return connection.socket

    def _run(self) -> None:
        step = bytes(_SLOW_BYTES)
        moves = [partial(one.send, step) for one in self._ups] + [
            partial(one.recv_into, bytearray(_SLOW_BYTES)) for one in self._downs
        ]
        pause_s = _SLOW_EVERY_S / len(moves)
        while not self._stop.is_set():
            for number, move in enumerate(moves):
                self._move(move)
                # Spread out: all at once would be a burst four times a second.
                if number % 16 == 0 and self._stop.wait(pause_s * 16):
                    return

    def _move(self, move: Callable[[], int]) -> None:
        try:
            self._broken += not move()
        except BlockingIOError:
            pass
        except OSError:
            self._broken += 1

    def end(self) -> int:
        """How often a connection turned out to be broken."""
        self._stop.set()
        self._thread.join()
        for one in (*self._ups, *self._downs):
            one.close()
        return self._broken


_slow: list[_Slow] = []


def begin_slow(port: int, ups: list[str], downs: list[str], ahead: int) -> dict[str, Any]:
    """These requests are under way from now on, slowly, once *ahead* bytes of each upload are gone."""
    _slow.append(_Slow(port, ups, downs, ahead))
    return {}


def end_slow() -> dict[str, Any]:
    """They hang up; says how often a connection was broken."""
    return {"broken": _slow.pop().end()}


ORDERS: dict[str, Callable[..., dict[str, Any]]] = {
    "up": up,
    "down": down,
    "begin_slow": begin_slow,
    "end_slow": end_slow,
}


if __name__ == "__main__":
    obey(lambda order: ORDERS[order.pop("what")](**order))
