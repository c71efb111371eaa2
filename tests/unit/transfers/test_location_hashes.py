"""Digests of data at URLs whose worker, image or catalogue does not last as long as they take."""

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pytest
from sqlalchemy import update
from studio import ADMIN, MEMBER, Studio, raw_image

from calotype.blobs.stores import Blob
from calotype.catalogue import tables
from calotype.domain.errors import Broken, Throttled
from calotype.domain.images import Location, Status
from calotype.domain.locations import Hash
from calotype.service import location_hashes
from calotype.service.housekeeping import Housekeeping
from calotype.service.location_hashes import LocationHashes
from calotype.service.location_options import LocationOptions
from calotype.service.locations import Locations
from calotype.service.placements import Placements

DATA = b"data" * 1024
URL = "http://images.example/a"
SAID = Hash(algorithm="sha256", value=hashlib.sha256(DATA).hexdigest())


@dataclass
class Origins:
    """Stands in for service.origins.Origins, which has its own tests: data that come when they are let go."""

    go: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    broken: int = 0

    def sizes_of(self, urls: list[str]) -> dict[str, int]:
        return dict.fromkeys(urls, len(DATA))

    def open_in_background(self, url: str, size_bytes: int | None) -> Blob:
        self.opened.set()
        if self.broken:
            self.broken -= 1
            raise Broken("away")
        return _Slow(self.go)


class _Slow(Blob):
    def __init__(self, go: threading.Event) -> None:
        self._go = go

    @property
    def size(self) -> int:
        return len(DATA)

    def read(self, first: int, length: int) -> bytes:
        assert self._go.wait(30)
        return DATA[first : first + length]

    def file(self) -> BinaryIO | None:
        return None

    def cut(self) -> None:
        self._go.set()

    def close(self) -> None:
        """There is nothing to let go of."""


@dataclass
class Bench:
    """*hashes* read from *origins* for the images of *studio*."""

    studio: Studio
    origins: Origins
    hashes: LocationHashes
    locations: Locations

    def add(self, said: Hash | None = SAID) -> str:
        """The id of an image whose location is being read."""
        image_id = self.studio.images.create(MEMBER, raw_image()).id
        self.locations.add_first(MEMBER, image_id, URL, said)
        assert self.origins.opened.wait(30)
        return image_id

    def let_go(self) -> None:
        self.origins.go.set()
        for thread in list(self.hashes._threads):
            thread.join(30)


@pytest.fixture
def bench(studio: Studio) -> Iterator[Bench]:
    origins: Any = Origins()
    options = LocationOptions(http_locations=True, location_hashes_max=2)
    hashes = LocationHashes(studio.catalogue, origins, studio.clock, options)
    locations = Locations(
        studio.catalogue,
        studio.images,
        Placements(studio.stores, options),
        studio.rules,
        options,
        studio.options,
        origins=origins,
        hashes=hashes,
        node="here",
    )
    yield Bench(studio, origins, hashes, locations)
    origins.go.set()
    hashes.close()


def test_the_image_is_importing_under_a_row_that_names_no_bytes(bench: Bench) -> None:
    image_id = bench.add()

    (row,) = bench.studio.rows(tables.uploads)
    assert (row.image_id, row.store, row.on_failure, row.bytes_reserved) == (image_id, "http", "queued", 0)
    assert bench.studio.shown(image_id).status is Status.IMPORTING
    bench.let_go()
    assert bench.studio.is_clean()
    assert bench.studio.shown(image_id).os_hash_value == SAID.value


def test_a_killed_workers_image_is_queued_again_by_housekeeping(bench: Bench) -> None:
    image_id = bench.add()
    with bench.studio.catalogue.writing() as connection:
        connection.execute(update(tables.uploads).values(lease_until=0))

    chores = list(Housekeeping(bench.studio.catalogue, bench.studio.stores, bench.studio.clock).uploads())

    assert [chore.subject for chore in chores] == [f"image {image_id} becomes queued"]
    assert bench.studio.shown(image_id).status is Status.QUEUED
    assert bench.studio.is_clean()


def test_a_reader_that_was_taken_for_dead_changes_nothing_any_more(bench: Bench) -> None:
    image_id = bench.add()
    with bench.studio.catalogue.writing() as connection:
        connection.execute(update(tables.uploads).values(lease_until=0))
    list(Housekeeping(bench.studio.catalogue, bench.studio.stores, bench.studio.clock).uploads())
    before = bench.studio.shown(image_id)

    bench.let_go()

    assert bench.studio.shown(image_id) == before


@pytest.mark.parametrize(("said", "status"), [(SAID, Status.QUEUED), (None, Status.ACTIVE)])
def test_the_end_of_the_process_ends_the_reading(bench: Bench, said: Hash | None, status: Status) -> None:
    image_id = bench.add(said)

    bench.hashes.close()

    image = bench.studio.shown(image_id)
    assert (image.status, image.os_hash_algo, image.os_hash_value, image.checksum) == (status, None, None, None)
    assert bench.studio.is_clean()


@pytest.mark.parametrize("said", [SAID, None])
def test_a_deletion_ends_the_reading_at_the_next_look(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, said: Hash | None
) -> None:
    monkeypatch.setattr(location_hashes, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(location_hashes, "_STEP_BYTES", 1)
    image_id = bench.add(said)
    bench.studio.deletions.delete(MEMBER, image_id)
    before = bench.studio.images.show(ADMIN, image_id)

    bench.let_go()

    assert bench.studio.images.show(ADMIN, image_id) == before
    assert bench.studio.is_clean()


def test_the_lease_is_renewed_while_data_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location_hashes, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(location_hashes, "RENEW_EVERY_S", 0.0)
    monkeypatch.setattr(location_hashes, "_STEP_BYTES", len(DATA) // 2)
    renewed: list[str] = []
    keep = location_hashes.uploads.keep
    monkeypatch.setattr(
        location_hashes.uploads,
        "keep",
        lambda connection, row, **said: renewed.append(row) or keep(connection, row, **said),
    )
    bench.add()
    (row,) = bench.studio.rows(tables.uploads)

    bench.let_go()

    assert renewed == [row.id, row.id]


def test_no_more_are_read_at_once_than_may_be_and_none_is_begun_beyond(bench: Bench) -> None:
    bench.add()
    bench.add()
    third = bench.studio.images.create(MEMBER, raw_image()).id

    with pytest.raises(Throttled):
        bench.locations.add_first(MEMBER, third, URL, SAID)

    assert bench.studio.shown(third).status is Status.QUEUED
    bench.let_go()
    bench.locations.add_first(MEMBER, third, URL, SAID)
    bench.let_go()
    assert bench.studio.shown(third).status is Status.ACTIVE


def test_what_goes_wrong_gives_the_place_back(bench: Bench) -> None:
    queued = bench.studio.images.create(MEMBER, raw_image()).id
    for _ in range(3):
        with pytest.raises(Exception, match="No image found"):
            bench.locations.add_first(MEMBER, "none", URL, SAID)
    bench.locations.add_first(MEMBER, queued, URL, SAID)
    bench.let_go()

    assert bench.studio.shown(queued).status is Status.ACTIVE


def test_a_hash_is_not_written_over_another_location(bench: Bench) -> None:
    """The location was taken away, or the hash told by somebody, while its data were read."""
    image_id = bench.add(None)
    with bench.studio.catalogue.writing() as connection:
        image = bench.studio.shown(image_id)
        image.locations = (Location("http://images.example/b", "http"),)
        bench.studio.images.write(connection, image, was=image)

    bench.let_go()

    assert bench.studio.shown(image_id).os_hash_value is None


def test_each_try_waits_longer_than_the_one_before(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location_hashes, "FIRST_PAUSE_S", 0.2)
    bench.origins.broken = 2
    bench.origins.go.set()
    image_id = bench.add()
    began = time.monotonic()

    bench.let_go()

    assert bench.studio.shown(image_id).status is Status.ACTIVE
    assert time.monotonic() - began > 0.2 + 0.4 - 0.1


def test_a_reading_that_fails_is_tried_as_often_as_the_operator_says(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(location_hashes, "FIRST_PAUSE_S", 0.001)
    bench.origins.broken = 3
    bench.origins.go.set()
    image_id = bench.add()
    bench.let_go()
    assert bench.studio.shown(image_id).status is Status.ACTIVE

    bench.origins.broken = 4
    image_id = bench.add()
    bench.let_go()
    assert bench.studio.shown(image_id).status is Status.QUEUED
