"""Plays stories at a service and says what it answered."""

import http.client
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from accounts import Accounts
from answers import Facts, facts
from stories import V21, Step, Story

LIMIT_S = 60


@dataclass(frozen=True)
class Played:
    """One answer. *number* counts a story's steps from 1. *request_id*: the header of that name, which not every answer of
    Glance has."""

    story: str
    number: int
    request: str
    facts: Facts
    request_id: str | None


def play(url: str, accounts: Accounts, stories: Iterable[Story]) -> Iterator[Played]:
    """Each answer of the service at *url*, in order; what a story has made is deleted after it."""
    for story in stories:
        telling = _Telling(url, accounts)
        try:
            for number, step in enumerate(story.steps, start=1):
                seen, request_id = telling.ask(step)
                yield Played(story.title, number, step.line, seen, request_id)
        finally:
            telling.clear()


class _Telling:
    """A story under way: its connection, and the names it has given."""

    def __init__(self, url: str, accounts: Accounts) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
        self._tokens = accounts.tokens
        self._values = {"run": f"run-{secrets.token_hex(8)}", **accounts.projects}
        self._made: list[str] = []

    def ask(self, step: Step) -> tuple[Facts, str | None]:
        path = self._filled(step.path)
        headers = {name: self._filled(value) for name, value in step.headers.items()}
        body = None if step.body is None else self._filled(step.body.decode("latin-1")).encode("latin-1")
        status, answered, content = self._request(step.method, path, headers, body, step)
        if status == 201 and step.saves:
            self._remember(step.saves, content)
        names = {value: name for name, value in self._values.items()}
        return facts(path, status, answered, content, names), answered.get("x-openstack-request-id")

    def clear(self) -> None:
        """Delete what was made, so that other stories' lists do not show it."""
        unprotect = b'[{"op": "replace", "path": "/protected", "value": false}]'
        as_root = {"X-Auth-Token": self._tokens["root"], "Content-Type": V21}
        for image in self._made:
            self._send("PATCH", f"/v2/images/{image}", as_root, unprotect)
            self._send("DELETE", f"/v2/images/{image}", {"X-Auth-Token": self._tokens["root"]}, None)
        self._connection.close()

    def _remember(self, name: str, content: bytes) -> None:
        image: str = json.loads(content)["id"]
        self._values[name] = image
        self._made.append(image)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, step: Step
    ) -> tuple[int, dict[str, str], bytes]:
        token = {"X-Auth-Token": self._tokens[step.who]} if step.who else {}
        return self._send(method, path, {**token, **headers}, body, chunked=step.chunked)

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, chunked: bool = False
    ) -> tuple[int, dict[str, str], bytes]:
        """With the headers given and Host, and no other: neither Accept nor User-Agent."""
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        if chunked:
            self._connection.putheader("Transfer-Encoding", "chunked")
        elif body is not None:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body, encode_chunked=chunked)
        response = self._connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, answered, response.read()

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace("{" + name + "}", value)
        return text
