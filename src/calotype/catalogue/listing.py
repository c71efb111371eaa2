"""One page of a listing, flat in the size of the catalogue: two statements at most.

The first resolves the marker and counts, up to 1,001, the ids that each look-up gives. The second
starts from the look-up with the fewest ids if they are few enough, else walks the caller's images in order and checks each.
Which shapes stay flat, and which read more, is in docs/design/0002-catalogue.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from calotype.catalogue.conditions import Binds, check, simplify
from calotype.catalogue.engine import TooSlow, ask, is_sqlite, translated
from calotype.catalogue.look_ups import LookUp, ids_sql, look_ups
from calotype.catalogue.rows import COLUMNS, STORED, to_image
from calotype.catalogue.views import Branch, View, gone, live
from calotype.domain.errors import Busy, Invalid
from calotype.domain.images import Image, Visibility
from calotype.domain.query import (
    Compare,
    Condition,
    HasMember,
    HasProperty,
    HasTag,
    ImageQuery,
    OneOf,
    Sort,
    SortKey,
)
from calotype.domain.rights import Scope, may_see

#: A set of this many ids is checked row by row at once; a larger one is worth a walk in order, which finds hits soon.
FEW = 1_000

#: Conditions of one listing: as many as an image has properties. SQLite looks at 128 for 13 ms and PostgreSQL for 0.1 s;
#: the 500 look-ups of 500 conditions are more than SQLite puts together.
MOST_CONDITIONS = 128

#: The columns a listing is ordered by; never NULL.
SORT_COLUMNS = {
    SortKey.NAME: "sort_name",
    SortKey.STATUS: "status",
    SortKey.CONTAINER_FORMAT: "sort_container_format",
    SortKey.DISK_FORMAT: "sort_disk_format",
    SortKey.SIZE: "sort_size",
    SortKey.ID: "id",
    SortKey.CREATED_AT: "created_at",
    SortKey.UPDATED_AT: "updated_at",
}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins.

    *marker*: the values of its sort columns. *few*: the look-up whose ids are the only live ones that can match, since
    they are few; () if there are none at all; None: the view is walked in order.
    """

    marker: dict[str, Any] | None = None
    few: LookUp | None = None


def select_page(connection: Connection, scope: Scope, query: ImageQuery, *, few: int = FEW) -> list[Image]:
    """The images of one page, properties and tags included: two statements at most, whatever the page size.

    *few*: the largest set of ids that is checked at once; the answer does not depend on it, only the time does.
    Raises Invalid for too many conditions and for a marker that is not an image this caller may begin after, and Busy,
    naming the filters, if the page cannot be found within the time a statement may take.
    """
    if len(query.conditions) > MOST_CONDITIONS:
        raise Invalid("query", f"{len(query.conditions)} conditions", f"more than {MOST_CONDITIONS}")
    conditions = simplify(query.conditions)
    try:
        with translated():
            start = _find_start(connection, scope, query, conditions or (), few)
            if conditions is None or query.limit == 0:
                return []
            binds = Binds(is_sqlite(connection))
            sql = page_sql(scope, query, conditions, start, binds)
            rows = ask(connection, sql, binds.values) if sql else ()
            return [to_image(row) for row in rows]
    except TooSlow as error:
        raise Busy(f"The listing took too long. Filters in use: {_named(query.conditions)}.") from error


def _named(conditions: Iterable[Condition]) -> str:
    return ", ".join(sorted({_name(condition) for condition in conditions})) or "none"


def _name(condition: Condition) -> str:
    match condition:
        case OneOf(name) | Compare(name):
            return name
        case HasProperty(name):
            return f"property {name}"
        case HasTag():
            return "tag"
        case HasMember():
            return "member"


# The first statement: the marker and the look-ups


def _find_start(
    connection: Connection, scope: Scope, query: ImageQuery, conditions: Sequence[Condition], few: int
) -> Start:
    binds = Binds(is_sqlite(connection))
    asked = look_ups(conditions)
    sql = start_sql(scope, query, asked, few, binds)
    if not sql:
        return Start()
    rows = ask(connection, sql, binds.values)
    marker = None if query.marker is None else _readable_marker(scope, query, [row for row in rows if row[0] == 0])
    hits, number = min(((row[1], row[0]) for row in rows if row[0] > 0), default=(few + 1, 0))
    if hits > few:
        return Start(marker)
    return Start(marker, asked[number - 1] if hits else ())


def start_sql(scope: Scope, query: ImageQuery, asked: Sequence[LookUp], few: int, binds: Binds) -> str:
    """Rows (0, 1, owner, visibility, deleted_at, is_member, sort columns…) of the marker, (n, hits, …) of look-up n."""
    parts = []
    if query.marker is not None:
        member = f"m.image_id = images.id AND m.member = {binds.one(scope.caller.project)}"
        parts.append(
            "SELECT 0 AS n, 1 AS hits, owner, visibility, deleted_at,"
            f" EXISTS (SELECT 1 FROM image_members AS m WHERE {member}) AS is_member, {', '.join(SORT_COLUMNS.values())}"
            f" FROM images WHERE id = {binds.one(query.marker)}"
        )
    blanks = ", NULL" * (4 + len(SORT_COLUMNS)) if parts else ""
    for number, look_up in enumerate(asked, start=1):
        found = f"SELECT count(*) FROM ({ids_sql(look_up, binds)} LIMIT {few + 1}) AS found{number}"
        parts.append(f"SELECT {number} AS n, ({found}) AS hits{blanks}")
    return " UNION ALL ".join(parts)


def _readable_marker(scope: Scope, query: ImageQuery, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The sort columns of the marker; one answer for unknown, foreign and deleted ones, so that none gives itself away."""
    caller = scope.caller
    for _, _, owner, visibility, deleted_at, is_member, *values in rows:
        deleted_is_fine = query.with_gone or (caller.is_admin and query.admin_marker_may_be_deleted)
        is_there = deleted_at is None or deleted_is_fine
        if is_there and may_see(caller, owner, Visibility(visibility), is_member=bool(is_member)):
            return dict(zip(SORT_COLUMNS.values(), values, strict=True))
    raise Invalid("marker", query.marker, "marker image not found")


# The second statement: the page


def page_sql(
    scope: Scope, query: ImageQuery, conditions: Sequence[Condition], start: Start, binds: Binds
) -> str | None:
    """The rows of the page in order, columns as `rows.to_image` takes them; None if nothing can match."""
    order = full_order(query.sort)
    view = View(scope, query.visibilities, binds, by_creation=order[0].key is SortKey.CREATED_AT)
    passes = _passes(query, conditions, binds)
    branches = [*live(view, conditions, start.few), *gone(view, query, conditions)]
    if order[0].key is SortKey.ID and not scope.everything:
        branches = [_sorted_by_id(branch, binds) for branch in branches]
    pages = [_ordered(branch, passes, order, start, query.limit, binds) for branch in branches]
    if len(pages) < 2:
        return pages[0] if pages else None
    union = " UNION ALL ".join(f"SELECT * FROM ({page}) AS b{number}" for number, page in enumerate(pages))
    return f"SELECT * FROM ({union}) AS pages ORDER BY {_order_by(order, '')} LIMIT {binds.one(query.limit)}"


def _sorted_by_id(branch: Branch, binds: Binds) -> Branch:
    """*branch* with an id that SQLite cannot walk by: it would go through all ids and look for the branch on the way."""
    return replace(branch, stand_ins={**branch.stand_ins, "id": binds.unindexed(branch.column("id"))})


def full_order(sort: Sequence[Sort]) -> list[Sort]:
    """*sort* without repeated keys, and with created_at and id behind it, so that no two images stand level."""
    descending = sort[0].descending
    order: dict[SortKey, Sort] = {}
    for part in (*sort, Sort(SortKey.CREATED_AT, descending), Sort(SortKey.ID, descending)):
        order.setdefault(part.key, part)
        if part.key is SortKey.ID:
            break
    return list(order.values())


def _ordered(branch: Branch, passes: str, order: Sequence[Sort], start: Start, limit: int, binds: Binds) -> str:
    extra = "".join(f", images.{name}" for name in _computed(order))
    after = _after(branch, order, start.marker, binds) if start.marker is not None else ""
    by = ", ".join(f"{branch.column(SORT_COLUMNS[sort.key])} {_direction(sort)}" for sort in order)
    return (
        f"SELECT {COLUMNS}{extra} FROM {branch.source} WHERE {branch.where}{passes}{after}"
        f" ORDER BY {by} LIMIT {binds.one(limit)}"
    )


def _computed(order: Iterable[Sort]) -> list[str]:
    return [SORT_COLUMNS[sort.key] for sort in order if SORT_COLUMNS[sort.key] not in STORED]


def _order_by(order: Iterable[Sort], table: str) -> str:
    return ", ".join(f"{table}{SORT_COLUMNS[sort.key]} {_direction(sort)}" for sort in order)


def _direction(sort: Sort) -> str:
    return "DESC" if sort.descending else "ASC"


def _after(branch: Branch, order: Sequence[Sort], marker: Mapping[str, Any], binds: Binds) -> str:
    """Strictly behind *marker*: spelled out key by key, so that directions may differ, with a bound the index can use.

    PostgreSQL multiplied what it expects of the two and read all that is shared with a project behind the marker; where all
    directions are the same it compares rows, as one condition that an index answers whole.
    """
    if not binds.is_sqlite and len({sort.descending for sort in order}) == 1:
        columns = ", ".join(branch.column(SORT_COLUMNS[sort.key]) for sort in order)
        values = ", ".join(binds.one(marker[SORT_COLUMNS[sort.key]]) for sort in order)
        return f" AND ({columns}) {'<' if order[0].descending else '>'} ({values})"
    alternatives: list[str] = []
    level: list[str] = []
    for sort in order:
        column = binds.unindexed(branch.column(SORT_COLUMNS[sort.key]))
        value = binds.one(marker[SORT_COLUMNS[sort.key]])
        alternatives.append(" AND ".join([*level, f"{column} {'<' if sort.descending else '>'} {value}"]))
        level.append(f"{column} = {value}")
    first = order[0]
    bound = f"{branch.column(SORT_COLUMNS[first.key])} {'<=' if first.descending else '>='} {binds.one(marker[SORT_COLUMNS[first.key]])}"
    return f" AND {bound} AND ({' OR '.join(f'({alternative})' for alternative in alternatives)})"


# What every row must pass


def _passes(query: ImageQuery, conditions: Iterable[Condition], binds: Binds) -> str:
    checks = [check(condition, binds) for condition in conditions]
    if not query.with_gone:
        checks.append(f"{binds.unindexed('images.status')} <> 'killed'")
    if query.hidden is not None:
        checks.append(f"{binds.unindexed('images.is_hidden')} = {binds.one(query.hidden)}")
    if query.visibilities is not None and query.visibilities != frozenset(Visibility):
        names = ", ".join(f"'{visibility}'" for visibility in sorted(query.visibilities)) or "''"
        checks.append(binds.usual(f"{binds.unindexed('images.visibility')} IN ({names})"))
    return "".join(f" AND {each}" for each in checks)
