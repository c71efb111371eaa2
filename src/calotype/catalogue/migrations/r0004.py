"""When each image was shared with each of its members, and when the member last answered."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column

#: A program of 0003 would share images without saying when.
OLDEST_PROGRAM_REVISION = "0004"


def upgrade(operations: Operations) -> None:
    for name in ("shared_at", "updated_at"):
        operations.add_column("image_members", Column(name, BigInteger, nullable=False, server_default="0"))
    operations.execute(_AS_OLD_AS_THE_IMAGE)


#: When older programs shared is not known: not before there was an image.
_AS_OLD_AS_THE_IMAGE = "UPDATE image_members SET shared_at = created_at, updated_at = created_at"
