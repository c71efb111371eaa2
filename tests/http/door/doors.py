"""A door on a port of its own with a small face behind it, and a client that says exactly the bytes it is given."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from calotype.domain.callers import Caller
from calotype.domain.errors import Broken, CalotypeError, Invalid, Throttled, Unauthenticated
from calotype.http import bodies, parts, queries, tls
from calotype.http.door import Door
from calotype.http.errors import HttpError, retry_headers
from calotype.http.messages import Receive, Request, Response, json_response
from calotype.http.options import HttpOptions
from calotype.http.routes import Face, Pool, Route, Wants
from calotype.http.server import serve

#: Nothing a healthy door does takes this long, also on a busy machine.
PATIENCE_S = 20


@dataclass
class Reply:
    """One answer as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A connection; it knows no rule of HTTP but where an answer ends."""

    def __init__(self, address: tuple[str, int], trusting: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        if trusting is not None:
            self.socket = trusting.wrap_socket(self.socket, server_hostname=address[0])
        self._reader = self.socket.makefile("rb")

    def send(self, *pieces: bytes) -> "Client":
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def ask(self, line: str, *headers: str, body: bytes = b"") -> Reply:
        """Send a request with a Host header and read its answer."""
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: door.example", *headers]).encode() + b"\r\n\r\n"
        return self.send(head + body).reply(has_body=not line.startswith("HEAD "))

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        status_line = self._reader.readline()
        assert status_line.startswith(b"HTTP/1.1 "), status_line
        headers = []
        while (line := self._reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            headers.append((name, value))
        return int(status_line.split()[1]), headers

    def reply(self, *, has_body: bool = True) -> Reply:
        status, headers = self.head()
        reply = Reply(status, headers, b"")
        if has_body and status >= 200:
            reply.body = self._reader.read(int(reply.header("Content-Length") or 0))
        return reply

    def read(self, length: int) -> bytes:
        return self._reader.read(length)

    def is_closed(self) -> bool:
        """True once the door has ended the connection and nothing more came; fails if it does not within patience."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def rest(self) -> int:
        """How many bytes come until the connection ends, in order or not."""
        length = 0
        try:
            while step := self._reader.read(65536):
                length += len(step)
        except ConnectionResetError:
            pass
        return length

    def is_refused(self, data: bytes) -> bool:
        """True once *data*, sent over and over, can no longer be sent."""
        deadline = time.monotonic() + PATIENCE_S
        try:
            while time.monotonic() < deadline:
                self.send(data)
        except OSError:
            return True
        return False

    def end_own_half(self) -> "Client":
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def close(self) -> None:
        self._reader.close()
        self.socket.close()


@dataclass
class Sink:
    """Remembers what it was given and how it ended; *hold* holds up a write, *failure* is raised by the second one."""

    failure: Exception | None = None
    finish_failure: Exception | None = None
    hold: threading.Event | None = None
    steps: list[int] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)
    ending: list[str] = field(default_factory=list)
    has_begun: threading.Event = field(default_factory=threading.Event)
    has_ended: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    most_at_once: int = 0

    def write(self, step: bytes) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.steps.append(len(step))
        self.has_begun.set()
        if self.hold is not None:
            self.hold.wait(PATIENCE_S)
        self.data += step
        self.at_once -= 1
        if self.failure is not None:
            raise self.failure

    def finish(self) -> int:
        self.ending.append("finished")
        self.has_ended.set()
        if self.finish_failure is not None:
            raise self.finish_failure
        return len(self.data)

    def give_up(self, reason: str) -> None:
        self.ending.append(reason)
        self.has_ended.set()


class MemoryBlob:
    """A blob without a file; *ends_after* breaks a promise of its size."""

    def __init__(self, data: bytes, ends_after: int | None = None) -> None:
        self.data = data
        self.size = len(data)
        self.ends_after = self.size if ends_after is None else ends_after
        self.is_closed = threading.Event()

    def read(self, first: int, length: int) -> bytes:
        return self.data[: self.ends_after][first : first + length]

    def file(self) -> BinaryIO | None:
        return None

    def close(self) -> None:
        assert not self.is_closed.is_set(), "closed twice"
        self.is_closed.set()


class FileBlob(MemoryBlob):
    """A blob in a real file."""

    def __init__(self, data: bytes, file: BinaryIO, ends_after: int | None = None) -> None:
        super().__init__(data, ends_after)
        self._file = file
        file.write(data[: self.ends_after])
        file.flush()

    def file(self) -> BinaryIO | None:
        return self._file

    def close(self) -> None:
        super().close()
        self._file.close()


class UnreadableBlob(MemoryBlob):
    def read(self, first: int, length: int) -> bytes:
        raise Broken("the store is out")


@dataclass
class Stage:
    """What a test puts behind the face, and what it finds there afterwards."""

    sink: Sink = field(default_factory=Sink)
    blob: MemoryBlob = field(default_factory=lambda: MemoryBlob(b"twelve bytes"))
    gate: threading.Event = field(default_factory=threading.Event)
    seen: list[Request] = field(default_factory=list)
    raises: Exception | None = None


def echo(stage: Stage, request: Request) -> Response:
    """The request as a handler sees it."""
    stage.seen.append(request)
    return json_response(
        {
            "path": request.path,
            "params": dict(request.params),
            "query": request.raw_query,
            "headers": [list(pair) for pair in request.headers],
            "base_url": request.base_url,
            "request_id": request.request_id,
            "caller": request.caller.user if request.caller else None,
            "has_body": request.has_body,
            "declared_length": request.declared_length,
            "body": request.body.decode("latin-1"),
        }
    )


def wait_at_gate(stage: Stage, request: Request) -> Response:
    stage.seen.append(request)
    assert stage.gate.wait(PATIENCE_S)
    return Response(status=200, body=b"through")


def misbehave(stage: Stage, _request: Request) -> Response:
    assert stage.raises is not None
    raise stage.raises


def upload(stage: Stage, request: Request) -> Response | Receive:
    if stage.raises is not None:
        raise stage.raises
    stage.seen.append(request)
    return Receive(stage.sink, lambda length: json_response({"length": length}, 201))


ROUTES = [
    Route("GET", "/echo", echo),
    Route("POST", "/echo", echo),
    Route("GET", "/echo/{part}", echo),
    Route("GET", "/echo/{part}/tail", echo),
    Route("POST", "/json", echo, Wants.JSON),
    Route("POST", "/parsed", lambda _, request: json_response(str(bodies.read_json(request.body))[:40]), Wants.JSON),
    Route("GET", "/query", lambda _, request: json_response([list(pair) for pair in queries.parse(request.raw_query)])),
    Route("PUT", "/upload", upload, Wants.STREAM),
    Route("GET", "/blob", lambda stage, _: Response(status=200, blob=stage.blob)),
    Route("HEAD", "/blob", lambda stage, _: Response(status=200, blob=stage.blob)),
    Route("GET", "/parts", lambda stage, request: parts.answer(request, stage.blob, (("ETag", "sum"),), "sum")),
    Route("HEAD", "/parts", lambda stage, request: parts.answer(request, stage.blob, (("ETag", "sum"),), "sum")),
    Route("HEAD", "/empty", lambda _, __: Response(status=200)),
    Route("GET", "/nothing", lambda _, __: Response(status=204)),
    Route("GET", "/gate", wait_at_gate),
    Route("POST", "/login", wait_at_gate, Wants.JSON, Pool.LOGINS),
    Route("GET", "/misbehave", misbehave),
    Route("HEAD", "/misbehave", misbehave),
    Route("GET", "/split", lambda _, __: Response(status=200, headers=(("X-Name", "a\r\nX-Forged: b\0c"),))),
]


def authenticate(_stage: Any, request: Request) -> Caller:
    if request.header("x-auth-token") != "good":
        raise Unauthenticated()
    return Caller("alice", "project")


STATUS = {Invalid: 400, Unauthenticated: 401, Throttled: 429, Broken: 503, CalotypeError: 500}


def write_error(error: Exception, request: Request) -> Response:
    if isinstance(error, HttpError):
        return json_response({"refused": str(error), "request_id": request.request_id}, error.status, error.headers)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return json_response({"refused": str(error)}, status, retry_headers(error))


OPEN = Face(name="open", prefixes=("",), routes=ROUTES, write_error=write_error)
CLOSED = Face(name="closed", prefixes=("/closed",), routes=ROUTES, write_error=write_error, authenticate=authenticate)


def find(request: Request) -> tuple[Face, str] | None:
    if request.path.startswith("/nowhere"):
        return None
    return (CLOSED, "/closed") if request.path.startswith("/closed/") else (OPEN, "")


@dataclass
class Log:
    """Events in the order logged."""

    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def info(self, event: str, **fields: Any) -> None:
        self.events.append(("info", event, fields))

    def warning(self, event: str, **fields: Any) -> None:
        self.events.append(("warning", event, fields))

    def error(self, event: str, **fields: Any) -> None:
        self.events.append(("error", event, fields))

    def lines(self, event: str = "request") -> list[dict[str, Any]]:
        return [fields for _, name, fields in self.events if name == event]


@dataclass
class RunningDoor:
    address: tuple[str, int]
    stage: Stage
    log: Log
    stop: Callable[[], None]
    wait: Callable[[], None]
    clients: list[Client] = field(default_factory=list)

    def client(self, trusting: ssl.SSLContext | None = None) -> Client:
        client = Client(self.address, trusting)
        self.clients.append(client)
        return client

    def logged(self) -> list[dict[str, Any]]:
        """The access log once the door has stopped: a line may be written after its answer was read."""
        self.stop()
        self.wait()
        return self.log.lines()

    def ask(self, line: str, *headers: str, body: bytes = b"") -> Reply:
        """One request on a connection of its own."""
        return self.client().ask(line, *headers, body=body)

    def say(self, sent: bytes) -> Reply:
        """The answer to exactly these bytes."""
        return self.client().send(sent).reply()


@contextmanager
def running_door(options: HttpOptions, stage: Stage) -> Iterator[RunningDoor]:
    log = Log()
    door = Door(stage, find, options, log)
    secrets = (options.tls_cert, options.tls_key)
    encryption = tls.load(*secrets) if all(secrets) else None
    listener = socket.create_server(("127.0.0.1", 0))
    is_ready = threading.Event()
    handles: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        stop = asyncio.Event()
        handles.append((asyncio.get_running_loop(), stop))
        await serve(listener, door, options, tls=encryption, stop=stop, ready=is_ready.set)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert is_ready.wait(PATIENCE_S)
    loop, stop = handles[0]

    def stop_it() -> None:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)

    running = RunningDoor(listener.getsockname(), stage, log, stop_it, lambda: thread.join(PATIENCE_S))
    try:
        yield running
    finally:
        stage.gate.set()
        for client in running.clients:
            client.close()
        stop_it()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        door.close()
        listener.close()
