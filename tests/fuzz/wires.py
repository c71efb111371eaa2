"""Bytes to a server and its answers back, with no client in between that could mend either."""

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any

#: A server that says nothing for so long while our half is ended hangs.
PATIENCE_S = 20

_WITHOUT_BODY = (204, 304)


@dataclass(frozen=True)
class Answer:
    """*headers*: as sent, in their order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name), None)

    @property
    def bytes(self) -> bytes:
        return "\n".join(f"{name}: {value}" for name, value in self.headers).encode("latin-1") + b"\n\n" + self.body


def talk(host: str, port: int, sent: bytes) -> list[Answer]:
    """The final answers to *sent*, after which our half is ended. Fails for what is no HTTP, or no end of it."""
    said = b""
    with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
        # A server that has refused what it read so far need not read the rest.
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while step := connection.recv(65536):
                said += step
    return list(_answers(said, sent.partition(b" ")[0]))


def _answers(said: bytes, method: bytes) -> Any:
    while said:
        head, end, said = said.partition(b"\r\n\r\n")
        assert end, head
        status_line, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = status_line.split(" ", 2)
        assert version == "HTTP/1.1", status_line
        if status == "100":
            continue
        headers = tuple(_header(line) for line in lines)
        # A refusal of what the parser could not read does not know of what method it was: it has its body, and is the last.
        was_read = method == b"HEAD" and said[:5] in (b"", b"HTTP/")
        has_body = not was_read and int(status) not in _WITHOUT_BODY
        length = next((int(value) for name, value in headers if name == "Content-Length"), 0) if has_body else 0
        assert len(said) >= length, (head, said)
        yield Answer(int(status), headers, said[:length])
        said = said[length:]
        # Of what follows the first request only garbage is sent, and no HEAD.
        method = b""


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(": ")
    assert colon, line
    assert name.replace("-", "").replace("_", "").isalnum() or name.lower().startswith("x-image-meta-"), line
    assert not any(character < " " or character == "\x7f" for character in value), line
    return name, value
