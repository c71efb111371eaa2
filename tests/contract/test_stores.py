"""What every store promises; the words are in src/calotype/blobs/stores.py."""

import os
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from calotype.blobs.local import LocalStore
from calotype.blobs.options import read_stores
from calotype.blobs.s3.store import S3Store
from calotype.blobs.stores import BlobStore, BlobWriter
from calotype.domain.errors import BlobNotFound, Broken
from seaweed import SeaweedFS

MIB = 1 << 20


@pytest.fixture(scope="module")
def bucket(seaweed: SeaweedFS) -> str:
    """The URL of a bucket of this module's."""
    return seaweed.new_bucket()


@pytest.fixture(params=["local", "local, not durable", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty store, each driver in turn."""
    if request.param == "s3":
        seaweed, bucket = request.getfixturevalue("seaweed"), request.getfixturevalue("bucket")
        (named,) = read_stores([f"s3={seaweed.url(bucket, f'a/{uuid4().hex}')}"], tmp_path)
        assert named.place is not None
        return S3Store(named.place)
    return LocalStore(tmp_path / "blobs", is_durable=request.param == "local")


def put(store: BlobStore, key: str, *steps: bytes) -> int:
    writer = store.writer(key)
    for step in steps:
        writer.write(step)
    return writer.commit()


def begun(store: BlobStore, key: str) -> BlobWriter:
    """A writer to whose data so much has come that the store shows it."""
    writer = store.writer(key)
    writer.write(bytes(store.traits.begins_at_bytes))
    return writer


def everything(store: BlobStore, key: str) -> bytes:
    blob = store.open(key)
    try:
        return blob.read(0, blob.size)
    finally:
        blob.close()


def test_a_committed_blob_reads_as_it_was_written(store: BlobStore) -> None:
    steps = [os.urandom(3 * MIB), b"", os.urandom(5)]

    size = put(store, "a", *steps)

    assert size == 3 * MIB + 5
    assert everything(store, "a") == b"".join(steps)


def test_a_blob_may_be_empty(store: BlobStore) -> None:
    assert put(store, "a") == 0

    assert everything(store, "a") == b""


def test_a_blob_cannot_be_read_before_it_is_committed(store: BlobStore) -> None:
    writer = store.writer("a")
    writer.write(b"half of it")

    with pytest.raises(BlobNotFound):
        store.open("a")


@pytest.mark.parametrize("more", [0, 1])
def test_a_cancelled_blob_leaves_nothing(store: BlobStore, more: int) -> None:
    writer = store.writer("a")
    writer.write(bytes(more * store.traits.begins_at_bytes) + b"half of it")

    writer.cancel()

    assert list(store.keys()) == []
    with pytest.raises(BlobNotFound):
        store.open("a")


def test_cancelling_what_was_committed_does_nothing(store: BlobStore) -> None:
    writer = store.writer("a")
    writer.write(b"all of it")
    writer.commit()

    writer.cancel()

    assert everything(store, "a") == b"all of it"


def test_cancelling_twice_is_fine(store: BlobStore) -> None:
    writer = store.writer("a")
    writer.cancel()

    writer.cancel()

    assert list(store.keys()) == []


@pytest.mark.parametrize("end", ["commit", "cancel"])
def test_a_spent_writer_takes_no_more(store: BlobStore, end: str) -> None:
    writer = store.writer("a")
    getattr(writer, end)()

    with pytest.raises(ValueError, match="spent"):
        writer.write(b"more")
    with pytest.raises(ValueError, match="spent"):
        writer.commit()


def test_any_range_inside_a_blob_can_be_read(store: BlobStore) -> None:
    data = os.urandom(2 * MIB + 17)
    put(store, "a", data)
    blob = store.open("a")

    for first, length in [(0, 1), (MIB - 1, 2), (2 * MIB, 17), (5, 0), (2 * MIB + 17, 0), (0, 2 * MIB + 17)]:
        assert blob.read(first, length) == data[first : first + length]
    blob.close()


@pytest.mark.parametrize(("first", "length"), [(0, 11), (10, 1), (11, 0), (-1, 1), (0, -1)])
def test_a_range_outside_a_blob_is_a_mistake(store: BlobStore, first: int, length: int) -> None:
    put(store, "a", b"0123456789")
    blob = store.open("a")

    with pytest.raises(ValueError, match="outside"):
        blob.read(first, length)
    blob.close()


def test_a_real_file_holds_the_bytes_and_no_others(store: BlobStore) -> None:
    put(store, "a", b"0123456789")
    blob = store.open("a")

    file = blob.file()

    assert file is None or file.read() == b"0123456789"
    blob.close()


def test_closing_twice_is_fine(store: BlobStore) -> None:
    put(store, "a", b"x")
    blob = store.open("a")
    blob.close()

    blob.close()


def test_several_threads_may_read_one_blob(store: BlobStore) -> None:
    data = os.urandom(4 * MIB)
    put(store, "a", data)
    blob = store.open("a")
    wrong: list[int] = []

    def read(first: int) -> None:
        wrong.extend(first for _ in range(20) if blob.read(first, MIB) != data[first : first + MIB])

    threads = [threading.Thread(target=read, args=(number * MIB,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    blob.close()


def test_a_deleted_blob_is_gone(store: BlobStore) -> None:
    put(store, "a", b"x")

    store.delete("a")

    assert list(store.keys()) == []
    with pytest.raises(BlobNotFound):
        store.open("a")


def test_an_open_blob_outlives_its_deletion_or_is_broken(store: BlobStore) -> None:
    put(store, "a", b"0123456789")
    blob = store.open("a")

    store.delete("a")

    if store.traits.keeps_what_is_open:
        assert blob.read(0, 10) == b"0123456789"
    else:
        with pytest.raises(Broken):
            blob.read(0, 10)
    blob.close()


def test_deleting_what_is_absent_is_fine(store: BlobStore) -> None:
    store.delete("never-written")


def test_a_blob_deleted_while_it_is_written_cannot_be_committed(store: BlobStore) -> None:
    writer = begun(store, "a")
    writer.write(b"x")
    store.delete("a")

    with pytest.raises(BlobNotFound):
        writer.commit()

    assert list(store.keys()) == []


def test_keys_names_everything_that_takes_room_once(store: BlobStore) -> None:
    for key in ("a", "ab", "abc", "ABC", "a-_9", "f" * 128):
        put(store, key, b"x")
    unfinished = begun(store, "unfinished")

    assert sorted(store.keys()) == sorted(["a", "ab", "abc", "ABC", "a-_9", "f" * 128, "unfinished"])
    unfinished.cancel()


def test_keys_that_changed_lately_can_be_left_out(store: BlobStore) -> None:
    put(store, "a", b"x")
    unfinished = begun(store, "unfinished")

    assert list(store.keys(unchanged_for_s=3600)) == []
    unfinished.cancel()


def test_blobs_do_not_touch_each_other(store: BlobStore) -> None:
    put(store, "a", b"one")
    put(store, "ab", b"two")

    store.delete("a")

    assert everything(store, "ab") == b"two"


@pytest.mark.parametrize("text", ["", "..", "a/b", "../a", "a.b", "a.part", "ä", "a\n", "f" * 129, "/etc/passwd"])
def test_no_text_but_a_key_reaches_anything(store: BlobStore, text: str) -> None:
    with pytest.raises(BlobNotFound):
        store.open(text)
    with pytest.raises(ValueError, match="not a key"):
        store.writer(text)
    with pytest.raises(ValueError, match="not a key"):
        store.delete(text)


def test_a_blob_of_many_steps_is_read_back_step_by_step(store: BlobStore) -> None:
    data = os.urandom(20 * MIB + 3)
    size = put(store, "a", *(data[first : first + MIB] for first in range(0, len(data), MIB)))
    blob = store.open("a")

    assert size == blob.size == len(data)
    read = b"".join(blob.read(first, min(MIB, size - first)) for first in range(0, size, MIB))
    assert read == data
    blob.close()


def test_a_store_that_answers_passes_its_check(store: BlobStore) -> None:
    store.check()
