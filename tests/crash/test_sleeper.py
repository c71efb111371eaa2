"""A worker that is stopped past the lease of its upload, and goes on."""

import os
import signal
import socket
import time
from collections.abc import Callable

from afterwards import TIME_LIMIT_S, children, remains_of

from servers import Server


def eventually(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIME_LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def begin_upload(server: Server) -> socket.socket:
    """A POST of two bytes that stands still after the first, its image saving."""
    head = {
        "Host": "images",
        "X-Auth-Token": server.token_of(),
        "X-Image-Meta-Disk_format": "raw",
        "X-Image-Meta-Container_format": "bare",
        "Content-Type": "application/octet-stream",
        "Content-Length": "2",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    connection = socket.create_connection((server.host, server.port), timeout=TIME_LIMIT_S)
    connection.sendall(f"POST /v1/images HTTP/1.1\r\n{lines}\r\n1".encode())
    return connection


def test_a_worker_that_slept_past_its_lease_finds_its_upload_ended(start_server: Callable[..., Server]) -> None:
    server = start_server("--housekeeping-interval-s", "0.3")
    worker = children(server.process.pid)[0]
    with remains_of(server.folder) as remains, begin_upload(server) as client:
        # The file is there, and the first byte in it: nothing of the upload is under way while it sleeps.
        eventually(lambda: remains.sizes() == [1])

        os.kill(worker, signal.SIGSTOP)
        try:
            remains.let_leases_lapse()
            eventually(lambda: list(remains.statuses().values()) == ["killed"] and remains.files() == [])
        finally:
            os.kill(worker, signal.SIGCONT)
        client.sendall(b"2")

        assert client.recv(65536).startswith(b"HTTP/1.1 409 ")
        assert list(remains.statuses().values()) == ["killed"]
        remains.check()
