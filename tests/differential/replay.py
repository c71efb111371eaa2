"""Plays stories at a service and says what it answered."""

import http.client
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from accounts import Accounts
from answers import Facts, facts
from stories import V21, Step, Story

LIMIT_S = 60
PART = 32 * 1024


@dataclass(frozen=True)
class Played:
    """One answer. *number* counts a story's steps from 1. *request_id*: the header of that name, which not every answer of
    Glance has."""

    story: str
    number: int
    request: str
    facts: Facts
    request_id: str | None


def play(url: str, accounts: Accounts, stories: Iterable[Story], *, keeps: bool = True) -> Iterator[Played]:
    """Each answer of the service at *url*, in order; what a story has made is deleted after it.

    *keeps*: the service keeps connections; Glance's uwsgi closes each, and does not say so.
    """
    line = _Line(url, keeps)
    for story in stories:
        telling = _Telling(line, accounts)
        try:
            for number, step in enumerate(story.steps, start=1):
                seen, request_id = telling.ask(step)
                yield Played(story.title, number, step.line, seen, request_id)
        finally:
            telling.clear()
    line.close()


class _Line:
    """A connection to a service."""

    def __init__(self, url: str, keeps: bool) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
        self._keeps = keeps

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, *, chunked: bool = False
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer to a request with these headers, Host, and no other: neither Accept nor User-Agent.

        Its status is 0 if there is none: the service has hung up.
        """
        connection = self._connection
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
            elif body is not None:
                connection.putheader("Content-Length", str(len(body)))
            with suppress(BrokenPipeError, ConnectionResetError):  # a refusal may come before all is sent
                connection.endheaders(_parts(body) if chunked and body else body, encode_chunked=chunked)
            response = connection.getresponse()
            answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        except (http.client.RemoteDisconnected, ConnectionResetError):
            connection.close()
            return 0, {}, b""
        if not self._keeps:
            connection.close()
        return answer

    def close(self) -> None:
        self._connection.close()


class _Telling:
    """A story under way: the names it has given."""

    def __init__(self, line: _Line, accounts: Accounts) -> None:
        self._line = line
        self._tokens = accounts.tokens
        self._values = {"run": f"run-{secrets.token_hex(8)}", **accounts.projects}
        self._made: list[str] = []

    def ask(self, step: Step) -> tuple[Facts, str | None]:
        """What is compared of the answer, and its request id."""
        path = self._filled(step.path)
        headers = {name: self._filled(value) for name, value in step.headers.items()}
        body = None if step.body is None else self._filled(step.body.decode("latin-1")).encode("latin-1")
        token = {"X-Auth-Token": self._tokens[step.who]} if step.who else {}
        status, answered, content = self._line.send(step.method, path, {**token, **headers}, body, chunked=step.chunked)
        if status == 201 and step.saves:
            self._remember(step.saves, content)
        names = {value: name for name, value in self._values.items()}
        asked = {name.lower() for name in headers}
        return facts(path, asked, status, answered, content, names), answered.get("x-openstack-request-id")

    def clear(self) -> None:
        """Delete what was made, so that other stories' lists do not show it."""
        as_root = {"X-Auth-Token": self._tokens["root"], "Content-Type": V21}
        for image in self._made:
            if self._line.send("DELETE", f"/v2/images/{image}", as_root)[0] == 403:
                self._line.send("PATCH", f"/v2/images/{image}", as_root, _UNPROTECT)
                self._line.send("DELETE", f"/v2/images/{image}", as_root)

    def _remember(self, name: str, content: bytes) -> None:
        image: str = json.loads(content)["id"]
        self._values[name] = image
        self._made.append(image)

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace("{" + name + "}", value)
        return text


_UNPROTECT = b'[{"op": "replace", "path": "/protected", "value": false}]'


def _parts(body: bytes) -> Iterator[bytes]:
    """As clients send what they read from a file."""
    for first in range(0, len(body), PART):
        yield body[first : first + PART]
