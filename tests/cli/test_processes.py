"""What becomes of the processes of a service, seen from outside."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from watching import TIME_LIMIT_S, Upload, answers, children, eventually, holds_socket, is_running, proportional_kib

import servers
from calotype.processes.family import GRACE_S


def worker_of(server: servers.Server) -> int:
    """The one child that listens."""
    return worker_and_housekeeper(server)[0]


def housekeeper_of(server: servers.Server) -> int:
    return worker_and_housekeeper(server)[1]


def worker_and_housekeeper(server: servers.Server) -> list[int]:
    """The two children of a service; a housekeeper lets go of the socket when it has just been born."""

    def found() -> list[int]:
        return sorted(children(server.process.pid), key=holds_socket, reverse=True)

    eventually(lambda: [holds_socket(child) for child in found()] == [True, False])
    return found()


@pytest.fixture
def own(start_server):
    """A service of the test's own."""
    return start_server("--ephemeral")


def test_the_parent_has_one_thread_and_no_database_open(server):
    pid = server.process.pid
    files = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]

    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert not [name for name in files if "catalogue" in name]


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(server):
    limits = Path(f"/proc/{worker_of(server)}/limits").read_text().splitlines()
    (line,) = [line.split() for line in limits if line.startswith("Max open files")]

    assert line[3] == line[4]


@pytest.mark.parametrize("kind", [worker_of, housekeeper_of])
def test_a_child_that_dies_is_replaced(own, kind):
    before = children(own.process.pid)
    first = kind(own)

    os.kill(first, signal.SIGKILL)

    eventually(lambda: len(set(children(own.process.pid)) - {first}) == 2 and answers(own))
    assert len(set(children(own.process.pid)) & set(before)) == 1
    assert "another one takes its place" in own.log.read_text()


#: `calotype` in which a closing loop meets one more SIGTERM, as when a whole process group gets it.
SIGNALLED_WHILE_CLOSING = """
import asyncio.selector_events, os, signal, sys
from calotype.cli import main

closed = asyncio.selector_events.BaseSelectorEventLoop.close

def close(loop):
    closed(loop)
    os.kill(os.getpid(), signal.SIGTERM)

asyncio.selector_events.BaseSelectorEventLoop.close = close
main()
"""


def test_a_second_signal_to_a_worker_that_is_closing_is_met_in_silence(tmp_path):
    """asyncio closes the pipe that signals wake it by before it lets go of them; a signal in between complained."""
    server = servers.start(tmp_path / "log", "--ephemeral", command=(sys.executable, "-c", SIGNALLED_WHILE_CLOSING))

    assert server.stop() == 0
    assert "xception" not in server.log.read_text()


def test_the_housekeeper_ends_with_0_when_it_is_told_to(own):
    os.kill(housekeeper_of(own), signal.SIGTERM)

    eventually(lambda: "housekeeper" in own.log.read_text())
    assert "ended with 0" in own.log.read_text()


def test_without_an_interval_there_is_no_housekeeper(start_server):
    server = start_server("--ephemeral", "--housekeeping-interval-s", "0")

    (only,) = children(server.process.pid)
    assert holds_socket(only)


def test_the_housekeeper_holds_neither_catalogue_nor_socket_between_its_rounds(server):
    housekeeper = housekeeper_of(server)
    files = [str(link.readlink()) for link in Path(f"/proc/{housekeeper}/fd").iterdir()]

    assert len(list(Path(f"/proc/{housekeeper}/task").iterdir())) == 1
    assert not [name for name in files if "catalogue" in name]


def test_an_idle_service_takes_90_mb_of_memory_at_most(server):
    tree = [server.process.pid, *children(server.process.pid)]
    assert server.request("GET", "/v1.1/images/detail").status == 200

    assert sum(proportional_kib(pid) for pid in tree) <= 90 * 1024


def test_children_that_keep_dying_end_the_service_with_1_and_one_line(own):
    killed = set()

    def is_over() -> bool:
        if own.process.poll() is not None:
            return True
        for child in set(children(own.process.pid)) - killed:
            killed.add(child)
            os.kill(child, signal.SIGKILL)
        return False

    eventually(is_over)

    assert own.stop() == 1
    assert own.log.read_text().splitlines()[-1].startswith("calotype: Processes keep dying")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_service_with_0(own, number):
    with socket.create_connection((own.host, own.port)) as idle:
        assert own.stop(number) == 0

        assert idle.recv(1) == b""


def test_an_upload_under_way_may_end_after_sigterm_while_new_connections_are_refused(own):
    upload = Upload(own)

    own.process.send_signal(signal.SIGTERM)
    eventually(lambda: not answers(own))

    assert upload.finish().startswith(b"HTTP/1.1 201")
    assert own.stop() == 0


def test_an_upload_that_outlasts_the_drain_is_broken_off(start_server):
    server = start_server("--ephemeral", "--drain-timeout-s", "0.2")
    upload = Upload(server)

    assert server.stop() == 0
    assert not upload.outcome().startswith(b"HTTP/1.1 2")


def test_an_upload_that_is_broken_off_has_its_time_to_clean_up(start_server):
    server = start_server("--drain-timeout-s", "0.2")
    upload = Upload(server)
    other = sqlite3.connect(server.folder / "catalogue.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    held_up = threading.Timer(0.2 + GRACE_S + 1, other.execute, ["ROLLBACK"])

    held_up.start()
    server.stop()
    held_up.join()

    assert other.execute("SELECT status FROM images").fetchall() == [("killed",)]
    other.close()
    upload.outcome()


def test_a_second_signal_ends_it_at_once(own):
    upload = Upload(own)

    own.process.send_signal(signal.SIGTERM)
    eventually(lambda: "a second signal" in own.log.read_text())

    assert own.stop() == 0
    assert upload.outcome() == b""


def test_signals_that_go_on_until_the_end_do_not_change_the_exit_code(own):
    while own.process.poll() is None:
        own.process.send_signal(signal.SIGTERM)
        time.sleep(0.001)

    assert own.stop() == 0


def test_sighup_changes_nothing(own):
    own.process.send_signal(signal.SIGHUP)
    for child in children(own.process.pid):
        os.kill(child, signal.SIGHUP)

    assert answers(own)
    assert own.stop() == 0


def test_children_end_when_their_parent_is_killed(own):
    orphans = children(own.process.pid)
    assert len(orphans) == 2

    own.stop(signal.SIGKILL)

    eventually(lambda: not any(is_running(orphan) for orphan in orphans))


def test_the_folder_of_an_ephemeral_service_goes_with_it(own):
    assert own.folder.exists()

    own.stop()

    assert not own.folder.exists()


def test_the_folder_of_a_killed_ephemeral_service_is_swept_at_the_next_start(start_server, tmp_path):
    (temporary := tmp_path / "temporary").mkdir()
    killed = start_server("--ephemeral", TMPDIR=str(temporary))
    orphans = children(killed.process.pid)
    killed.stop(signal.SIGKILL)
    eventually(lambda: not any(is_running(orphan) for orphan in orphans))
    assert killed.folder.exists()

    next_one = start_server("--ephemeral", TMPDIR=str(temporary))

    assert not killed.folder.exists()
    assert next_one.folder.exists()


def test_the_folder_of_a_living_ephemeral_service_is_not_swept(start_server, tmp_path):
    (temporary := tmp_path / "temporary").mkdir()
    living = start_server("--ephemeral", TMPDIR=str(temporary))

    start_server("--ephemeral", TMPDIR=str(temporary))

    assert living.folder.exists()
    assert living.token_of()


def test_a_signal_before_it_is_ready_leaves_no_ephemeral_folder(tmp_path):
    process = subprocess.Popen(
        [servers.PROGRAM, "serve", "--port", "0", "--ephemeral"],
        env=servers.environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    eventually(lambda: list(tmp_path.iterdir()))

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIME_LIMIT_S)

    assert process.returncode == 0
    eventually(lambda: not list(tmp_path.iterdir()))


def test_neither_password_nor_token_gets_into_the_log(own):
    own.request("GET", "/v1.1/images/detail?x=hush")
    own.stop()
    log = own.log.read_text()

    assert "/v1.1/images/detail" in log
    for secret in (own._tokens["calotype"], "hush"):
        assert secret not in log


def test_a_service_whose_output_nobody_reads_goes_on(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [servers.PROGRAM, "serve", "--port", str(port), "--ephemeral"],
        env=servers.environment(),
        stdout=writing,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    server = servers.Server(process, f"http://127.0.0.1:{port}", tmp_path, tmp_path / "log", [])

    eventually(lambda: answers(server))

    process.terminate()
    assert process.wait(TIME_LIMIT_S) == 0
