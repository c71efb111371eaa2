"""The steps from each schema to the next, oldest first. A step never changes once it was released.

A step's module says with `OLDEST_PROGRAM_REVISION` which programs may still work on what it leaves behind. Steps are run
by `schema.prepare` through Alembic's operations; which ran is in the `schema_version` row, not in a table of Alembic's.
"""

REVISIONS = ("0001", "0002", "0003", "0004", "0005")

CURRENT = REVISIONS[-1]
