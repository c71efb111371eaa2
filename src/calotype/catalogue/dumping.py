"""The catalogue as lines of a catalogue file, page by page in the order of ids."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Connection, Row, select

from calotype.catalogue import member_rows
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.records import Entry, write_entry
from calotype.catalogue.rows import STORED, to_image
from calotype.catalogue.tables import blobs, image_members, images, uploads
from calotype.domain.images import Image, Status, StoredBlob

#: Images a transaction reads; some milliseconds, so that a dump holds up nobody and SQLite's log is not kept from shrinking.
_PAGE = 500


def dump(catalogue: Catalogue) -> Iterator[bytes]:
    """A line an image, tombstones included, each as it was when its page was read; what changes meanwhile may be missing."""
    last_id = ""
    while True:
        with catalogue.reading() as connection:
            entries = select_entries(connection, last_id, _PAGE)
        if not entries:
            return
        for entry in entries:
            yield write_entry(entry)
        last_id = entries[-1].image.id


def select_entries(connection: Connection, after_id: str, limit: int) -> list[Entry]:
    """The first *limit* images behind *after_id* in the order of ids, with what belongs to them. Four statements."""
    of_page = (
        select(*(images.c[name] for name in STORED)).where(images.c.id > after_id).order_by(images.c.id).limit(limit)
    )
    found = [to_image(row) for row in connection.execute(of_page)]
    if not found:
        return []
    between = (found[0].id, found[-1].id)
    members = _by_image(_select_between(connection, image_members.c.image_id, between, *member_rows.STORED))
    kept = _by_image(_select_between(connection, blobs.c.image_id, between, "store", "key", "size_bytes"))
    arriving = _by_image(_select_between(connection, uploads.c.image_id, between, "on_failure"))
    return [
        Entry(
            _at_rest(image, arriving.get(image.id, [])),
            tuple(member_rows.to_member(row) for row in sorted(members.get(image.id, []))),
            tuple(StoredBlob(*row) for row in sorted(kept.get(image.id, []))),
        )
        for image in found
    ]


def _select_between(
    connection: Connection, image_id: Column[str], between: tuple[str, str], *names: str
) -> Sequence[Row[Any]]:
    columns = (image_id, *(image_id.table.c[name] for name in names))
    statement = select(*columns).where(image_id >= between[0], image_id <= between[1])
    return connection.execute(statement).all()


def _by_image(rows: Sequence[Row[Any]]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(tuple(row[1:]))
    return found


def _at_rest(image: Image, uploads_of_it: list[tuple[str]]) -> Image:
    """*image* as it would be if the upload that is under way broke off now: its bytes do not travel with the record."""
    if image.status not in (Status.SAVING, Status.UPLOADING, Status.IMPORTING) or not uploads_of_it:
        return image
    return replace(image, status=Status(uploads_of_it[0][0]))
