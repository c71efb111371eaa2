"""What is counted, what there is to count, and what may be."""

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import select, update

from calotype.catalogue import tables
from calotype.catalogue.engine import Catalogue
from calotype.service.accounts import Accounts
from unit.transfers.studio import Studio

#: "mine" is MEMBER's, "theirs" STRANGER's, "admins" ADMIN's.
PROJECTS = ("admins", "mine", "theirs")

Totals = dict[tuple[str, str], int]
"""By project and kind; what is 0 is left out."""


def counted(catalogue: Catalogue) -> Totals:
    """What the table of usage says."""
    with catalogue.reading() as connection:
        rows = connection.execute(select(tables.usage)).all()
    return {(row.project, row.kind): row.value for row in rows if row.value}


def held(catalogue: Catalogue) -> Totals:
    """The same from images, blobs and uploads, each looked at by itself."""
    with catalogue.reading() as connection:
        images = connection.execute(select(tables.images.c["id", "owner", "deleted_at"])).all()
        blobs = connection.execute(select(tables.blobs.c["image_id", "size_bytes"])).all()
        reserved = connection.execute(select(tables.uploads.c["image_id", "bytes_reserved"])).all()
    found: Counter[tuple[str, str]] = Counter()
    owners = {row.id: row.owner for row in images}
    for row in images:
        found[row.owner, "images"] += row.deleted_at is None
    for image_id, size_bytes in [*blobs, *reserved]:
        found[owners[image_id], "bytes"] += size_bytes
    return {key: value for key, value in found.items() if value and key[0] is not None}


def set_quota(
    studio: Studio, project: str = "mine", *, size_bytes: int | None = None, images: int | None = None
) -> None:
    accounts = Accounts(studio.catalogue, lambda: datetime.now(UTC))
    accounts.set_quota(project, size_bytes=size_bytes, images=images)


def let_leases_run_out(studio: Studio) -> None:
    with studio.catalogue.writing() as connection:
        connection.execute(update(tables.uploads).values(lease_until=0))
