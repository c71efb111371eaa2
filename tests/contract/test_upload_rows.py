"""The rows of uploads and blobs, on every database."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from calotype.catalogue import images, tables, uploads
from calotype.catalogue.clock import DatabaseNow
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.times import to_micros
from calotype.catalogue.uploads import UploadRow
from calotype.domain.errors import Conflict
from calotype.domain.images import Image, Location, Status, StoredBlob

MINUTE = 60_000_000


def a_row(**telling: Any) -> UploadRow:
    plain = {
        "id": "u1",
        "image_id": "i1",
        "blob_key": "k1",
        "store": "local",
        "on_failure": Status.KILLED,
        "size_declared": None,
        "node": "here",
    }
    return UploadRow(**{**plain, **telling})


def insert(catalogue: Catalogue, *rows: UploadRow) -> None:
    with catalogue.writing() as connection:
        for row in rows:
            uploads.insert_upload(connection, row, lease_s=60)


def the_row(catalogue: Catalogue) -> Any:
    with catalogue.reading() as connection:
        return connection.execute(select(tables.uploads)).one()


def test_the_database_knows_the_time_in_microseconds(catalogue: Catalogue) -> None:
    before = to_micros(datetime.now(UTC))
    with catalogue.reading() as connection:
        now = connection.execute(select(DatabaseNow())).scalar_one()
    after = to_micros(datetime.now(UTC))

    # SQLite's clock has milliseconds.
    assert before - 1000 <= now <= after + 1000


def test_a_lease_runs_by_the_clock_of_the_database(catalogue: Catalogue) -> None:
    before = to_micros(datetime.now(UTC))
    insert(catalogue, a_row(size_declared=2**62, on_failure=Status.QUEUED))
    row = the_row(catalogue)

    assert before - 1000 <= row.lease_until - MINUTE <= to_micros(datetime.now(UTC)) + 1000
    assert (row.bytes_done, row.size_declared, row.on_failure) == (0, 2**62, "queued")


def test_an_image_has_one_upload_at_a_time(catalogue: Catalogue) -> None:
    insert(catalogue, a_row(id="u1"))

    with pytest.raises(Conflict):
        insert(catalogue, a_row(id="u2"))


def test_keeping_renews_the_lease_and_notes_the_bytes(catalogue: Catalogue) -> None:
    insert(catalogue, a_row())
    with catalogue.writing() as connection:
        assert uploads.keep(connection, "u1", bytes_done=2**40, lease_s=600)

    row = the_row(catalogue)
    assert row.bytes_done == 2**40
    assert row.lease_until > to_micros(datetime.now(UTC)) + 9 * MINUTE


def test_what_is_gone_can_be_neither_kept_nor_ended(catalogue: Catalogue) -> None:
    insert(catalogue, a_row())
    with catalogue.writing() as connection:
        assert uploads.delete_upload(connection, "u1") == 0
        assert uploads.delete_upload(connection, "u1") is None
        assert not uploads.keep(connection, "u1", bytes_done=1, lease_s=60)


def test_the_blobs_of_an_image_come_oldest_first(catalogue: Catalogue) -> None:
    new, old = StoredBlob("local", "a", 7), StoredBlob("other", "b", 7)
    with catalogue.writing() as connection:
        uploads.insert_blob(connection, "i1", new, datetime(2026, 2, 1, tzinfo=UTC))
        uploads.insert_blob(connection, "i1", old, datetime(2026, 1, 1, tzinfo=UTC))
        uploads.insert_blob(connection, "i2", StoredBlob("local", "c", 2**62), datetime(2026, 1, 1, tzinfo=UTC))

    with catalogue.reading() as connection:
        assert uploads.find_blobs(connection, "i1") == [old, new]
        assert uploads.find_blobs(connection, "i2") == [StoredBlob("local", "c", 2**62)]
        assert uploads.find_blobs(connection, "i3") == []


FOUND: dict[str, Any] = {
    "size_bytes": 4,
    "virtual_size_bytes": 2**40,
    "checksum": "c",
    "os_hash_algo": "sha512",
    "os_hash_value": "v",
    "now": datetime(2026, 3, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("telling", [{}, {"id": "other"}, {"image_id": "other"}])
def test_only_the_upload_that_holds_an_image_makes_it_active(
    catalogue: Catalogue, an_image: Callable[..., Image], telling: dict[str, str]
) -> None:
    image = an_image(id="i1", status=Status.SAVING)
    with catalogue.writing() as connection:
        images.insert_image(connection, image)
        uploads.insert_upload(connection, a_row(**telling), lease_s=60)
        is_ours = images.mark_active(connection, "i1", "u1", **FOUND)
        after = images.get(connection, "i1")

    assert is_ours is (telling == {})
    assert after is not None
    assert after.status is (Status.ACTIVE if is_ours else Status.SAVING)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.ACTIVE, Status.KILLED, Status.DELETED])
def test_an_image_that_is_not_saving_is_neither_made_active_nor_failed(
    catalogue: Catalogue, an_image: Callable[..., Image], status: Status
) -> None:
    with catalogue.writing() as connection:
        images.insert_image(connection, an_image(id="i1", status=status))
        uploads.insert_upload(connection, a_row(), lease_s=60)

        assert not images.mark_active(connection, "i1", "u1", **FOUND)
        assert not images.mark_failed(connection, "i1", "u1", status=Status.KILLED, now=FOUND["now"])


def let_lapse(catalogue: Catalogue, *upload_ids: str) -> None:
    with catalogue.writing() as connection:
        statement = update(tables.uploads).where(tables.uploads.c.id.in_(upload_ids))
        connection.execute(statement.values(lease_until=DatabaseNow() - MINUTE))


def test_only_uploads_whose_lease_ran_out_are_lapsed(catalogue: Catalogue) -> None:
    insert(catalogue, a_row(), a_row(id="u2", image_id="i2", blob_key="k2", on_failure=Status.QUEUED))
    let_lapse(catalogue, "u2")

    with catalogue.writing() as connection:
        (lapsed,) = uploads.select_lapsed(connection)
        held = uploads.hold_lapsed(connection, "u2")
        alive = uploads.hold_lapsed(connection, "u1")

    expected = ("u2", "i2", "k2", "local", Status.QUEUED)
    assert (lapsed.id, lapsed.image_id, lapsed.blob_key, lapsed.store, lapsed.on_failure) == expected
    assert (held, alive) == (lapsed, None)


def test_an_upload_that_is_renewed_has_not_lapsed(catalogue: Catalogue) -> None:
    insert(catalogue, a_row())
    let_lapse(catalogue, "u1")
    with catalogue.writing() as connection:
        assert uploads.keep(connection, "u1", bytes_done=0, lease_s=60)

        assert uploads.hold_lapsed(connection, "u1") is None
        assert uploads.select_lapsed(connection) == []


def test_a_key_is_named_by_a_blob_or_by_an_upload(catalogue: Catalogue) -> None:
    insert(catalogue, a_row(blob_key="arriving"))
    with catalogue.writing() as connection:
        uploads.insert_blob(connection, "i2", StoredBlob("local", "kept", 1), datetime(2026, 1, 1, tzinfo=UTC))

    with catalogue.reading() as connection:
        assert uploads.select_named(connection, ["arriving", "kept", "lost"]) == {"arriving", "kept"}


@pytest.mark.parametrize("status", [Status.SAVING, Status.IMPORTING])
def test_an_image_that_waits_for_data_elsewhere_is_in_the_hands_of_a_row_too(
    catalogue: Catalogue, an_image: Callable[..., Image], status: Status
) -> None:
    with catalogue.writing() as connection:
        for name in ("1", "2", "3"):
            images.insert_image(connection, an_image(id=f"i{name}", status=status))
        for name in ("1", "2"):
            uploads.insert_upload(connection, a_row(id=f"u{name}", image_id=f"i{name}", store="http"), lease_s=60)
        assert images.mark_active(connection, "i1", "u1", **FOUND)
        assert images.mark_failed(connection, "i2", "u2", status=Status.QUEUED, now=FOUND["now"])
        assert not images.mark_failed(connection, "i3", "u3", status=Status.QUEUED, now=FOUND["now"])
        now_is = {name: images.get(connection, f"i{name}") for name in ("1", "2", "3")}

    assert [image.status for image in now_is.values() if image] == [Status.ACTIVE, Status.QUEUED, status]


def test_a_location_comes_back_as_it_was(catalogue: Catalogue, an_image: Callable[..., Image]) -> None:
    metadata = {"a": {"b": [1, None, True, "ü"]}, "": 0.5}
    places = (Location("http://images.example/ü#1", "http", metadata), Location("http://images.example/", None))
    with catalogue.writing() as connection:
        images.insert_image(connection, an_image(id="i1", locations=places))

    with catalogue.reading() as connection:
        image = images.get(connection, "i1")

    assert image is not None
    assert image.locations == places
