"""Several web workers on one socket: who gets what, and what becomes of work when one or all of them end."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from watching import TIME_LIMIT_S, Upload, answers, children, eventually, holds_socket, is_running, proportional_kib

import servers

DATA = os.urandom(16 << 20)
FORMATS = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}

#: Connections that stand still, so that each worker has some of them.
TRANSFERS = 8


@pytest.fixture
def four(start_server: Callable[..., servers.Server]) -> servers.Server:
    """A service with four workers and no housekeeper."""
    return start_server("--workers", "4", "--housekeeping-interval-s", "0")


class Download:
    """A GET of `DATA` of which nothing is read before `finish`."""

    def __init__(self, server: servers.Server, image_id: str) -> None:
        self._connection = socket.socket()
        self._connection.settimeout(TIME_LIMIT_S)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._connection.connect((server.host, server.port))
        head = f"GET /v1/images/{image_id} HTTP/1.1\r\nHost: images\r\nX-Auth-Token: {server.token_of()}\r\n\r\n"
        self._connection.sendall(head.encode())
        assert self._connection.recv(8) == b"HTTP/1.1"

    def finish(self) -> bytes:
        """The data, as far as they come."""
        received = bytearray()
        with self._connection:
            while step := self._connection.recv(1 << 20):
                received += step
        return bytes(received.partition(b"\r\n\r\n")[2])


def ask(server: servers.Server, sql: str, *values: str) -> list[str]:
    """The one column of what the catalogue answers."""
    with closing(sqlite3.connect(server.folder / "catalogue.sqlite", isolation_level=None)) as catalogue:
        return [value for (value,) in catalogue.execute(sql, values)]


def nodes(server: servers.Server) -> list[int]:
    """The process that runs each upload."""
    return [int(node.rpartition(":")[2]) for node in ask(server, "SELECT node FROM uploads")]


def statuses(server: servers.Server) -> Counter[str]:
    return Counter(ask(server, "SELECT status FROM images"))


def start_uploads(server: servers.Server) -> list[Upload]:
    """Uploads that stand still, of which two workers at least have some."""
    uploads = [Upload(server, f"slow-{number}") for number in range(TRANSFERS)]
    while len(set(nodes(server))) < 2:
        assert len(uploads) < 100, "one worker gets everything"
        uploads.append(Upload(server, f"slow-{len(uploads)}"))
    return uploads


def sockets_of(pid: int) -> int:
    return sum(str(link.readlink()).startswith("socket:") for link in Path(f"/proc/{pid}/fd").iterdir())


def test_connections_that_stay_are_spread_over_the_workers(four: servers.Server) -> None:
    before = {pid: sockets_of(pid) for pid in children(four.process.pid)}
    with ExitStack() as staying:
        for _ in range(80):
            connection = staying.enter_context(socket.create_connection((four.host, four.port), TIME_LIMIT_S))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: images\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        taken = [sockets_of(pid) - count for pid, count in before.items()]

    assert sum(taken) == 80
    assert max(taken) <= 60, taken


def test_connections_that_come_together_do_not_all_go_to_one_worker(four: servers.Server) -> None:
    before = {pid: sockets_of(pid) for pid in children(four.process.pid)}
    with ExitStack() as staying:
        for _ in range(80):
            staying.enter_context(socket.create_connection((four.host, four.port), TIME_LIMIT_S))
        eventually(lambda: sum(sockets_of(pid) for pid in before) - sum(before.values()) == 80)
        taken = [sockets_of(pid) - count for pid, count in before.items()]

    assert max(taken) <= 60, taken


#: `calotype` whose workers leave a file each before they say that they answer, all but the first one late.
LATE = """
import os, sys, time
from pathlib import Path
from calotype.cli import main
from calotype.processes import worker

folder, say = Path(sys.argv.pop(1)), worker._say_ready

def say_late(ready):
    try:
        (folder / "first").touch(exist_ok=False)
    except FileExistsError:
        time.sleep(0.3)
    (folder / str(os.getpid())).touch()
    say(ready)

worker._say_ready = say_late
main()
"""


def test_the_ready_line_comes_when_all_workers_answer(tmp_path: Path) -> None:
    (said := tmp_path / "said").mkdir()
    command = (sys.executable, "-c", LATE, said)
    server = servers.start(tmp_path / "log", "--ephemeral", "--workers", "3", command=command)

    there = {path.name for path in said.iterdir()}
    server.stop()

    assert len(there - {"first"}) == 3


#: `calotype` of whose workers one ends before it answers.
ONE_FAILS = """
import sys
from pathlib import Path
from calotype.cli import main
from calotype.processes import worker

file, run = Path(sys.argv.pop(1)), worker.run

def run_unless_first(*arguments, **options):
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return run(*arguments, **options)
    return 6

worker.run = run_unless_first
main()
"""


def test_a_worker_that_cannot_start_ends_the_start_with_its_code(tmp_path: Path) -> None:
    command = (sys.executable, "-c", ONE_FAILS, tmp_path / "first", "serve", "--port", "0", "--ephemeral")
    ended = subprocess.run(
        [*command, "--workers", "3"], env=servers.environment(), capture_output=True, text=True, timeout=60
    )

    assert (ended.returncode, ended.stderr) == (6, "calotype: A web worker ended at once (6).\n")
    assert servers.READY not in ended.stdout


def test_while_one_worker_is_killed_and_replaced_the_others_answer_everybody(four: servers.Server) -> None:
    before = children(four.process.pid)
    victim = before[1]

    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not is_running(victim))
    answered = [answers(four) for _ in range(50)]

    assert all(answered)
    eventually(lambda: len(children(four.process.pid)) == 4)
    assert set(before) - set(children(four.process.pid)) == {victim}


def test_a_killed_worker_s_uploads_end_by_their_lease_while_the_others_go_on(
    start_server: Callable[..., servers.Server],
) -> None:
    server = start_server("--workers", "2", "--housekeeping-interval-s", "0.3")
    uploads = start_uploads(server)
    of_each = Counter(nodes(server))
    victim = nodes(server)[0]

    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not is_running(victim))
    ask(server, "UPDATE uploads SET lease_until = 0 WHERE node LIKE ?", f"%:{victim}")
    eventually(lambda: statuses(server)["killed"] == of_each[victim])
    ends = [upload.finish_or_be_cut() for upload in uploads]

    assert Counter(end.startswith(b"HTTP/1.1 201") for end in ends) == {
        True: of_each.total() - of_each[victim],
        False: of_each[victim],
    }
    assert statuses(server) == {"killed": of_each[victim], "active": of_each.total() - of_each[victim]}
    assert len([path for path in (server.folder / "blobs").rglob("*") if path.is_file()]) == statuses(server)["active"]


def test_transfers_of_several_workers_end_whole_within_the_drain(four: servers.Server) -> None:
    made = four.request("POST", "/v1/images", DATA, FORMATS).json["image"]["id"]
    downloads = [Download(four, made) for _ in range(TRANSFERS)]
    uploads = start_uploads(four)

    four.process.send_signal(signal.SIGTERM)
    eventually(lambda: not answers(four))
    began = time.monotonic()

    assert all(upload.finish().startswith(b"HTTP/1.1 201") for upload in uploads)
    assert all(download.finish() == DATA for download in downloads)
    assert four.stop() == 0
    assert time.monotonic() - began < 15, "the drain has 30 s"
    assert statuses(four) == {"active": 1 + len(uploads)}


def test_uploads_of_several_workers_that_outlast_the_drain_are_broken_off(
    start_server: Callable[..., servers.Server],
) -> None:
    server = start_server("--workers", "2", "--drain-timeout-s", "0.2")
    uploads = start_uploads(server)

    assert server.stop() == 0
    assert not any(upload.outcome().startswith(b"HTTP/1.1 2") for upload in uploads)
    assert statuses(server) == {"killed": len(uploads)}
    assert [path for path in (server.folder / "blobs").rglob("*") if path.is_file()] == []


def test_a_second_signal_ends_all_workers_at_once(four: servers.Server) -> None:
    uploads = start_uploads(four)
    family = children(four.process.pid)

    four.process.send_signal(signal.SIGTERM)
    eventually(lambda: "a second signal" in four.log.read_text())

    assert four.stop() == 0
    assert not any(is_running(pid) for pid in family)
    assert [upload.outcome() for upload in uploads] == [b""] * len(uploads)


def test_five_deaths_of_each_worker_and_of_the_housekeeper_are_borne(
    start_server: Callable[..., servers.Server],
) -> None:
    server = start_server("--ephemeral", "--workers", "2")
    eventually(lambda: len(children(server.process.pid)) == 3)
    for _ in range(5):
        doomed = set(children(server.process.pid))
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(set(children(server.process.pid)) - doomed) == 3)  # noqa: B023 -- called at once

    eventually(lambda: answers(server))
    assert server.stop() == 0


def test_a_housekeeper_that_keeps_dying_ends_the_service(start_server: Callable[..., servers.Server]) -> None:
    server = start_server("--ephemeral", "--workers", "2")
    (housekeeper,) = [pid for pid in children(server.process.pid) if not eventually_settled(pid)]
    workers = set(children(server.process.pid)) - {housekeeper}

    def is_over() -> bool:
        for pid in set(children(server.process.pid)) - workers:
            os.kill(pid, signal.SIGKILL)
        return server.process.poll() is not None

    eventually(is_over)

    assert server.stop() == 1
    assert "the last one, a housekeeper" in server.log.read_text().splitlines()[-1]


def eventually_settled(pid: int) -> bool:
    """True for a web worker, False for the housekeeper once it has let go of the socket."""
    deadline = time.monotonic() + 2
    while holds_socket(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds_socket(pid)


def test_the_workers_have_more_connections_than_the_soft_limit_of_open_files(tmp_path: Path) -> None:
    command = ("sh", "-c", 'ulimit -Sn 64 && exec "$@"', "sh", servers.PROGRAM)
    server = servers.start(tmp_path / "log", "--ephemeral", "--workers", "2", command=command)
    with ExitStack() as staying:
        staying.callback(server.stop)
        connections = [
            staying.enter_context(socket.create_connection((server.host, server.port), TIME_LIMIT_S))
            for _ in range(300)
        ]
        for connection in connections:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: images\r\n\r\n")

        assert all(connection.recv(65536).startswith(b"HTTP/1.1 200") for connection in connections)


def test_each_further_worker_takes_35_mb_of_memory_at_most(
    start_server: Callable[..., servers.Server], server: servers.Server
) -> None:
    four = start_server("--ephemeral", "--workers", "4")
    for _ in range(12):
        assert four.request("GET", "/v1.1/images/detail").status == 200

    tree = [four.process.pid, *children(four.process.pid)]
    total_kib = sum(proportional_kib(pid) for pid in tree)

    assert total_kib <= (90 + 3 * 35) * 1024, total_kib
