"""Rows of `image_members` as Members, and back."""

from collections.abc import Sequence
from typing import Any

from calotype.catalogue.tables import image_members
from calotype.catalogue.times import from_micros, to_micros
from calotype.domain.images import Member, MemberStatus

#: The columns in the order of the table, in which `to_member` takes them and `to_row` gives them.
STORED = tuple(column.name for column in image_members.columns)


def to_member(row: Sequence[Any]) -> Member:
    """The member of a row whose columns are those of `STORED`."""
    _image_id, project, status, can_share, _image_created_at, shared_at, updated_at = row
    return Member(
        project=project,
        status=MemberStatus(status),
        can_share=bool(can_share),
        shared_at=from_micros(shared_at),
        updated_at=from_micros(updated_at),
    )


def to_row(member: Member, image_id: str, image_created_at: int) -> tuple[Any, ...]:
    """*member* in the columns of `STORED`; *image_created_at*, as tables hold times, stands in for a missing time."""
    shared_at = image_created_at if member.shared_at is None else to_micros(member.shared_at)
    updated_at = shared_at if member.updated_at is None else to_micros(member.updated_at)
    return image_id, member.project, member.status.value, member.can_share, image_created_at, shared_at, updated_at
