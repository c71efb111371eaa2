"""Statements about the projects an image is shared with.

Whoever changes members holds the image's row (`images.get(…, for_update=True)`): so its `member_count` is what it says.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from calotype.catalogue import member_rows
from calotype.catalogue.tables import image_members, images
from calotype.catalogue.times import to_micros
from calotype.domain.images import Image, Member, MemberStatus, SharedImage, Visibility

_members = image_members.c

#: Of other visibilities members may be left over, whom nobody shares anything with any more.
_MEMBERS_COUNT_FOR = (Visibility.SHARED.value, Visibility.PUBLIC.value)


def select_members(connection: Connection, image_id: str) -> list[Member]:
    """All members of the image, in the order of their ids: one statement."""
    return _members_where(connection, _members.image_id == image_id)


def get_member(connection: Connection, image_id: str, project: str) -> Member | None:
    """The member that *project* is, or None."""
    found = _members_where(connection, _is(image_id, project))
    return found[0] if found else None


def select_shared(connection: Connection, project: str, *, owner: str | None = None) -> list[SharedImage]:
    """The live images that *project* is a member of, whatever it answered, newest first: one statement.

    *owner*: only those of this project. Images that are private or for the community now are left out.
    """
    statement = (
        select(_members.image_id, _members.can_share)
        .join(images, images.c.id == _members.image_id)
        .where(_members.member == project, images.c.deleted_at.is_(None), images.c.visibility.in_(_MEMBERS_COUNT_FOR))
        .order_by(_members.created_at.desc(), _members.image_id.desc())
    )
    if owner is not None:
        statement = statement.where(images.c.owner == owner)
    return [SharedImage(image_id=row.image_id, can_share=row.can_share) for row in connection.execute(statement)]


def insert_members(connection: Connection, image: Image, members: Sequence[Member]) -> None:
    """Share *image* with *members*, none of whom is one yet, and keep its count in step: two statements."""
    if not members:
        return
    created_at = to_micros(image.created_at)
    stored = [member_rows.to_row(member, image.id, created_at) for member in members]
    rows = [dict(zip(member_rows.STORED, row, strict=True)) for row in stored]
    connection.execute(insert(image_members), rows)
    _set_count(connection, image.id, images.c.member_count + len(rows))


def set_can_share(connection: Connection, image_id: str, project: str, *, can_share: bool, now: datetime) -> None:
    """Say whether the member may share the image further: one statement."""
    _change(connection, image_id, project, now, can_share=can_share)


def set_status(connection: Connection, image_id: str, project: str, status: MemberStatus, *, now: datetime) -> None:
    """Note what the member answers: one statement."""
    _change(connection, image_id, project, now, status=status.value)


def delete_member(connection: Connection, image_id: str, project: str) -> bool:
    """Take the image from a member, and keep its count in step: two statements. False if it is none."""
    if connection.execute(delete(image_members).where(_is(image_id, project))).rowcount != 1:
        return False
    _set_count(connection, image_id, images.c.member_count - 1)
    return True


def replace_members(connection: Connection, image: Image, members: Sequence[Member]) -> None:
    """Share *image* with *members* and nobody else: four statements, however many there are and were."""
    connection.execute(delete(image_members).where(_members.image_id == image.id))
    _set_count(connection, image.id, 0)
    insert_members(connection, image, members)


def _members_where(connection: Connection, condition: ColumnElement[bool]) -> list[Member]:
    statement = select(image_members).where(condition).order_by(_members.member)
    return [member_rows.to_member(row) for row in connection.execute(statement)]


def _change(connection: Connection, image_id: str, project: str, now: datetime, **values: Any) -> None:
    statement = update(image_members).where(_is(image_id, project)).values(**values, updated_at=to_micros(now))
    connection.execute(statement)


def _is(image_id: str, project: str) -> ColumnElement[bool]:
    return and_(_members.image_id == image_id, _members.member == project)


def _set_count(connection: Connection, image_id: str, count: int | ColumnElement[int]) -> None:
    connection.execute(update(images).where(images.c.id == image_id).values(member_count=count))
