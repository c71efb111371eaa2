"""One image shown, changed and made, through v1 and through v2: what a request costs beside the same through the other.

On PostgreSQL beside SQLite the same, on a service each.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
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


#: The same in every service, so that a call is the same call.
_IMAGE_ID = "6c9d1cb7-36a3-4f8d-8f0f-2f8d0c1f7a11"
_PATCH = "Content-Type: application/openstack-images-v2.1-json-patch"


_V1, _V2 = f"/v1/images/{_IMAGE_ID}", f"/v2/images/{_IMAGE_ID}"
_NAMED = ("x-image-meta-name: bench",)
_KEPT = ("x-glance-registry-purge-props: false",)
_NEW_NAME = json.dumps([{"op": "replace", "path": "/name", "value": "bench"}])
_CALLS = (
    Call("show", "v1", "HEAD", _V1),
    Call("show", "v2", "GET", _V2),
    Call("change of a name", "v1", "PUT", _V1, headers=_NAMED + _KEPT),
    Call("change of a name", "v2", "PATCH", _V2, headers=(_PATCH,), body=_NEW_NAME),
    Call("create", "v1", "POST", "/v1/images", 201, _NAMED),
    Call("create", "v2", "POST", "/v2/images", 201, ("Content-Type: application/json",), '{"name": "bench"}'),
)


@dataclass(frozen=True, slots=True)
class Site:
    """A service over one kind of database, with what is asked of it."""

    database: str
    service: Service
    token: str
    results: dict[Call, Rounds]


def measure(pairs: int, flags: Mapping[str, Sequence[str]]) -> dict[str, dict[Call, Rounds]]:
    """Rounds of every call in turn, by kind of database; *flags* is what the service is told of each.

    The catalogues are on disk and hold what the calls make and nothing else.
    """
    with ExitStack() as stack:
        sites = [_site(database, its_flags, stack) for database, its_flags in flags.items()]
        client = Client()
        stack.callback(client.close)
        for _ in range(pairs):
            for call in sites[0].results:
                for site in sites:
                    _round(site, call, client)
        return {site.database: site.results for site in sites}


def _site(database: str, flags: Sequence[str], stack: ExitStack) -> Site:
    folder = Path(tempfile.mkdtemp(prefix="calotype-bench-"))
    stack.callback(shutil.rmtree, folder)
    service = Service(folder, *flags)
    stack.callback(service.stop)
    token = service.token("ordinary")
    _make_image(service, token)
    return Site(database, service, token, {call: Rounds() for call in _CALLS})


def _make_image(service: Service, token: str) -> None:
    """The image that is asked for, with what a usual one has."""
    properties = {"os_distro": "debian", "os_version": "13", "architecture": "x86_64", "hw_disk_bus": "virtio"}
    fields = {
        "id": _IMAGE_ID,
        "name": "bench",
        "disk_format": "raw",
        "container_format": "bare",
        "tags": ["golden"],
        **properties,
    }
    service.post("/v2/images", fields, token)


def _round(site: Site, call: Call, client: Client) -> None:
    rounds, port = site.results[call], site.service.port
    request = call.request(port, site.token)
    sample = client.round([port], request, clients=1, seconds=ROUND_S, wanted=call.status)
    rounds.alone.append(percentile(sample.seconds, 0.5))
    rounds.alone_all += sample.seconds
    together = client.round([port], request, clients=CLIENTS, seconds=ROUND_S, wanted=call.status)
    rounds.rates.append(len(together.seconds) / together.elapsed_s)
    for status in (sample.status, together.status):
        if status != call.status:
            raise RuntimeError(f"status {status} to {call.method} {call.path}")


def report(results: dict[str, dict[Call, Rounds]]) -> str:
    """One row a call and database; what a call takes is compared with v1, and on another database with the first."""
    first = next(iter(results))
    compares = len(results) > 1
    heads = ["request", "through", *["on"] * compares, "p50, ms", "p99, ms", "times v1"]
    heads += [f"times {first}"] * compares + [f"req/s, {CLIENTS} clients"]
    rows = []
    for call, rounds_of_first in results[first].items():
        for database, of_database in results.items():
            rounds = of_database[call]
            of_v1 = next(one for other, one in of_database.items() if other.what == call.what and other.face == "v1")
            rows.append(
                [
                    f"{call.what}: `{call.method}`",
                    call.face,
                    *[database] * compares,
                    Figure.of(rounds.alone).show(2, 1000),
                    f"{percentile(rounds.alone_all, 0.99) * 1000:.2f}",
                    "" if call.face == "v1" else _times(rounds, of_v1),
                    *["" if database == first else _times(rounds, rounds_of_first)] * compares,
                    Figure.of(rounds.rates).show(0),
                ]
            )
    return table(heads, rows)


def _times(rounds: Rounds, others: Rounds) -> str:
    return Figure.of([mine / its for mine, its in zip(rounds.alone, others.alone, strict=True)]).show()
