"""Changes, uploads, deletions and housekeeping of one image at once, on every database: somebody wins, and everybody learns who."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Stores
from calotype.catalogue import images as statements
from calotype.catalogue import tables, uploads
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.uploads import UploadRow
from calotype.domain.callers import Caller
from calotype.domain.errors import CalotypeError, Conflict, ImageGone, ImageNotFound, Refused
from calotype.domain.images import Image, Status, StoredBlob
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.changes import Change
from calotype.service.deletions import Deletions
from calotype.service.housekeeping import Housekeeping
from calotype.service.images import Images, NewImage
from calotype.service.options import ServiceOptions
from calotype.service.upload import Declared, Upload
from calotype.service.uploads import Uploads

OWNER = Caller("user", "mine", frozenset({"member"}))
ADMIN = Caller("admin", "admins", frozenset({"admin"}))

#: Races of two are run so often; each takes a few milliseconds.
ROUNDS = 15


class House:
    """The use cases over one catalogue and one folder."""

    def __init__(self, catalogue: Catalogue, folder: Path, threads: ThreadPoolExecutor) -> None:
        rules, options = Rules(DEFAULT_RULES), ServiceOptions()
        stores = Stores({"local": LocalStore(folder, is_durable=False)}, default="local")
        self.catalogue = catalogue
        self.folder = folder
        self.images = Images(catalogue, rules, options, now)
        self.uploads = Uploads(catalogue, stores, self.images, rules, options, now, node="here", threads=threads)
        self.deletions = Deletions(catalogue, stores, rules, now)
        self.housekeeping = Housekeeping(catalogue, stores, now)

    def queued(self) -> str:
        new = NewImage(owner="mine", disk_format="raw", container_format="bare", properties={"os": "debian"})
        return self.images.create(OWNER, new).id

    def begin(self, image_id: str, change: Change | None = None) -> Upload:
        return self.uploads.begin(OWNER, image_id, Declared(), on_failure=Status.KILLED, change=change)

    def lapsed(self) -> Upload:
        """An upload with a byte, whose lease ran out."""
        upload = self.begin(self.queued())
        upload.write(b"x")
        with self.catalogue.writing() as connection:
            connection.execute(update(tables.uploads).values(lease_until=0))
        return upload

    def keep(self) -> None:
        list(self.housekeeping.uploads())

    def shown(self, image_id: str) -> Image:
        return self.images.show(ADMIN, image_id)

    def rows(self, table: Any) -> list[Any]:
        with self.catalogue.reading() as connection:
            return list(connection.execute(select(table)))

    def is_clean(self) -> bool:
        """True if nothing is left of any data: no row, no bytes."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return not (self.rows(tables.uploads) or self.rows(tables.blobs) or files)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def house(catalogue: Catalogue, tmp_path: Path) -> Iterator[House]:
    with ThreadPoolExecutor(2) as threads:
        yield House(catalogue, tmp_path / "blobs", threads)


Outcome = type[CalotypeError] | None
"""What a use case raised; None if it ended well."""


def at_once(*uses: Callable[[], object]) -> list[Outcome]:
    """The outcome of each of *uses*, begun at the same moment."""
    barrier = threading.Barrier(len(uses))

    def run(use: Callable[[], object]) -> Outcome:
        barrier.wait()
        try:
            use()
        except CalotypeError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(len(uses)) as threads:
        return list(threads.map(run, uses))


def test_a_change_is_stored_whole(house: House) -> None:
    image_id = house.queued()

    changed = house.images.update(OWNER, image_id, Change(name="new", properties={"arch": "arm"}), purge=True)

    assert house.shown(image_id) == changed
    assert [row[:2] for row in house.rows(tables.image_properties)] == [("arch", "arm")]


def test_a_deletion_leaves_the_tombstone_alone(house: House) -> None:
    upload = house.begin(image_id := house.queued())
    upload.write(b"data")
    upload.finish()

    house.deletions.delete(OWNER, image_id)

    tombstone = house.shown(image_id)
    assert (tombstone.status, tombstone.deleted_at) == (Status.DELETED, tombstone.updated_at)
    assert house.rows(tables.image_properties) == []
    assert house.is_clean()


def test_a_tombstone_is_made_of_the_image_as_it_was_read_or_not_at_all(house: House) -> None:
    read = house.shown(house.queued())
    house.images.update(OWNER, read.id, Change(name="faster"), purge=False)

    with house.catalogue.writing() as connection:
        assert not statements.mark_deleted(connection, read, now())
        assert statements.get(connection, read.id) == house.shown(read.id)


def test_forgotten_bytes_are_those_of_the_image_alone(house: House) -> None:
    moment = now()
    with house.catalogue.writing() as connection:
        for image_id in ("i1", "i2"):
            uploads.insert_blob(connection, image_id, StoredBlob("local", f"held-{image_id}", 7), moment)
        row = {"blob_key": "arriving-i1", "store": "other", "on_failure": Status.KILLED, "node": "here"}
        uploads.insert_upload(connection, UploadRow(id="u1", image_id="i1", size_declared=None, **row), lease_s=60)

        forgotten = uploads.forget_bytes(connection, "i1")

    assert {(blob.store, blob.key) for blob in forgotten} == {("local", "held-i1"), ("other", "arriving-i1")}
    assert [row.key for row in house.rows(tables.blobs)] == ["held-i2"]
    assert house.rows(tables.uploads) == []


def test_of_eight_uploads_at_once_one_begins_and_the_others_are_conflicts(house: House) -> None:
    image_id = house.queued()
    begun: list[str] = []

    def upload(name: str) -> None:
        sink = house.begin(image_id, Change(name=name, properties={name: "1"}))
        begun.append(name)
        sink.write(name.encode())
        sink.finish()

    outcomes = at_once(*(lambda name=f"name-{number}": upload(name) for number in range(8)))

    (winner,) = begun
    image = house.shown(image_id)
    assert outcomes.count(None) == 1
    assert all(issubclass(outcome, Conflict) for outcome in outcomes if outcome is not None)
    assert (image.status, image.name, image.size_bytes) == (Status.ACTIVE, winner, len(winner))
    assert image.properties == {"os": "debian", winner: "1"}


def test_an_upload_that_ends_before_the_deletion_was_active_and_is_deleted(house: House) -> None:
    upload = house.begin(image_id := house.queued())
    upload.write(b"data")

    assert upload.finish().status is Status.ACTIVE
    house.deletions.delete(OWNER, image_id)

    assert house.shown(image_id).status is Status.DELETED
    assert house.is_clean()


def test_an_upload_that_ends_after_the_deletion_is_gone_and_leaves_nothing(house: House) -> None:
    upload = house.begin(image_id := house.queued())
    upload.write(b"data")

    house.deletions.delete(OWNER, image_id)
    with pytest.raises(ImageGone):
        upload.finish()

    assert house.shown(image_id).status is Status.DELETED
    assert house.is_clean()


def test_the_end_of_an_upload_and_a_deletion_at_once_leave_a_tombstone_and_no_bytes(house: House) -> None:
    for _ in range(ROUNDS):
        upload = house.begin(image_id := house.queued())
        upload.write(b"data")

        finished, deleted = at_once(upload.finish, lambda image_id=image_id: house.deletions.delete(OWNER, image_id))

        assert finished in (None, ImageGone)
        assert deleted is None
        assert house.shown(image_id).status is Status.DELETED
        assert house.is_clean()


def test_the_begin_of_an_upload_and_a_deletion_at_once_leave_a_tombstone_and_no_bytes(house: House) -> None:
    for _ in range(ROUNDS):
        image_id = house.queued()

        def upload(image_id: str = image_id) -> None:
            house.begin(image_id).finish()

        begun, deleted = at_once(upload, lambda image_id=image_id: house.deletions.delete(OWNER, image_id))

        assert begun in (None, ImageGone, ImageNotFound)
        assert deleted is None
        assert house.shown(image_id).status is Status.DELETED
        assert house.is_clean()


def test_a_change_and_a_deletion_at_once_leave_a_tombstone_with_the_change_or_without(house: House) -> None:
    for _ in range(ROUNDS):
        image_id = house.queued()

        def change(image_id: str = image_id) -> None:
            house.images.update(OWNER, image_id, Change(name="new", properties={"os": "alpine"}), purge=True)

        changed, deleted = at_once(change, lambda image_id=image_id: house.deletions.delete(OWNER, image_id))

        assert changed in (None, ImageNotFound)
        assert deleted is None
        tombstone = house.shown(image_id)
        assert tombstone.status is Status.DELETED
        assert tombstone.name == ("new" if changed is None else None)
        assert house.rows(tables.image_properties) == []


def test_of_deletions_at_once_one_deletes_and_the_others_find_nothing(house: House) -> None:
    upload = house.begin(image_id := house.queued())
    upload.write(b"data")
    upload.finish()

    outcomes = at_once(
        *(lambda caller=caller: house.deletions.delete(caller, image_id) for caller in (OWNER, ADMIN) * 3)
    )

    assert outcomes.count(None) == 1
    assert outcomes.count(ImageNotFound) == 5
    assert house.is_clean()


def test_an_admins_change_of_a_deleted_image_is_refused(house: House) -> None:
    house.deletions.delete(OWNER, image_id := house.queued())
    tombstone = house.shown(image_id)

    with pytest.raises(Refused):
        house.images.update(ADMIN, image_id, Change(name="new"), purge=False)

    assert house.shown(image_id) == tombstone


def test_the_end_of_an_upload_and_housekeeping_at_once_leave_it_active_or_killed(house: House) -> None:
    for _ in range(ROUNDS):
        upload = house.lapsed()

        finished, kept = at_once(upload.finish, house.keep)

        assert kept is None
        image = house.shown(upload.image_id)
        assert (finished, image.status) in [(None, Status.ACTIVE), (Conflict, Status.KILLED)]
        if finished is None:
            (blob,) = house.rows(tables.blobs)
            assert [path.name for path in house.folder.rglob("*") if path.is_file()] == [blob.key]
        house.deletions.delete(OWNER, upload.image_id)
        assert house.is_clean()


def test_a_deletion_and_housekeeping_at_once_leave_a_tombstone_and_no_bytes(house: House) -> None:
    for _ in range(ROUNDS):
        upload = house.lapsed()

        outcomes = at_once(lambda upload=upload: house.deletions.delete(OWNER, upload.image_id), house.keep)

        assert outcomes == [None, None]
        assert house.shown(upload.image_id).status is Status.DELETED
        assert house.is_clean()
        upload.give_up("end of the test")


def test_housekeepers_at_once_end_an_upload_once(house: House) -> None:
    for _ in range(ROUNDS):
        upload = house.lapsed()
        chores: list[object] = []

        outcomes = at_once(*[lambda chores=chores: chores.extend(house.housekeeping.uploads())] * 3)

        assert (outcomes, len(chores)) == ([None] * 3, 1)
        assert house.shown(upload.image_id).status is Status.KILLED
        assert house.is_clean()
        assert {row.kind: row.value for row in house.rows(tables.usage)}.get("bytes") == 0
        upload.give_up("end of the test")
