"""Clients as their users start them: commands, and programs that import them."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import servers
from servers import Server

_REQUEST = re.compile(r" request method=(\S+) path=(\S+) status=(\d+) ")
_ID = re.compile(r"\b[0-9a-f]{32}\b")

#: Runs what stands in `program` with the other names given, and says what it left in `result`.
_RUN = """
import json, sys
names = json.load(sys.stdin)
exec(compile(names.pop("program"), "the test's program", "exec"), names)
json.dump(names["result"], sys.stdout)
"""

#: openstackclient's commands, all in one process: one each takes two seconds, most of it to load the client.
_SHELL = """
import contextlib, io
from openstackclient import shell

result = []
for command in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = shell.main([*options, *command])
    result.append([code, out.getvalue(), err.getvalue()])
"""


def asked(server: Server, call: Callable[[], Any]) -> list[str]:
    """What *call* asks of *server*, as its log has it, ids made plain: `GET /v3/users/ID 200`."""
    # The answer to this one follows the lines of all requests before it.
    server.request("GET", "/healthz", token=None)
    before = server.log.stat().st_size
    call()
    server.request("GET", "/healthz", token=None)
    with server.log.open() as log:
        log.seek(before)
        lines = _REQUEST.findall(_ID.sub("ID", log.read()))
    return [" ".join(line) for line in lines if line[1] != "/healthz"]


def rows(table: str) -> list[dict[str, str]]:
    """The rows of a table drawn with bars, by the columns' names."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def shown(table: str) -> dict[str, str]:
    """A table of properties and values."""
    return {row["Property"]: row["Value"] for row in rows(table)}


@dataclass(frozen=True)
class Clients:
    """The programs in *folder*, started in *home*, where nobody's settings are."""

    folder: Path
    home: Path
    server: Server

    def run(
        self, *command: str | Path, ends: int = 0, stdin: Path = Path(os.devnull), limit_s: int = 60, **env: str
    ) -> str:
        """What *command* prints; it must end with the code *ends*, and if that is not 0, what it complains of is meant."""
        with stdin.open("rb") as file:
            result = subprocess.run(command, stdin=file, timeout=limit_s, **self._surroundings(env))
        assert result.returncode == ends, result.stdout + result.stderr
        return result.stderr if ends else result.stdout

    def after_openrc(self, *command: str | Path, before: str = "true", **how: Any) -> str:
        """The same in a shell that has read the service's openrc and then done *before*."""
        script = f'. "$0" && {before} && exec "$@"'
        return self.run("bash", "-c", script, self.server.folder / "openrc", *command, **how)

    def python(self, program: str, **given: Any) -> Any:
        """What *program* leaves in `result`, as JSON carries it. It knows `url`, `login` and what it is *given*."""
        names = {"program": program, "url": self.server.url, "login": self.server.credentials(), **given}
        command = [self.folder / "python", "-c", _RUN]
        result = subprocess.run(command, input=json.dumps(names), timeout=60, **self._surroundings(self.clouds))
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def openstack(self, lines: str, *options: str) -> list[Any]:
        """What openstackclient says to the commands in *lines*, one a line, each after *options*.

        JSON is read where `-f json` is asked for, else it is text; of a command that fails it is its complaint.
        """
        commands = [shlex.split(line) for line in lines.strip().splitlines()]
        told = self.python(_SHELL, commands=commands, options=options)
        return [
            err if code else json.loads(out) if "json" in command else out
            for command, (code, out, err) in zip(commands, told, strict=True)
        ]

    @property
    def clouds(self) -> dict[str, str]:
        """What the README tells other clients' users to export."""
        return {"OS_CLIENT_CONFIG_FILE": str(self.server.folder / "clouds.yaml")}

    def _surroundings(self, env: dict[str, str]) -> dict[str, Any]:
        plain = {"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": str(self.home)}
        return {
            "cwd": self.home,
            "env": servers.environment(**plain, **env),
            "capture_output": True,
            "text": True,
        }


@dataclass(frozen=True)
class Gophercloud:
    """gophercloud as its users compile it: the *program* made of the files in gophercloud/ does a task."""

    program: Path

    def do(self, task: str, **given: str) -> Any:
        """What *task* found out, logged in with what of *given* logIn in main.go wants."""
        result = subprocess.run(
            [self.program],
            input=json.dumps({"task": task, **given}),
            env=servers.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)
