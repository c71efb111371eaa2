"""Listings at several sizes, each beside its floor: the same SQL by the bare driver and the rows as JSON, without HTTP.

Rounds of all sizes alternate, so that a machine that slows down slows down all of them.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from calotype import app
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.images import Image
from calotype.domain.query import ImageQuery
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.faces.v1 import wire
from calotype.faces.v2 import list_query
from calotype.service.accounts import Accounts
from calotype.service.images import Images
from calotype.service.options import ServiceOptions
from client import Client
from data import Database
from figures import Figure, percentile, table, verdict
from floors import Statements, floor_of
from service import Service
from shapes import Listing, Shape

CLIENTS = 8
FLAT = 1.3
MOST_OVER_FLOOR = 4.0
NEAR_FLOOR = ("default page",)
ROUND_S = 0.1

#: A listing that takes longer than this once is asked for once a round, by one client only.
SLOW_S = 0.25


@dataclass(slots=True)
class Rounds:
    """What was measured of one listing at one size; times in seconds."""

    floor: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    alone_all: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    together_all: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    hits: int = 0
    status: int = 200


class Site:
    """One database as it is measured: served, open to the service's own code, and open to the bare driver."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        self.database = database
        self.service = Service(database.folder, *database.flags)
        stack.callback(self.service.stop)
        self._catalogue = app.open_catalogue(database.settings)
        stack.callback(self._catalogue.close)
        self._images = Images(self._catalogue, Rules(DEFAULT_RULES), ServiceOptions(), app.now)
        self._callers = _callers(self._catalogue)
        self._tokens = {who: self.service.token(who) for who in self._callers}
        self._floor = floor_of(database)
        stack.callback(self._floor.close)

    def prepared(self, listing: Listing) -> "Prepared":
        """Everything about *listing* that is not measured: the marker, the bytes of the request, the SQL."""
        caller = self._callers[listing.who]
        raw_query = listing.raw_query
        if "{marker}" in raw_query:
            rest = raw_query.replace("marker={marker}", "").strip("&")
            raw_query = raw_query.format(marker=self._middle(caller, _read(listing.face, rest, caller)))
        page, statements = self._traced(caller, _read(listing.face, raw_query, caller))
        path = f"{_PATHS[listing.face]}?{raw_query}".rstrip("?")
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.service.port}\r\n"
            f"X-Auth-Token: {self._tokens[listing.who]}\r\nAccept: application/json\r\n\r\n"
        )
        return Prepared(
            floor=lambda: self._floor.run(statements),
            request=request.encode(),
            port=self.service.port,
            hits=len(page),
        )

    def _traced(self, caller: Caller, query: ImageQuery) -> tuple[list[Image], Statements]:
        """The page, and the SELECTs it took."""
        with self._floor.traced(self._catalogue) as statements:
            page = self._images.page(caller, query)
        return page, statements

    def _middle(self, caller: Caller, query: ImageQuery) -> str:
        """The id of an image in the middle of the first 20,000 the caller sees."""
        seen: list[Image] = []
        while len(seen) < 20_000:
            page = self._images.page(caller, replace(query, limit=1000, marker=seen[-1].id if seen else None))
            if not page:
                break
            seen += page
        return seen[len(seen) // 2].id


@dataclass(frozen=True, slots=True)
class Prepared:
    floor: Callable[[], None]
    request: bytes
    port: int
    hits: int


_PATHS = {"v1": "/v1.1/images/detail", "v2": "/v2/images"}


def _read(face: str, raw_query: str, caller: Caller) -> ImageQuery:
    if face == "v1":
        return wire.read_list_query(raw_query, ServiceOptions(), as_admin=caller.is_admin)
    return list_query.read(raw_query, ServiceOptions())


def _callers(catalogue: Catalogue) -> dict[str, Caller]:
    projects = {one.name: one.id for one in Accounts(catalogue, app.now).projects()}
    return {
        "ordinary": Caller("bench", projects["calotype"], frozenset({"member"})),
        "admin": Caller("bench", projects["admin"], frozenset({"admin"})),
    }


def measure(databases: Sequence[Database], shapes: Sequence[Shape], pairs: int) -> dict[Listing, dict[int, Rounds]]:
    """Rounds by listing and size; the databases are of one shape of data."""
    with ExitStack() as stack:
        client = Client()
        stack.callback(client.close)
        sites = {database.size: Site(database, stack) for database in databases}
        results: dict[Listing, dict[int, Rounds]] = {}
        for shape in shapes:
            results |= _measure_shape(sites, shape, pairs, client)
            for listing in shape:
                print(_line(listing, results[listing]), flush=True)
        return results


def _measure_shape(
    sites: dict[int, Site], shape: Shape, pairs: int, client: Client
) -> dict[Listing, dict[int, Rounds]]:
    """Rounds of all faces and sizes in turn."""
    results = {listing: {size: Rounds() for size in sites} for listing in shape}
    prepared = {}
    for listing in shape:
        for size, site in sites.items():
            try:
                prepared[listing, size] = site.prepared(listing)
            except Exception as error:  # noqa: BLE001 -- a listing that cannot be had is a result
                print(f"  {listing.name} at {size:,}: {error}")
                results[listing][size].status = 503
    for _ in range(pairs):
        for (listing, size), one in prepared.items():
            _round(results[listing][size], one, client)
    return results


def _round(rounds: Rounds, one: Prepared, client: Client) -> None:
    rounds.hits = one.hits
    rounds.floor.append(percentile(_timed(one.floor), 0.5))
    sample = client.round([one.port], one.request, clients=1, seconds=ROUND_S)
    rounds.status = max(rounds.status, sample.status)
    rounds.alone.append(percentile(sample.seconds, 0.5))
    rounds.alone_all += sample.seconds
    if rounds.alone[0] > SLOW_S:
        return
    sample = client.round([one.port], one.request, clients=CLIENTS, seconds=ROUND_S)
    rounds.together.append(percentile(sample.seconds, 0.5))
    rounds.together_all += sample.seconds
    rounds.rates.append(len(sample.seconds) / sample.elapsed_s)


def _timed(action: Callable[[], None]) -> list[float]:
    """The times of as many runs as fit into half a round, at least one."""
    seconds: list[float] = []
    end = time.perf_counter() + ROUND_S / 2
    while not seconds or (time.perf_counter() < end and len(seconds) < 1000):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return seconds


def growth(results: dict[int, Rounds]) -> Figure | None:
    """How many times longer the largest size takes than the smallest, round by round."""
    small, large = results[min(results)].alone, results[max(results)].alone
    return Figure.of([b / a for a, b in zip(small, large, strict=True)]) if small and len(small) == len(large) else None


def over_floor(rounds: Rounds) -> Figure | None:
    pairs = list(zip(rounds.floor, rounds.alone, strict=True))
    return Figure.of([alone / floor for floor, alone in pairs]) if pairs else None


def is_flat(listing: Listing, results: dict[int, Rounds]) -> bool | None:
    """True or False where the shape has a target and two sizes were measured."""
    grown = growth(results)
    if not listing.must_be_flat or len(results) < 2:
        return None
    return grown is not None and grown.median <= FLAT and all(one.status == 200 for one in results.values())


def _line(listing: Listing, results: dict[int, Rounds]) -> str:
    times = "  ".join(f"{size:,}: {_p50(one)}" for size, one in results.items())
    grown = growth(results)
    times_grown = f"  x{grown.median:.2f}" if grown else ""
    return f"  {listing.who:8} {listing.face} {listing.name:45} {times}{times_grown}"


def _p50(rounds: Rounds) -> str:
    if rounds.status != 200:
        return f"{rounds.status}"
    return f"{Figure.of(rounds.alone).median * 1000:.2f}"


def report(results: dict[Listing, dict[int, Rounds]]) -> str:
    """Two tables: times and growth at one client, and what eight clients get."""
    sizes = sorted(next(iter(results.values())))
    heads = ["listing", "asks", "through", "hits"]
    heads += [*(f"p50 at {size:,}, ms" for size in sizes), f"p99 at {sizes[-1]:,}, ms"]
    heads += ["growth, x", "target", "", f"floor at {sizes[-1]:,}, ms", "floor, x", "target", ""]
    together = ["listing", "asks", "through"]
    for size in sizes:
        together += [f"req/s at {size:,}", "p50, ms", "p99, ms"]
    return (
        "One client; median of the rounds' medians, lowest and highest in brackets.\n\n"
        + table(heads, [_alone_row(listing, by_size, sizes) for listing, by_size in results.items()])
        + f"\n{CLIENTS} clients at once.\n\n"
        + table(together, [_together_row(listing, by_size, sizes) for listing, by_size in results.items()])
    )


def _alone_row(listing: Listing, by_size: dict[int, Rounds], sizes: Sequence[int]) -> list[str]:
    largest = by_size[sizes[-1]]
    grown, over = growth(by_size), over_floor(largest)
    return [
        listing.name,
        _who(listing),
        listing.face,
        " / ".join(str(by_size[size].hits) for size in sizes),
        *(Figure.of(by_size[size].alone).show(2, 1000) if by_size[size].status == 200 else "503" for size in sizes),
        f"{percentile(largest.alone_all, 0.99) * 1000:.2f}" if largest.alone_all else "",
        grown.show() if grown else "",
        f"≤ {FLAT}" if listing.must_be_flat else "",
        verdict(is_met=is_flat(listing, by_size)),
        Figure.of(largest.floor).show(3, 1000) if largest.floor else "",
        over.show(1) if over else "",
        f"≤ {MOST_OVER_FLOOR:.0f}" if listing.name in NEAR_FLOOR else "",
        verdict(is_met=over is not None and over.median <= MOST_OVER_FLOOR if listing.name in NEAR_FLOOR else None),
    ]


def _together_row(listing: Listing, by_size: dict[int, Rounds], sizes: Sequence[int]) -> list[str]:
    row = [listing.name, _who(listing), listing.face]
    for size in sizes:
        rounds = by_size[size]
        if not rounds.together:
            row += ["", "", ""]
            continue
        row += [
            Figure.of(rounds.rates).show(0),
            f"{Figure.of(rounds.together).median * 1000:.2f}",
            f"{percentile(rounds.together_all, 0.99) * 1000:.2f}",
        ]
    return row


def _who(listing: Listing) -> str:
    return "tenant" if listing.who == "ordinary" else "admin, all"
