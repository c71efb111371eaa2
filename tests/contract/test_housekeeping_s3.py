"""Housekeeping over an S3 server: objects that changed, and multipart uploads that nobody finishes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contents import image_with

from calotype.blobs.opening import open_stores
from calotype.blobs.options import read_stores
from calotype.blobs.stores import BlobStore, Stores
from calotype.catalogue import images, uploads
from calotype.catalogue.engine import Catalogue
from calotype.domain.images import Status, StoredBlob
from calotype.service.housekeeping import Chore, Housekeeping, Task, Verdict
from seaweed import SeaweedFS

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DATA = bytes(range(256)) * 1024


class ADayLater:
    """A store a day from now: whatever has lain in it since before has not changed for a day."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def keys(self, *, unchanged_for_s: float = 0.0) -> Iterator[str]:
        return self._store.keys(unchanged_for_s=max(0.0, unchanged_for_s - 86400))


class House:
    """A catalogue, and a store in a bucket of its own below a prefix."""

    def __init__(self, catalogue: Catalogue, seaweed: SeaweedFS, folder: Path) -> None:
        self.catalogue = catalogue
        self.client = seaweed.client()
        self.bucket = seaweed.new_bucket()
        named = read_stores([f"far={seaweed.url(self.bucket, 'images')}"], folder)
        opened = open_stores(named, is_durable=True)
        self.store = opened.by_name["far"]
        stores = replace(opened, by_name={"far": ADayLater(self.store)})
        self.housekeeping = Housekeeping(catalogue, stores, lambda: NOW)

    def put(self, key: str, data: bytes = DATA) -> None:
        writer = self.store.writer(key)
        writer.write(data)
        writer.commit()

    def image(self, key: str, data: bytes = DATA) -> str:
        moment = NOW - timedelta(days=50)
        self.put(key, data)
        image = image_with(data, moment, id=f"image-{key}")
        with self.catalogue.writing() as connection:
            images.insert_image(connection, image)
            uploads.insert_blob(connection, image.id, StoredBlob("far", key, len(data)), moment)
        return image.id

    def object_of(self, key: str) -> str:
        """The name under which the bucket holds the blob *key*."""
        (name,) = [name for name in self.objects() if name.endswith(key)]
        return name

    def objects(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [one["Key"] for one in listed]

    def unfinished(self) -> list[str]:
        listed = self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return [one["Key"] for one in listed]

    def verdicts(self) -> list[Verdict]:
        return [read.verdict for read in self.housekeeping.scrub() if read.verdict is not None]


@pytest.fixture
def house(catalogue: Catalogue, seaweed: SeaweedFS, tmp_path: Path) -> House:
    return House(catalogue, seaweed, tmp_path)


def test_an_object_with_a_flipped_bit_and_one_that_is_gone_are_marked_and_kept(house: House) -> None:
    for key in ("flipped", "gone", "whole"):
        house.image(key)
    flipped = bytes([DATA[0] ^ 1]) + DATA[1:]
    house.client.put_object(Bucket=house.bucket, Key=house.object_of("flipped"), Body=flipped)
    house.client.delete_object(Bucket=house.bucket, Key=house.object_of("gone"))

    assert sorted(house.verdicts()) == [Verdict.DAMAGED, Verdict.DAMAGED, Verdict.WHOLE]

    assert sorted(blob.key for blob in house.housekeeping.damaged()) == ["flipped", "gone"]
    assert len(house.objects()) == 2


def test_multipart_uploads_that_nothing_names_are_aborted_and_one_under_way_is_not(house: House) -> None:
    house.image("kept")
    house.put("orphan")
    arriving = house.store.writer("arriving")
    lost = house.store.writer("lost")
    for writer in (arriving, lost):
        writer.write(bytes(24 << 20))
    row = uploads.UploadRow(
        id="u",
        image_id="i",
        blob_key="arriving",
        store="far",
        on_failure=Status.KILLED,
        size_declared=None,
        node="here",
    )
    with house.catalogue.writing() as connection:
        uploads.insert_upload(connection, row, lease_s=600)

    chores = sorted(house.housekeeping.orphans(), key=lambda chore: chore.subject)

    assert chores == [Chore(Task.REMOVE_BYTES, "far/lost"), Chore(Task.REMOVE_BYTES, "far/orphan")]
    assert [key.rpartition("/")[2] for key in house.unfinished()] == ["arriving"]
    assert len(house.objects()) == 1
    assert arriving.commit() == 24 << 20


def test_what_was_written_to_within_a_day_is_no_orphan(house: House, tmp_path: Path) -> None:
    house.put("fresh")
    stores = Stores({"far": house.store}, "far")

    assert list(Housekeeping(house.catalogue, stores, lambda: NOW).orphans()) == []


def test_an_object_that_goes_with_its_image_while_it_is_read_is_nothing(house: House) -> None:
    data = DATA * 40  # more than one step
    image_id = house.image("going", data)
    reads = house.housekeeping.scrub()
    next(reads)
    with house.catalogue.writing() as connection:
        uploads.forget_bytes(connection, image_id)
    house.store.delete("going")

    assert [read.verdict for read in reads if read.verdict] == [Verdict.GONE]
    assert house.housekeeping.damaged() == []
