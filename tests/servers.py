"""A running Calotype, as an operator starts it, for tests that talk to it from outside."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROGRAM = Path(sys.executable).with_name("calotype")
READY = "Calotype ready on "

#: Longer than any healthy start, also while other tests have the machine.
START_LIMIT_S = 60


def environment(**more: str) -> dict[str, str]:
    """Ours without what an operator's shell may have set for Calotype or for another cloud."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("CALOTYPE_", "OS_"))}
    return plain | more


def run(*arguments: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """`calotype` with *arguments*, run to its end."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], cwd=cwd, env=environment(**env), capture_output=True, text=True, timeout=60
    )


def run_script(commands: str, cwd: Path, *, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """A document's shell commands, run in *cwd* until the first that fails."""
    shell = ["bash", "-euo", "pipefail", "-c", commands]
    return subprocess.run(shell, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=timeout_s)


@dataclass
class Server:
    """A parent process that has said it is ready. *said*: the lines on its standard output up to that.

    *trusting*: what its client connects with; None is enough for http.
    """

    process: subprocess.Popen[str]
    url: str
    folder: Path
    log: Path
    said: list[str]
    trusting: ssl.SSLContext | None = None
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def credentials(self, cloud: str = "calotype") -> dict[str, str]:
        """username, password and project_name of *cloud*: `calotype` or `calotype-admin`."""
        known = json.loads((self.folder / "credentials.json").read_text())
        found: dict[str, str] = known["admin" if cloud == "calotype-admin" else "ordinary"]
        return found

    def token_of(self, cloud: str = "calotype") -> str:
        """A token of *cloud*'s user for its project; the same one each time."""
        if cloud not in self._tokens:
            self._tokens[cloud] = self.log_in(**self.credentials(cloud))
        return self._tokens[cloud]

    def log_in(self, username: str, password: str, project_name: str) -> str:
        """A new token."""
        domain = {"name": "Default"}
        user = {"name": username, "domain": domain, "password": password}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"name": project_name, "domain": domain}}}}
        answer = self.request("POST", "/v3/auth/tokens", json.dumps(body).encode(), token=None)
        assert answer.status == 201, answer.body
        return answer.headers["X-Subject-Token"]

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
        *,
        token: str | None = "",
    ) -> "Answer":
        """One request by the standard library's client, redirects not followed; *token* "" is the ordinary user's."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict(headers))
        if token is not None:
            request.add_header("X-Auth-Token", token or self.token_of())
        if body is not None and not request.has_header("Content-type"):
            request.add_header("Content-Type", "application/octet-stream")
        try:
            with self._opener().open(request, timeout=30) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def _opener(self) -> urllib.request.OpenerDirector:
        if self.trusting is None:
            return _plain_opener
        return urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=self.trusting))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and give the exit code once all is over."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class _NoRedirects(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


_plain_opener = urllib.request.build_opener(_NoRedirects)


def start(
    log: Path,
    *flags: str | Path,
    cwd: Path | None = None,
    command: Sequence[str | Path] = (PROGRAM,),
    trusting: ssl.SSLContext | None = None,
    **env: str,
) -> Server:
    """`calotype serve` on a free port, once it is ready; it must be stopped. Fails with its log if it does not come up.

    *command*: how the program is called. *trusting*: as in `Server`.
    """
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "serve", "--port", "0", *map(str, flags)],
            cwd=cwd or log.parent,
            env=environment(**env),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.rstrip("\n"))
        if line.startswith(READY):
            url = line.removeprefix(READY).strip()
            folder = Path(next(text for text in said if text.startswith("Credentials")).split()[3]).parent
            return Server(process, url, folder, log, said, trusting)
    process.wait(timeout=START_LIMIT_S)
    raise AssertionError(f"calotype serve ended with {process.returncode}: {log.read_text()}")


def raw(host: str, port: int, sent: bytes, timeout_s: float = 10) -> bytes:
    """Everything the server says to *sent*, byte for byte, until it closes or *timeout_s* after the last byte passes."""
    received = b""
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.sendall(sent)
        while True:
            try:
                step = connection.recv(65536)
            except (TimeoutError, ConnectionResetError):
                return received
            if not step:
                return received
            received += step
