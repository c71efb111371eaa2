"""Statements about the projects an image is shared with."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, update

from calotype.catalogue.tables import image_members, images
from calotype.catalogue.times import to_micros
from calotype.domain.images import Image, Member


def insert_members(connection: Connection, image: Image, members: Sequence[Member]) -> None:
    """Share *image* with *members*, none of whom is one yet, and keep its count in step."""
    if not members:
        return
    rows = [
        {
            "image_id": image.id,
            "member": member.project,
            "status": member.status.value,
            "can_share": member.can_share,
            "created_at": to_micros(image.created_at),
        }
        for member in members
    ]
    connection.execute(insert(image_members), rows)
    more = images.c.member_count + len(rows)
    connection.execute(update(images).where(images.c.id == image.id).values(member_count=more))
