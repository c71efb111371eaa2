"""A client that costs as little as Python allows, in a process of its own: prepared bytes over connections that stay open."""

import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as a process of its own it is started without a path
from orders import Process, obey


@dataclass(frozen=True, slots=True)
class Sample:
    """Latencies of the requests of one round, how long the round took, and a status that was not the one wanted, if there was one."""

    seconds: list[float]
    elapsed_s: float
    status: int


class Client:
    """The measuring process's end. It is ended by `close`."""

    def __init__(self) -> None:
        self._process = Process(Path(__file__))
        self.close = self._process.close

    @property
    def pid(self) -> int:
        return self._process.pid

    def round(
        self, ports: list[int], request: bytes, *, clients: int, seconds: float, most: int = 1000, wanted: int = 200
    ) -> Sample:
        """As many requests as *seconds* allow, at least one a client and *most* in all; *wanted* is their status.

        Clients are dealt out to the *ports*.
        """
        order = {"ports": ports, "request": request.decode(), "clients": clients, "seconds": seconds, "most": most}
        return Sample(**self._process.do(**order, wanted=wanted))


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.wanted = 0
        self.started = 0.0

    def send(self, request: bytes) -> None:
        self.received, self.wanted = b"", 0
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """True once the whole answer is there."""
        step = self.socket.recv(1 << 18)
        if not step:
            raise ConnectionError("the server hung up")
        self.received += step
        if not self.wanted:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.received[:end].lower()
            begin = head.index(b"content-length:") + 15
            self.wanted = end + 4 + int(head[begin : (head + b"\r\n").index(b"\r\n", begin)])
        return len(self.received) >= self.wanted

    @property
    def status(self) -> int:
        return int(self.received[9:12])


_connections: dict[tuple[int, ...], list[_Connection]] = {}


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    ports = order["ports"]
    kept = _connections.setdefault(tuple(ports), [])
    while len(kept) < order["clients"]:
        kept.append(_Connection(ports[len(kept) % len(ports)]))
    connections, request = kept[: order["clients"]], order["request"].encode()
    started = time.perf_counter()
    end = started + order["seconds"]
    many = _one_by_one if len(connections) == 1 else _side_by_side
    seconds, statuses = many(connections, request, end, order["most"])
    status = next(iter(statuses - {order["wanted"]}), order["wanted"])
    return {"seconds": seconds, "elapsed_s": time.perf_counter() - started, "status": status}


def _one_by_one(connections: list[_Connection], request: bytes, end: float, most: int) -> tuple[list[float], set[int]]:
    connection = connections[0]
    seconds: list[float] = []
    statuses: set[int] = set()
    while not seconds or (time.perf_counter() < end and len(seconds) < most):
        connection.send(request)
        while not connection.receive():
            pass
        seconds.append(time.perf_counter() - connection.started)
        statuses.add(connection.status)
    return seconds, statuses


def _side_by_side(
    connections: list[_Connection], request: bytes, end: float, most: int
) -> tuple[list[float], set[int]]:
    seconds: list[float] = []
    statuses: set[int] = set()
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
        busy = len(connections)
        while busy:
            for key, _ in selector.select():
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                seconds.append(now - connection.started)
                statuses.add(connection.status)
                if now < end and len(seconds) + busy <= most:
                    connection.send(request)
                else:
                    busy -= 1
    return seconds, statuses


if __name__ == "__main__":
    obey(_answer)
