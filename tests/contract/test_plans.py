"""The plans behind a listing that costs the same in a catalogue of any size: read in order from one index a branch."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from calotype.catalogue import schema
from calotype.catalogue.conditions import Binds
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.listing import FEW, Start, page_sql, start_sql
from calotype.catalogue.look_ups import look_ups
from calotype.domain.callers import Caller
from calotype.domain.images import MemberStatus, Visibility
from calotype.domain.query import (
    Compare,
    Comparison,
    Condition,
    Field,
    HasProperty,
    HasTag,
    ImageQuery,
    OneOf,
    Sort,
    SortKey,
)
from calotype.domain.rights import list_scope
from databases import PostgresServer

TENANT = Caller("user", "project-7", frozenset({"member"}))
ADMIN = Caller("root", "project-7", frozenset({"admin"}))
ALL = frozenset(Visibility)

#: What v2 asks for where v1 asks for nothing.
V2: dict[str, Any] = {"everything": True, "hidden": False, "member_statuses": frozenset({MemberStatus.ACCEPTED})}

INDEXED_SORTS = [SortKey.CREATED_AT, SortKey.UPDATED_AT, SortKey.NAME, SortKey.SIZE]

#: A marker in the middle of the catalogue, as the first statement would give it.
MARKER = {
    "sort_name": "image-25000",
    "status": "active",
    "sort_container_format": "bare",
    "sort_disk_format": "raw",
    "sort_size": 25_000,
    "id": "25000",
    "created_at": 25_000_000,
    "updated_at": 25_000_000,
}


def explained(connection: Connection, caller: Caller, query: ImageQuery, start: Start) -> list[str]:
    """SQLite's plan of a page, a line a step."""
    binds = Binds(is_sqlite=True)
    sql = page_sql(list_scope(caller, query), query, query.conditions, start, binds)
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds.values)]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path: Path = tmp_path_factory.mktemp("plans") / "catalogue.sqlite"
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{path}", is_durable=False))
    schema.prepare(catalogue)
    with catalogue.reading() as connection:
        yield connection
    catalogue.close()


#: Sorts of at most one page each, for the three branches a tenant's listing has.
MERGE = 3


def sorts_of(plan: list[str]) -> int:
    return sum("TEMP B-TREE" in line for line in plan)


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("descending", [True, False], ids=["down", "up"])
@pytest.mark.parametrize("key", INDEXED_SORTS)
@pytest.mark.parametrize("view", [{}, V2], ids=["v1", "v2"])
def test_sqlite_reads_a_tenants_page_in_order_from_one_index_a_branch(
    sqlite: Connection, view: dict[str, Any], key: SortKey, descending: bool, marker: dict[str, Any] | None
) -> None:
    plan = explained(sqlite, TENANT, ImageQuery(sort=(Sort(key, descending),), **view), Start(marker))

    assert any(f"ix_images_owner_{key} (owner=?" in line for line in plan)
    assert any(f"ix_images_public_{key}" in line for line in plan)
    assert any("ix_image_members_member (member=?" in line for line in plan)
    # The merge sorts each branch's one page; what is shared with the tenant is sorted, unless in its own order.
    assert sorts_of(plan) == MERGE + (0 if key is SortKey.CREATED_AT else 1)


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("key", [SortKey.ID, SortKey.STATUS, SortKey.DISK_FORMAT])
def test_sqlite_sorts_no_more_than_the_tenants_view_by_other_keys(
    sqlite: Connection, key: SortKey, marker: dict[str, Any] | None
) -> None:
    """By id it walked through all images for the tenant's: 0.9 s among a million."""
    plan = explained(sqlite, TENANT, ImageQuery(sort=(Sort(key),)), Start(marker))

    assert any("USING INDEX ix_images_owner_" in line and "(owner=?" in line for line in plan)
    assert any("ix_images_public_" in line for line in plan)
    assert any("(member=?" in line for line in plan)
    assert not any("SCAN images USING INDEX sqlite_autoindex" in line for line in plan)


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("key", INDEXED_SORTS)
@pytest.mark.parametrize("visibilities", [None, ALL], ids=["usual view", "all"])
@pytest.mark.parametrize("view", [{"everything": True}, V2], ids=["v1", "v2"])
def test_sqlite_reads_an_admins_page_in_order_from_one_index(
    sqlite: Connection,
    view: dict[str, Any],
    visibilities: frozenset[Visibility] | None,
    key: SortKey,
    marker: dict[str, Any] | None,
) -> None:
    plan = explained(sqlite, ADMIN, ImageQuery(visibilities=visibilities, sort=(Sort(key),), **view), Start(marker))

    assert len(plan) == 1
    assert f"ix_images_all_{key}" in plan[0]


OWN, PUBLIC, SHARED, COMMUNITY = (
    "ix_images_owner_created_at (owner=?",
    "ix_images_public_created_at",
    "ix_image_members_member (member=?",
    "ix_images_community",
)

#: The indexes that give the branches of a page, by the visibilities that are asked for.
BRANCHES = {
    Visibility.PUBLIC: [PUBLIC],
    Visibility.COMMUNITY: [COMMUNITY],
    Visibility.SHARED: [OWN, SHARED],
    Visibility.PRIVATE: [OWN],
    "all": [OWN, PUBLIC, SHARED, COMMUNITY],
}


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("asked", BRANCHES)
def test_sqlite_reads_only_the_branches_of_the_visibilities_that_are_asked_for(
    sqlite: Connection, asked: Visibility | str, marker: dict[str, Any] | None
) -> None:
    visibilities = ALL if asked == "all" else frozenset({Visibility(asked)})
    plan = explained(sqlite, TENANT, ImageQuery(visibilities=visibilities, **V2), Start(marker))

    for index in (OWN, PUBLIC, SHARED, COMMUNITY):
        assert any(index in line for line in plan) == (index in BRANCHES[asked])
    assert sorts_of(plan) == (0 if len(BRANCHES[asked]) == 1 else len(BRANCHES[asked]))


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.COMMUNITY])
def test_sqlite_reads_what_an_admin_wants_of_one_open_visibility_from_its_index(
    sqlite: Connection, visibility: Visibility
) -> None:
    (line,) = explained(sqlite, ADMIN, ImageQuery(visibilities=frozenset({visibility}), **V2), Start())

    assert (PUBLIC if visibility is Visibility.PUBLIC else COMMUNITY) in line


def test_sqlite_reads_ones_own_images_alone_where_their_owner_is_asked_for(sqlite: Connection) -> None:
    mine = OneOf(Field.OWNER, ("project-7",))
    (line,) = explained(sqlite, TENANT, ImageQuery(conditions=(mine,), **V2), Start())

    assert OWN in line


def test_sqlite_does_not_read_what_another_hides_where_its_owner_is_asked_for(sqlite: Connection) -> None:
    theirs = OneOf(Field.OWNER, ("project-8",))
    plan = explained(sqlite, TENANT, ImageQuery(conditions=(theirs,), **V2), Start())

    assert any(PUBLIC in line for line in plan)
    assert not any(OWN in line for line in plan)


CHECKED: list[Condition] = [
    OneOf(Field.NAME, ("image-1",)),
    OneOf(Field.STATUS, ("active", "queued")),
    Compare(Field.SIZE, Comparison.GTE, 1),
    Compare(Field.UPDATED_AT, Comparison.GT, datetime(2026, 1, 1, tzinfo=UTC)),
    HasProperty("os", "debian"),
    HasTag(("web",)),
]
TWO_TAGS = (HasTag(("web",)), HasTag(("golden",)))


@pytest.mark.parametrize("condition", CHECKED, ids=lambda condition: type(condition).__name__)
def test_sqlite_checks_a_condition_on_the_walk_and_leaves_the_order_alone(
    sqlite: Connection, condition: Condition
) -> None:
    plan = explained(sqlite, TENANT, ImageQuery(conditions=(condition, *TWO_TAGS), **V2), Start())

    assert any("ix_images_owner_created_at (owner=?)" in line for line in plan)
    assert sorts_of(plan) == MERGE


def test_sqlite_starts_from_few_ids_by_primary_key(sqlite: Connection) -> None:
    query = ImageQuery(conditions=(HasProperty("os", "debian"),))
    plan = explained(sqlite, TENANT, query, Start(few=query.conditions))

    assert "SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)" in plan
    assert not any("ix_images" in line for line in plan)


def test_sqlite_finds_deleted_images_by_the_time_of_their_change(sqlite: Connection) -> None:
    changed = Compare(Field.UPDATED_AT, Comparison.GT, datetime(2026, 1, 1, tzinfo=UTC))
    plan = explained(sqlite, TENANT, ImageQuery(conditions=(changed,), with_gone=True), Start())

    assert any("ix_images_gone (updated_at>?)" in line for line in plan)


# PostgreSQL decides by what it knows of the data: 50,000 images, analysed.

FILL = """
SET LOCAL statement_timeout = 0;
INSERT INTO images (id, name, owner, visibility, status, disk_format, container_format, size_bytes, min_disk_gib,
                    min_ram_mib, is_protected, is_hidden, created_at, updated_at, properties, tags, locations, version, member_count)
SELECT n::text, 'image-' || n, 'project-' || (mod(n, 250)),
       CASE WHEN mod(n, 100) = 0 THEN 'public' WHEN mod(n, 50) = 1 THEN 'shared' ELSE 'private' END,
       'active', 'raw', 'bare', n, 0, 0, false, false, n * 1000, n * 1000, '{}', '[]', '[]', 1, 0
FROM generate_series(1, 50000) AS n;
INSERT INTO image_properties SELECT 'os', CASE WHEN mod(n, 5000) = 0 THEN 'rare' ELSE 'common' END, n::text FROM generate_series(1, 50000) AS n;
INSERT INTO image_tags SELECT 'web', n::text FROM generate_series(1, 50000) AS n WHERE mod(n, 3) = 0;
INSERT INTO image_tags SELECT 'golden', n::text FROM generate_series(1, 50000) AS n WHERE mod(n, 2) = 0;
INSERT INTO image_tags SELECT 'rare', n::text FROM generate_series(1, 50000) AS n WHERE mod(n, 5000) = 0;
INSERT INTO image_members SELECT n::text, 'project-7', 'accepted', false, n * 1000 FROM generate_series(1, 50000) AS n WHERE mod(n, 250) = 51;
ANALYZE;
"""


@pytest.fixture(scope="module", params=["postgres_18", "postgres_15"])
def postgresql(request: pytest.FixtureRequest) -> Iterator[Connection]:
    server: PostgresServer = request.getfixturevalue(request.param)
    catalogue = Catalogue(CatalogueOptions(url=server.new_database()))
    schema.prepare(catalogue)
    with catalogue.writing() as connection:
        for statement in FILL.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    with catalogue.reading() as connection:
        yield connection
    catalogue.close()


def rows_read(connection: Connection, caller: Caller, query: ImageQuery, marker: dict[str, Any] | None = None) -> int:
    """Rows that the scans of both statements of a page looked at, whether they passed or not."""
    scope = list_scope(caller, query)
    asked = look_ups(query.conditions)
    binds = Binds(is_sqlite=False)
    sql = start_sql(scope, query, asked, FEW, binds)
    read, few = 0, None
    if sql:
        read = _scanned(connection, sql, binds)
        hits, number = min((row[1], row[0]) for row in connection.exec_driver_sql(sql, binds.values))
        few = asked[number - 1] if hits <= FEW else None
    binds = Binds(is_sqlite=False)
    page = page_sql(scope, query, query.conditions, Start(marker, few), binds)
    assert page is not None
    return read + _scanned(connection, page, binds)


def _scanned(connection: Connection, sql: str, binds: Binds) -> int:
    (plan,) = plan_of(connection, f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", binds)
    return _scanned_below(plan["Plan"])


def plan_of(connection: Connection, explained: str, binds: Binds) -> list[dict[str, Any]]:
    plan = connection.exec_driver_sql(explained, binds.values).scalar_one()
    read: list[dict[str, Any]] = json.loads(plan) if isinstance(plan, str) else plan
    return read


def _scanned_below(node: dict[str, Any]) -> int:
    own = 0
    if "Scan" in node["Node Type"]:
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return int(own) + sum(_scanned_below(child) for child in node.get("Plans", []))


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("key", INDEXED_SORTS)
@pytest.mark.parametrize("caller", [TENANT, ADMIN], ids=["tenant", "admin"])
def test_postgresql_reads_little_more_than_the_page(
    postgresql: Connection, caller: Caller, key: SortKey, marker: dict[str, Any] | None
) -> None:
    query = ImageQuery(sort=(Sort(key),), visibilities=ALL if caller.is_admin else None, **V2)

    # Three branches of 25, the 200 memberships where they have to be sorted, and the merge, counted twice.
    assert rows_read(postgresql, caller, query, marker) <= 600


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("asked", BRANCHES)
def test_postgresql_reads_little_more_than_the_page_of_each_visibility(
    postgresql: Connection, asked: Visibility | str, marker: dict[str, Any] | None
) -> None:
    visibilities = ALL if asked == "all" else frozenset({Visibility(asked)})
    query = ImageQuery(visibilities=visibilities, **V2)

    # Its own 200, none of which is shared, and the 200 memberships, counted again by the steps above them.
    assert rows_read(postgresql, TENANT, query, marker) <= 900


@pytest.mark.parametrize("marker", [None, MARKER], ids=["first page", "deep page"])
@pytest.mark.parametrize("asked", [None, frozenset({Visibility.SHARED})], ids=["usual view", "shared"])
def test_postgresql_expects_that_what_is_shared_with_a_tenant_fills_a_page(
    postgresql: Connection, asked: frozenset[Visibility] | None, marker: dict[str, Any] | None
) -> None:
    """Among a million it expected four, fewer than a page, and so it read and sorted all that is shared."""
    query, binds = ImageQuery(visibilities=asked, **V2), Binds(is_sqlite=False)
    sql = page_sql(list_scope(TENANT, query), query, (), Start(marker), binds)
    (plan,) = plan_of(postgresql, f"EXPLAIN (FORMAT JSON) {sql}", binds)

    (join,) = [node for node in _nodes(plan["Plan"]) if "image_members" in _relations(node) and "Join" in _kind(node)]

    assert join["Plan Rows"] >= query.limit


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _relations(node: dict[str, Any]) -> set[str]:
    """The tables that the steps right below *node* read."""
    return {child.get("Relation Name", "") for child in node.get("Plans", [])}


def _kind(node: dict[str, Any]) -> str:
    return "Join" if node["Node Type"] == "Nested Loop" else str(node["Node Type"])


def test_postgresql_reads_ones_own_images_alone_where_their_owner_is_asked_for(postgresql: Connection) -> None:
    query = ImageQuery(conditions=(OneOf(Field.OWNER, ("project-7",)),), **V2)

    assert rows_read(postgresql, TENANT, query) <= 100


LOOKED_UP: dict[str, tuple[Condition, ...]] = {
    "name": (OneOf(Field.NAME, ("image-7",)),),
    "rare property": (HasProperty("os", "rare"),),
    "names": (OneOf(Field.NAME, ("image-7", "image-257")),),
    "changes": (Compare(Field.UPDATED_AT, Comparison.GT, datetime.fromtimestamp(49.9, UTC)),),
    "a rare tag and a common one": (HasTag(("web",)), HasTag(("rare",))),
}


@pytest.mark.parametrize("conditions", LOOKED_UP.values(), ids=list(LOOKED_UP))
@pytest.mark.parametrize("caller", [TENANT, ADMIN], ids=["tenant", "admin"])
def test_postgresql_starts_from_the_few_that_can_match(
    postgresql: Connection, caller: Caller, conditions: tuple[Condition, ...]
) -> None:
    query = ImageQuery(conditions=conditions, visibilities=ALL if caller.is_admin else None, **V2)

    # Of what is common the look-up stops at 1,001, which are counted twice, by the index and by the LIMIT above it.
    assert rows_read(postgresql, caller, query) <= 900 + 2 * (FEW + 1) * (len(conditions) - 1)


COMMON: dict[str, tuple[Condition, ...]] = {
    "property": (HasProperty("os", "common"),),
    "tag": (HasTag(("web",)),),
    "two tags": TWO_TAGS,
    "size": (Compare(Field.SIZE, Comparison.GTE, 1),),
    "status": (OneOf(Field.STATUS, ("active", "queued")),),
}


@pytest.mark.parametrize("conditions", COMMON.values(), ids=list(COMMON))
def test_postgresql_walks_in_order_where_many_match(postgresql: Connection, conditions: tuple[Condition, ...]) -> None:
    query = ImageQuery(conditions=conditions, visibilities=ALL, **V2)

    # The look-up's ids are counted twice, by the index and by the LIMIT above it.
    assert rows_read(postgresql, ADMIN, query) <= len(conditions) * (2 * (FEW + 1) + 200)
