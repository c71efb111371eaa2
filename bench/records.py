"""One image shown, changed and made, through v1 and through v2: what a request costs beside the same through the other."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from client import Client
from figures import Figure, percentile, table
from service import Service

CLIENTS = 8
ROUND_S = 0.2


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it is sent over and over, and the status that answers it."""

    what: str
    face: str
    method: str
    path: str
    status: int = 200
    headers: tuple[str, ...] = ()
    body: str = ""

    def request(self, port: int, token: str) -> bytes:
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"X-Auth-Token: {token}",
            *self.headers,
        ]
        if self.method != "GET" and self.method != "HEAD":
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", self.body]).encode()


@dataclass(slots=True)
class Rounds:
    """Seconds of one request at a time, and requests a second of eight at once."""

    alone: list[float] = field(default_factory=list)
    alone_all: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


_PATCH = "Content-Type: application/openstack-images-v2.1-json-patch"


def _calls(image_id: str) -> list[Call]:
    v1, v2 = f"/v1/images/{image_id}", f"/v2/images/{image_id}"
    named = ("x-image-meta-name: bench",)
    kept = ("x-glance-registry-purge-props: false",)
    patch = json.dumps([{"op": "replace", "path": "/name", "value": "bench"}])
    return [
        Call("show", "v1", "HEAD", v1),
        Call("show", "v2", "GET", v2),
        Call("change of a name", "v1", "PUT", v1, headers=named + kept),
        Call("change of a name", "v2", "PATCH", v2, headers=(_PATCH,), body=patch),
        Call("create", "v1", "POST", "/v1/images", 201, named),
        Call("create", "v2", "POST", "/v2/images", 201, ("Content-Type: application/json",), '{"name": "bench"}'),
    ]


def measure(pairs: int) -> dict[Call, Rounds]:
    """Rounds of every call in turn, over a catalogue on disk that holds what they make and nothing else."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="calotype-bench-"))
        stack.callback(shutil.rmtree, folder)
        service = Service(folder)
        stack.callback(service.stop)
        client = Client()
        stack.callback(client.close)
        token = service.token("ordinary")
        results = {call: Rounds() for call in _calls(_an_image(service, token))}
        for _ in range(pairs):
            for call, rounds in results.items():
                _round(rounds, call, service, token, client)
        return results


def _an_image(service: Service, token: str) -> str:
    """The id of a new image with what a usual one has."""
    properties = {"os_distro": "debian", "os_version": "13", "architecture": "x86_64", "hw_disk_bus": "virtio"}
    fields = {"name": "bench", "disk_format": "raw", "container_format": "bare", "tags": ["golden"], **properties}
    made = service.post("/v2/images", fields, token)
    image_id: str = json.loads(made)["id"]
    return image_id


def _round(rounds: Rounds, call: Call, service: Service, token: str, client: Client) -> None:
    request = call.request(service.port, token)
    sample = client.round(service.port, request, clients=1, seconds=ROUND_S, wanted=call.status)
    rounds.alone.append(percentile(sample.seconds, 0.5))
    rounds.alone_all += sample.seconds
    together = client.round(service.port, request, clients=CLIENTS, seconds=ROUND_S, wanted=call.status)
    rounds.rates.append(len(together.seconds) / together.elapsed_s)
    for status in (sample.status, together.status):
        if status != call.status:
            raise RuntimeError(f"status {status} to {call.method} {call.path}")


def report(results: dict[Call, Rounds]) -> str:
    heads = ["request", "through", "p50, ms", "p99, ms", "times v1", f"req/s, {CLIENTS} clients"]
    return table(heads, [_row(call, rounds, _of_v1(call, results)) for call, rounds in results.items()])


def _of_v1(call: Call, results: dict[Call, Rounds]) -> Sequence[float]:
    return next(rounds.alone for other, rounds in results.items() if other.what == call.what and other.face == "v1")


def _row(call: Call, rounds: Rounds, of_v1: Sequence[float]) -> list[str]:
    times = Figure.of([mine / its for mine, its in zip(rounds.alone, of_v1, strict=True)])
    return [
        f"{call.what}: `{call.method}`",
        call.face,
        Figure.of(rounds.alone).show(2, 1000),
        f"{percentile(rounds.alone_all, 0.99) * 1000:.2f}",
        "" if call.face == "v1" else times.show(),
        Figure.of(rounds.rates).show(0),
    ]
