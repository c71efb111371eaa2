"""Four workers that write to one catalogue at once, over both kinds of database: nothing fails, and no count is lost."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

import servers
from calotype.catalogue import tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.service.accounts import Accounts

FORMATS = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
CLIENTS = 12


class Site:
    """A service, and its catalogue behind its back."""

    def __init__(self, server: servers.Server, url: str) -> None:
        self.server = server
        self.catalogue = Catalogue(CatalogueOptions(url=url))

    def set_quota(self, *, size_bytes: int | None, images: int | None) -> None:
        accounts = Accounts(self.catalogue, lambda: datetime.now(UTC))
        accounts.set_quota(self.server.credentials()["project_name"], size_bytes=size_bytes, images=images)

    def usage(self) -> dict[str, int]:
        with self.catalogue.reading() as connection:
            return {row.kind: row.value for row in connection.execute(select(tables.usage)) if row.value}

    def post(self, data: bytes) -> servers.Answer:
        return self.server.request("POST", "/v1/images", data, FORMATS)


def at_once(do: Callable[[Any], servers.Answer], of: Iterable[Any]) -> list[servers.Answer]:
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(do, of))


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, start_server: Callable[..., servers.Server]) -> Iterator[Site]:
    flags = ["--workers", "4", "--housekeeping-interval-s", "0"]
    if request.param == "sqlite":
        server = start_server(*flags)
        url = f"sqlite:///{server.folder / 'catalogue.sqlite'}"
    else:
        url = request.getfixturevalue("postgres_url")
        server = start_server(*flags, CALOTYPE_DATABASE=url)
    server.token_of()  # before the threads ask for it
    made = Site(server, url)
    yield made
    made.catalogue.close()


def test_quotas_are_filled_to_the_byte_and_to_the_image_and_emptied_and_filled_again(site: Site) -> None:
    """An image whose data have no room stays, without them, and is one of the project's."""
    for number in (1, 2):
        site.set_quota(size_bytes=15_000, images=None)
        made = at_once(lambda _: site.post(bytes(1000)), range(45))
        assert Counter(answer.status for answer in made) == {201: 15, 413: 30}
        assert site.usage() == {"images": 15 + 30 * number, "bytes": 15_000}

        there = [answer.json["image"]["id"] for answer in made if answer.status == 201]
        gone = at_once(lambda image_id: site.server.request("DELETE", f"/v1/images/{image_id}"), there)
        assert Counter(answer.status for answer in gone) == {200: 15}
        assert site.usage() == {"images": 30 * number}

    site.set_quota(size_bytes=None, images=60 + 7)
    made = at_once(lambda _: site.post(b"data"), range(30))
    assert Counter(answer.status for answer in made) == {201: 7, 413: 23}
    assert site.usage() == {"images": 60 + 7, "bytes": 28}


def test_under_clients_that_all_write_at_once_nothing_fails(site: Site) -> None:
    """On SQLite one transaction writes at a time, in whatever process; the others wait their turn."""

    def work(seed: int) -> Counter[int]:
        chance, mine, statuses = random.Random(seed), list[str](), Counter[int]()
        for number in range(15):
            answer = site.post(chance.randbytes(1 + number))
            statuses[answer.status] += 1
            mine.append(answer.json["image"]["id"])
            one = chance.choice(mine)
            changed = {"X-Image-Meta-Property-Seen": str(number), "X-Glance-Registry-Purge-Props": "false"}
            statuses[site.server.request("PUT", f"/v1/images/{one}", b"", changed).status] += 1
            statuses[site.server.request("GET", "/v1.1/images/detail?limit=20").status] += 1
            if len(mine) > 3:
                statuses[site.server.request("DELETE", f"/v1/images/{mine.pop(0)}").status] += 1
        return statuses

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = sum(clients.map(work, range(CLIENTS)), Counter[int]())

    assert set(answers) == {200, 201}, answers
    assert answers[201] == CLIENTS * 15
    assert site.usage()["images"] == CLIENTS * 3
