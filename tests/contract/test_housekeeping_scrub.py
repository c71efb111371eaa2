"""Bytes at rest are read again, and what differs is marked, on every database. Source: docs/design/0014-housekeeping.md, "Scrub"."""

import hashlib
import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from contents import image_with
from sqlalchemy import select, update

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Blob, Stores
from calotype.catalogue import images, tables, uploads
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.errors import Broken
from calotype.domain.images import Image, Status, StoredBlob
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.downloads import Downloads
from calotype.service.housekeeping import Housekeeping, Verdict
from calotype.service.options import HousekeepingOptions

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = Caller("user", "project", frozenset({"member"}))
DATA = bytes(range(256)) * 20000  # more than one step


class House:
    """A catalogue and two stores, what keeps them, and a clock that goes when it is told to."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self.catalogue = catalogue
        self.folder = folder
        self.stores = Stores({name: LocalStore(folder / name, is_durable=False) for name in "ab"}, default="a")
        self.now = BEGINNING + timedelta(days=100)
        self.away: set[str] = set()
        self.housekeeping = Housekeeping(
            catalogue, self.stores, lambda: self.now, options=HousekeepingOptions(scrub_every_days=30)
        )
        self.downloads = Downloads(catalogue, self.stores, Rules(DEFAULT_RULES))

    def image(self, *stores: str, data: bytes = DATA, seen_days_ago: float = 50, **telling: Any) -> str:
        """The id of an active image with *data* in each of these stores, which came so many days ago."""
        moment = self.now - timedelta(days=seen_days_ago)
        image = image_with(data, moment, **{"id": str(uuid4()), "owner": "project"} | telling)
        with self.catalogue.writing() as connection:
            images.insert_image(connection, image)
            for store in stores:
                key = f"{store}{image.id}"
                self.put(store, key, data)
                uploads.insert_blob(connection, image.id, StoredBlob(store, key, len(data)), moment)
        return image.id

    def put(self, store: str, key: str, data: bytes) -> None:
        writer = self.stores.by_name[store].writer(key)
        writer.write(data)
        writer.commit()

    def file(self, store: str, image_id: str) -> Path:
        (path,) = (self.folder / store).rglob(f"{store}{image_id}")
        return path

    def flip_a_bit(self, store: str, image_id: str) -> None:
        path = self.file(store, image_id)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

    def scrub(self) -> list[Verdict]:
        reads = self.housekeeping.scrub(self.away)
        return [read.verdict for read in reads if read.verdict is not None]

    def go_on(self, days: float) -> None:
        self.now += timedelta(days=days)

    def damaged(self) -> list[tuple[str, str]]:
        return [(blob.store, blob.image_id) for blob in self.housekeeping.damaged()]

    def row(self, image_id: str) -> Any:
        with self.catalogue.reading() as connection:
            return connection.execute(select(tables.images).where(tables.images.c.id == image_id)).one()

    def downloaded(self, image_id: str) -> bytes:
        return everything(self.downloads.open(OWNER, image_id)[1])


def everything(blob: Blob) -> bytes:
    try:
        return blob.read(0, blob.size)
    finally:
        blob.close()


@pytest.fixture
def house(catalogue: Catalogue, tmp_path: Path) -> House:
    return House(catalogue, tmp_path / "stores")


def test_what_is_as_it_was_is_read_once_in_its_time(house: House) -> None:
    house.image("a", "b")

    assert house.scrub() == [Verdict.WHOLE] * 2
    assert house.scrub() == []
    house.go_on(31)
    assert house.scrub() == [Verdict.WHOLE] * 2
    assert house.damaged() == []


def test_all_bytes_are_read_and_no_more(house: House) -> None:
    house.image("a", data=DATA)
    house.image("b", data=b"")

    assert sum(read.size_bytes for read in house.housekeeping.scrub()) == len(DATA)


def test_what_came_lately_is_not_due(house: House) -> None:
    house.image("a", seen_days_ago=29)

    assert house.scrub() == []
    assert [read.verdict for read in house.housekeeping.scrub(all_of_them=True) if read.verdict] == [Verdict.WHOLE]


def test_a_flipped_bit_is_marked_and_told_once_and_nothing_else_is_done(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    image_id = house.image("a")
    house.flip_a_bit("a", image_id)
    before, size = house.row(image_id), house.file("a", image_id).stat().st_size

    assert house.scrub() == [Verdict.DAMAGED]
    house.go_on(2)
    assert house.scrub() == [Verdict.DAMAGED]

    (blob,) = house.housekeeping.damaged()
    assert (blob.image_id, blob.owner, blob.store, blob.size_bytes) == (image_id, "project", "a", size)
    assert blob.damaged_at == house.now - timedelta(days=2)
    assert blob.verified_at == house.now
    assert house.row(image_id) == before
    assert house.file("a", image_id).stat().st_size == size
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    for named in (image_id, "store a", f"a{image_id}", "md5 and sha512"):
        assert named in error.getMessage()


def test_a_file_that_is_cut_off_and_one_that_is_gone_are_damaged(house: House) -> None:
    cut, gone, _ = house.image("a"), house.image("a"), house.image("a")
    with house.file("a", cut).open("r+b") as file:
        file.truncate(10)
    house.file("a", gone).unlink()

    assert sorted(house.scrub()) == [Verdict.DAMAGED, Verdict.DAMAGED, Verdict.WHOLE]
    assert sorted(house.damaged()) == sorted([("a", cut), ("a", gone)])


def test_a_damaged_blob_is_read_again_in_a_day_and_unmarked_if_it_is_whole(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    image_id = house.image("a")
    house.flip_a_bit("a", image_id)
    house.scrub()
    house.flip_a_bit("a", image_id)
    assert house.scrub() == []
    house.go_on(1.1)

    assert house.scrub() == [Verdict.WHOLE]
    assert house.damaged() == []
    assert "is whole again" in caplog.text


def test_the_blob_seen_longest_ago_comes_first_whatever_its_store(house: House) -> None:
    for store, ago in zip("abab", (40, 60, 50, 70), strict=True):
        house.image(store, data=bytes(ago), seen_days_ago=ago)

    assert [read.size_bytes for read in house.housekeeping.scrub() if not read.verdict] == [70, 60, 50, 40]


def test_two_digests_of_which_one_is_known_are_enough(house: House) -> None:
    whole = house.image("a", checksum=None)
    other = house.image("a", checksum=None, os_hash_algo="SHA256", os_hash_value="00" * 32)

    assert sorted(house.scrub()) == [Verdict.DAMAGED, Verdict.WHOLE]
    assert house.damaged() == [("a", other)]
    assert whole != other


@pytest.mark.parametrize("algorithm", [None, "shake_256", "ours"])
def test_where_no_digest_is_known_the_length_is_compared(house: House, algorithm: str | None) -> None:
    unknown = {"checksum": None, "os_hash_algo": algorithm, "os_hash_value": "00" if algorithm else None}
    whole, cut = house.image("a", **unknown), house.image("a", **unknown)
    house.flip_a_bit("a", whole)
    house.file("a", cut).write_bytes(b"short")

    reads = list(house.housekeeping.scrub())

    assert sum(read.size_bytes for read in reads) == 0
    assert house.damaged() == [("a", cut)]


def test_a_digest_in_capitals_is_the_same(house: House) -> None:
    data = b"data"
    house.image("a", data=data, checksum=hashlib.md5(data, usedforsecurity=False).hexdigest().upper())

    assert house.scrub() == [Verdict.WHOLE]


def test_a_blob_that_goes_while_it_is_read_is_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    image_id = house.image("a")
    house.flip_a_bit("a", image_id)
    reads = house.housekeeping.scrub()
    next(reads)
    with house.catalogue.writing() as connection:
        uploads.forget_bytes(connection, image_id)
    house.file("a", image_id).unlink()

    assert [read.verdict for read in reads if read.verdict] == [Verdict.GONE]
    assert "Damaged" not in caplog.text


def test_an_image_that_says_something_else_meanwhile_is_not_judged_by_what_it_said(house: House) -> None:
    image_id = house.image("a", checksum="0" * 32)
    reads = house.housekeeping.scrub()
    next(reads)
    right = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    with house.catalogue.writing() as connection:
        connection.execute(update(tables.images).where(tables.images.c.id == image_id).values(checksum=right))

    assert [read.verdict for read in reads if read.verdict] == [Verdict.GONE]
    assert house.scrub() == [Verdict.WHOLE]


def test_it_goes_on_where_it_was_broken_off(house: House) -> None:
    for ago in (90, 80, 70, 60):
        house.image("a", data=b"x", seen_days_ago=ago)
    # Marks are made together; a damaged one alone: here the second.
    with house.catalogue.reading() as connection:
        second = connection.execute(select(tables.blobs).order_by(tables.blobs.c.created_at)).all()[1]
    house.flip_a_bit("a", second.image_id)
    reads = house.housekeeping.scrub()
    verdicts: list[Verdict] = []
    while Verdict.DAMAGED not in verdicts:
        verdicts += [read.verdict for read in [next(reads)] if read.verdict]
    reads.close()

    assert verdicts == [Verdict.WHOLE, Verdict.DAMAGED]
    assert house.scrub() == [Verdict.WHOLE] * 3


def test_a_store_that_is_away_is_passed_over_and_named_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        house.image("a", "b", data=b"x")
    shutil.rmtree(house.folder / "a")

    first = house.scrub()
    second = house.scrub()

    assert (first.count(Verdict.WHOLE), first.count(Verdict.UNREAD)) == (5, 3)
    assert set(second) == {Verdict.UNREAD}
    assert house.damaged() == []
    assert caplog.text.count("Blobs of store a are not verified") == 1


def test_an_empty_folder_is_taken_for_a_disk_that_is_not_there(house: House) -> None:
    for _ in range(5):
        house.image("a", data=b"x")
    shutil.rmtree(house.folder / "a")
    (house.folder / "a").mkdir()

    assert set(house.scrub()) == {Verdict.UNREAD}
    assert house.damaged() == []


def test_a_store_that_is_back_is_read_on(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.image("a", data=b"x")
    (house.folder / "a").rename(house.folder / "elsewhere")
    house.scrub()
    (house.folder / "elsewhere").rename(house.folder / "a")

    assert house.scrub() == [Verdict.WHOLE]
    assert "Blobs of store a can be read again" in caplog.text


class OneUnreadable(LocalStore):
    """A store on a disk with one bad sector."""

    bad_key = ""

    def open(self, key: str) -> Blob:
        if key == self.bad_key:
            raise Broken("The store cannot be used at the moment.")
        return super().open(key)


def test_a_blob_that_cannot_be_read_while_others_can_is_damaged(house: House) -> None:
    bad = house.image("a", data=b"x", seen_days_ago=90)
    house.image("a", data=b"x")
    store = OneUnreadable(house.folder / "a", is_durable=False)
    store.bad_key = f"a{bad}"
    house.housekeeping = Housekeeping(house.catalogue, Stores({"a": store}, "a"), lambda: house.now)

    assert house.scrub() == [Verdict.UNREAD, Verdict.WHOLE, Verdict.DAMAGED]
    assert house.damaged() == [("a", bad)]


def test_more_blobs_than_one_statement_gives_are_read(house: House) -> None:
    with house.catalogue.writing() as connection:
        for number in range(250):
            key = f"key{number}"
            moment = house.now - timedelta(days=40 + number % 3)
            image = Image(id=key, size_bytes=1, status=Status.ACTIVE, created_at=moment, updated_at=moment)
            images.insert_image(connection, image)
            house.put("a", key, b"x")
            uploads.insert_blob(connection, key, StoredBlob("a", key, 1), moment)

    assert house.scrub() == [Verdict.WHOLE] * 250
    assert house.scrub() == []


def test_an_upload_under_way_is_not_touched(house: House) -> None:
    writer = house.stores.by_name["a"].writer("arriving")
    writer.write(b"half")

    assert house.scrub() == []
    assert writer.commit() == 4


def test_a_download_takes_the_copy_that_is_not_damaged(house: House) -> None:
    image_id = house.image("a", "b")
    house.flip_a_bit("a", image_id)
    assert house.downloaded(image_id) != DATA

    house.scrub()

    assert house.downloaded(image_id) == DATA
    assert everything(house.downloads.open(OWNER, image_id, prefer=["a"])[1]) == DATA


def test_a_damaged_copy_is_given_where_there_is_no_other(house: House) -> None:
    image_id = house.image("a", "b")
    house.flip_a_bit("a", image_id)
    house.scrub()
    house.file("b", image_id).unlink()

    assert len(house.downloaded(image_id)) == len(DATA)


def test_reading_keeps_to_its_rate(house: House) -> None:
    """4 MiB and the least that a blob counts, at 16 MiB a second."""
    house.image("a", data=bytes(4 << 20))
    waited: list[float] = []
    paced = Housekeeping(house.catalogue, house.stores, lambda: house.now, wait=waited.append)

    list(paced.scrub())

    assert waited[0] == pytest.approx(0.25 / 16, abs=0.005)
    assert max(waited) == pytest.approx(4.25 / 16, abs=0.1)
