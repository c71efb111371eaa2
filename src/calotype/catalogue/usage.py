"""What each project's images take up, kept in the transaction that changes it, and never over the project's quota.

Of a project are counted `images`, those that are not deleted, and `bytes`: the blobs of its images and what uploads to them
have reserved. An image without owner counts for nobody. Source: docs/design/0007-quotas.md.

Whoever changes an image and then usage holds the image's row already (it was read for update, changed, or put in), so that
its owner stays. Rows of usage come last, a project at a time in the order of ids, and a project's in one statement, bytes
before images: so no two transactions wait for each other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select, text, union_all

from calotype.catalogue.prepared import Prepared
from calotype.catalogue.records import Entry
from calotype.catalogue.tables import blobs, projects, uploads, usage
from calotype.domain.errors import OverLimit
from calotype.domain.quotas import Holding, Holdings

_LARGEST = 2**63 - 1

#: Kinds in the order in which their rows are locked, and the column of `projects` that limits each.
_QUOTAS = {"bytes": "quota_bytes", "images": "quota_images"}

Amounts = Mapping[str, int]
"""How much of each kind."""


def add_image(connection: Connection, owner: str | None) -> None:
    """Count one more image of *owner*. Raises OverLimit, with nothing changed, if the quota has no room. One statement."""
    if _take(connection, owner, {"images": 1}):
        raise _over_limit(connection, owner, "images")


def begin_upload(
    connection: Connection, owner: str | None, size_declared: int | None, *, is_new: bool
) -> OverLimit | None:
    """Reserve what an upload declares, and count its image if that *is_new*.

    Gives what is to be raised, once the transaction has ended well, if the quota has no room for the bytes, or is used up
    where none are declared: no byte is reserved then, and the image counts. Raises OverLimit if a new image is over; then
    the transaction is to be undone. One statement, two if no size is declared.
    """
    refused = _take(connection, owner, {"bytes": size_declared or 0, "images": int(is_new)})
    if "images" in refused:
        raise _over_limit(connection, owner, "images")
    if refused or (not size_declared and _is_used_up(connection, owner)):
        return _over_limit(connection, owner, "bytes")
    return None


def drop_image(connection: Connection, owner: str | None, *, release_bytes: int = 0) -> None:
    """Count one image less, and the bytes that its blobs and its upload held. One statement."""
    _give_back(connection, owner, {"bytes": release_bytes, "images": 1})


def reserve(connection: Connection, owner: str | None, size_bytes: int) -> None:
    """Count bytes that may come. Raises OverLimit, with nothing changed, if the quota has no room for all. One statement."""
    if _take(connection, owner, {"bytes": size_bytes}):
        raise _over_limit(connection, owner, "bytes")


def reserve_ahead(connection: Connection, owner: str | None, *, least: int, wanted: int) -> int:
    """How many bytes were reserved: *wanted*, or by halves less, but *least*. Raises OverLimit if there is no room for these."""
    while wanted > least:
        if not _take(connection, owner, {"bytes": wanted}):
            return wanted
        wanted //= 2
    reserve(connection, owner, least)
    return least


def release(connection: Connection, owner: str | None, size_bytes: int) -> None:
    """Count bytes no more that did not come, or are gone. One statement."""
    _give_back(connection, owner, {"bytes": size_bytes})


def move_image(connection: Connection, image_id: str, source: str | None, target: str | None) -> None:
    """Count the image, with the bytes it holds, for *target* and no more for *source*.

    Raises OverLimit if *target* has no room for it; then the transaction is to be undone. Three statements.
    """
    amounts = {"bytes": held_bytes(connection, image_id), "images": 1}
    for project in sorted({source, target} - {None}, key=str):
        if project == source:
            _give_back(connection, project, amounts)
        elif refused := _take(connection, project, amounts):
            raise _over_limit(connection, project, min(refused))


def held_bytes(connection: Connection, image_id: str) -> int:
    """The bytes that count for the image: of its blobs, and reserved by its upload. One statement."""
    held = union_all(
        select(blobs.c.size_bytes).where(blobs.c.image_id == image_id),
        select(uploads.c.bytes_reserved).where(uploads.c.image_id == image_id),
    )
    return sum(connection.execute(held).scalars())


def select_holdings(connection: Connection, project: str) -> Holdings:
    """What counts against the project's quotas, and these. One statement."""
    found = {kind: Holding(used, most) for kind, used, most in connection.execute(_HOLDINGS, {"project": project})}
    return Holdings(**found)


def add_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """Count images with their blobs that were put in by a load, which no quota stops."""
    by_owner: dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.image.owner is not None:
            amounts = by_owner.setdefault(entry.image.owner, Counter())
            amounts["bytes"] += sum(blob.size_bytes for blob in entry.blobs)
            amounts["images"] += not entry.image.is_deleted
    rows = [
        {"project": owner, "kind": kind, "amount": amounts[kind]}
        for owner, amounts in sorted(by_owner.items())
        for kind in _QUOTAS
        if amounts[kind]
    ]
    if rows:
        connection.execute(_ADD, rows)


def recount(connection: Connection) -> None:
    """Count everything anew, from what there is. The caller sees to it that nothing changes meanwhile."""
    for statement in _RECOUNT:
        connection.execute(statement)


def _take(connection: Connection, owner: str | None, amounts: Amounts) -> set[str]:
    """Add *amounts* as far as the quota admits each kind; the kinds it does not, which are as they were."""
    wanted = {kind: amount for kind, amount in amounts.items() if amount > 0}
    if owner is None or not wanted:
        return set()
    taken = _TAKE[tuple(wanted)].rows(connection, project=owner, **wanted)
    return wanted.keys() - {kind for (kind,) in taken}


def _give_back(connection: Connection, owner: str | None, amounts: Amounts) -> None:
    wanted = {kind: amount for kind, amount in amounts.items() if amount > 0}
    if owner is not None and wanted:
        _GIVE_BACK[tuple(wanted)].run(connection, project=owner, **{kind: -n for kind, n in wanted.items()})


def _is_used_up(connection: Connection, owner: str | None) -> bool:
    """True if not one more byte is within the quota."""
    used = select(usage.c.value).where(usage.c.project == owner, usage.c.kind == "bytes").scalar_subquery()
    full = select(projects.c.id).where(projects.c.id == owner, projects.c.quota_bytes <= func.coalesce(used, 0))
    return connection.execute(full).first() is not None


def _over_limit(connection: Connection, owner: str | None, kind: str) -> OverLimit:
    quota = connection.execute(select(projects.c[_QUOTAS[kind]]).where(projects.c.id == owner)).scalar()
    return OverLimit(f"The project may have {quota} {_WORDS[kind]}; that would be more.")


_WORDS = {"bytes": "bytes of image data", "images": "images"}


def _rows(kinds: tuple[str, ...], *, within_quota: bool) -> str:
    """A SELECT that gives a row of usage for each of *kinds*, its amount bound by the kind's name.

    The databases put rows in, and lock those that are there, in the order in which a chain of UNION ALL gives them.
    """
    return " UNION ALL ".join(
        f"SELECT CAST(:project AS TEXT), '{kind}', CAST(:{kind} AS BIGINT)"
        + (f" WHERE :{kind} <= {_quota(kind, ':project')}" if within_quota else " WHERE true")
        for kind in kinds
    )


def _quota(kind: str, project: str) -> str:
    return f"coalesce((SELECT {_QUOTAS[kind]} FROM projects WHERE id = {project}), {_LARGEST})"  # noqa: S608 -- constants


_HOLDINGS = text(
    " UNION ALL ".join(
        f"SELECT '{kind}', coalesce((SELECT value FROM usage WHERE project = :project AND kind = '{kind}'), 0),"  # noqa: S608 -- constants
        f" (SELECT {quota} FROM projects WHERE id = :project)"
        for kind, quota in _QUOTAS.items()
    )
)

_INSERT = "INSERT INTO usage (project, kind, value) "
_OR_ADD = " ON CONFLICT (project, kind) DO UPDATE SET value = usage.value + excluded.value"
_WITHIN_QUOTA = (
    " WHERE usage.value + excluded.value <= CASE excluded.kind"
    f" WHEN 'bytes' THEN {_quota('bytes', 'excluded.project')} ELSE {_quota('images', 'excluded.project')} END"
)


def _each(build: Any) -> dict[tuple[str, ...], Prepared]:
    """A statement for bytes, one for images and one for both."""
    return {kinds: Prepared(text(build(kinds))) for kinds in (("bytes",), ("images",), ("bytes", "images"))}


_TAKE = _each(lambda kinds: f"{_INSERT}{_rows(kinds, within_quota=True)}{_OR_ADD}{_WITHIN_QUOTA} RETURNING kind")
_GIVE_BACK = _each(lambda kinds: f"{_INSERT}{_rows(kinds, within_quota=False)}{_OR_ADD}")
_ADD = text(f"{_INSERT}SELECT CAST(:project AS TEXT), CAST(:kind AS TEXT), CAST(:amount AS BIGINT) WHERE true{_OR_ADD}")

_RECOUNT = (
    text("DELETE FROM usage"),
    text(
        "INSERT INTO usage (project, kind, value) SELECT owner, 'images', count(*) FROM images"
        " WHERE owner IS NOT NULL AND deleted_at IS NULL GROUP BY owner"
    ),
    text(
        "INSERT INTO usage (project, kind, value) SELECT images.owner, 'bytes', sum(held.size_bytes)"
        " FROM (SELECT image_id, size_bytes FROM blobs UNION ALL SELECT image_id, bytes_reserved FROM uploads) held"
        " JOIN images ON images.id = held.image_id WHERE images.owner IS NOT NULL GROUP BY images.owner"
    ),
)
