"""One statement that shows whether the database answers."""

from sqlalchemy import Connection, select

from calotype.catalogue.tables import schema_version


def revision(connection: Connection) -> str:
    """The revision of the schema in use, read from the database."""
    found: str = connection.execute(select(schema_version.c.revision)).scalar_one()
    return found
