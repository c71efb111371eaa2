"""Clients as their users start them: commands, and programs that import them."""

import json
import os
import re
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


def asked(server: Server, call: Callable[[], Any]) -> list[str]:
    """What *call* asks of *server*, as its log has it, ids made plain: `GET /v3/users/ID 200`."""
    before = server.log.stat().st_size
    call()
    server.request("GET", "/healthz", token=None)  # whose answer follows the lines of all requests before it
    with server.log.open() as log:
        log.seek(before)
        lines = _REQUEST.findall(_ID.sub("ID", log.read()))
    return [" ".join(line) for line in lines if line[1] != "/healthz"]


@dataclass(frozen=True)
class Clients:
    """The programs in *folder*, started in *home*, where nobody's settings are."""

    folder: Path
    home: Path
    server: Server

    def run(self, *command: str | Path, ends: int = 0, stdin: Path = Path(os.devnull), **env: str) -> str:
        """What *command* prints; it must end with the code *ends*, and if that is not 0, what it complains of is meant."""
        with stdin.open("rb") as file:
            result = subprocess.run(command, stdin=file, **self._surroundings(env))
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
        result = subprocess.run(command, input=json.dumps(names), **self._surroundings(self.clouds))
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

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
            "timeout": 60,
        }
