"""Statements about one image: put in, read, changed, moved between states."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from calotype.catalogue import tables
from calotype.catalogue.keys import id_key
from calotype.catalogue.prepared import Prepared
from calotype.catalogue.rows import STORED, property_keys, tag_keys, to_image, to_row
from calotype.catalogue.times import to_micros
from calotype.domain.errors import Conflict
from calotype.domain.images import Image, Status

_images = tables.images
_OF_ID = select(*(_images.c[name] for name in STORED)).where(_images.c.id == bindparam("image_id"))
_SELECT, _SELECT_FOR_UPDATE = Prepared(_OF_ID), Prepared(_OF_ID.with_for_update())
_INSERT_ID = Prepared(insert(tables.used_ids).values(id_key=bindparam("id_key")))
_INSERT = Prepared(insert(_images).values({name: bindparam(name) for name in STORED}))
_members = tables.image_members.c
_IS_MEMBER = Prepared(
    select(_members.image_id).where(_members.image_id == bindparam("image_id"), _members.member == bindparam("project"))
)


def insert_image(connection: Connection, image: Image) -> None:
    """Put *image* in, with its look-ups. Raises Conflict if its id was ever used, by whomever."""
    try:
        _INSERT_ID.run(connection, id_key=id_key(image.id))
    except IntegrityError as error:
        raise Conflict(f"An image with ID {image.id} already exists.") from error
    _INSERT.run(connection, **to_row(image))
    if not image.is_deleted:
        _insert_look_ups(connection, image)


def get(connection: Connection, image_id: str, *, for_update: bool = False) -> Image | None:
    """The image of this id, spelled as stored; deleted ones too. *for_update* keeps others off it until the end."""
    statement = _SELECT_FOR_UPDATE if for_update else _SELECT
    rows = statement.rows(connection, image_id=image_id)
    return to_image(rows[0]) if rows else None


def is_member(connection: Connection, image_id: str, project: str | None) -> bool:
    """True if the image has a member row for *project*, whatever the member answered."""
    if project is None:
        return False
    return bool(_IS_MEMBER.rows(connection, image_id=image_id, project=project))


def write(connection: Connection, image: Image) -> bool:
    """Store *image* as its next version. False, and nothing done, if it is not at `image.version` any more."""
    guard = (_images.c.id == image.id, _images.c.version == image.version)
    values = to_row(replace(image, version=image.version + 1))
    if connection.execute(update(_images).where(*guard).values(values)).rowcount != 1:
        return False
    for look_up in (tables.image_properties, tables.image_tags):
        connection.execute(delete(look_up).where(look_up.c.image_id == image.id))
    if not image.is_deleted:
        _insert_look_ups(connection, image)
    return True


def mark_active(
    connection: Connection,
    image_id: str,
    upload_id: str,
    *,
    size_bytes: int,
    virtual_size_bytes: int | None,
    checksum: str | None,
    os_hash_algo: str,
    os_hash_value: str,
    now: datetime,
) -> bool:
    """Make the image active with what its data turned out to be. False if it is not in this upload's hands any more."""
    return _leave_saving(
        connection,
        image_id,
        upload_id,
        status=Status.ACTIVE,
        size_bytes=size_bytes,
        virtual_size_bytes=virtual_size_bytes,
        checksum=checksum,
        os_hash_algo=os_hash_algo,
        os_hash_value=os_hash_value,
        updated_at=to_micros(now),
    )


def mark_failed(connection: Connection, image_id: str, upload_id: str, *, status: Status, now: datetime) -> bool:
    """Make the image killed or queued again. False if it is not in this upload's hands any more.

    One that is queued knows nothing of any data then, so that the next upload begins like the first.
    """
    forgotten = _FORGOTTEN if status is Status.QUEUED else {}
    return _leave_saving(connection, image_id, upload_id, status=status, updated_at=to_micros(now), **forgotten)


_FORGOTTEN = dict.fromkeys(("size_bytes", "virtual_size_bytes", "checksum", "os_hash_algo", "os_hash_value"))


def mark_deleted(connection: Connection, image: Image, now: datetime) -> bool:
    """Leave of *image* its tombstone: it is not found by properties and tags any more. False as in `write`."""
    return write(connection, replace(image, status=Status.DELETED, deleted_at=now, updated_at=now))


def _leave_saving(connection: Connection, image_id: str, upload_id: str, **values: Any) -> bool:
    statement = _leaving_saving(tuple(values))
    named = {f"new_{name}": value for name, value in values.items()}
    return statement.run(connection, of_image=image_id, of_upload=upload_id, **named) == 1


@cache
def _leaving_saving(columns: tuple[str, ...]) -> Prepared:
    """The statement that sets *columns* to `new_…`."""
    uploads = tables.uploads
    is_waiting = or_(*(_images.c.status == status.value for status in (Status.SAVING, Status.IMPORTING)))
    is_held = exists().where(uploads.c.id == bindparam("of_upload"), uploads.c.image_id == _images.c.id)
    return Prepared(
        update(_images)
        .where(_images.c.id == bindparam("of_image"), is_waiting, is_held)
        .values(version=_images.c.version + 1, **{name: bindparam(f"new_{name}") for name in columns})
    )


def _insert_look_ups(connection: Connection, image: Image) -> None:
    properties = [{"name": name, "value_key": key, "image_id": image.id} for name, key in property_keys(image)]
    _insert_all(connection, tables.image_properties, properties)
    _insert_all(connection, tables.image_tags, [{"tag_key": key, "image_id": image.id} for key in tag_keys(image)])


def _insert_all(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)
