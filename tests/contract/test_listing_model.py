"""What the SQL of a listing returns is what the documents say, on every database, for any catalogue, caller and query."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import listing_model as model
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from listing_model import Known

from calotype.catalogue import images, listing, members, tables
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.errors import Invalid
from calotype.domain.images import GONE, Image, Member, MemberStatus, Status, Visibility
from calotype.domain.query import (
    Compare,
    Comparison,
    Condition,
    Field,
    HasMember,
    HasProperty,
    HasTag,
    ImageQuery,
    OneOf,
    Sort,
    SortKey,
)
from calotype.domain.rights import list_scope

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
PROJECTS = ["ada", "bob", "eve"]
LONG = "l" * 200
# A value that travelled inside the SQL would break it, or be taken for a parameter.
NO_SQL = "o'neil\" %(p0)s :p0 ? %% --"
TEXTS = ["", "a", "B", "ä", "a:b", "in:a,b", "😀", LONG, "sha256:" + "0" * 64, NO_SQL]

# Few values of each kind, so that ties, nulls and hits are common.
moments = st.integers(0, 5).map(lambda seconds: BEGINNING + timedelta(seconds=seconds, microseconds=seconds))
maybe = partial(st.one_of, st.none())
names = maybe(st.sampled_from(TEXTS))
sizes = maybe(st.sampled_from([0, 1, 5, 2**63 - 1]))
wide_numbers = st.sampled_from([-(2**70), -1, 0, 1, 5, 2**63 - 1, 2**63, 2**70])


@st.composite
def known_images(draw: st.DrawFn) -> list[Known]:
    return [draw(known_image(number)) for number in range(draw(st.integers(0, 12)))]


@st.composite
def known_image(draw: st.DrawFn, number: int) -> Known:
    status = draw(st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.QUEUED, Status.KILLED, *GONE]))
    created_at = draw(moments)
    image = Image(
        id=f"{number:08x}-0000-4000-8000-{number:012x}",
        name=draw(names),
        owner=draw(maybe(st.sampled_from(PROJECTS))),
        visibility=draw(st.sampled_from(Visibility)),
        status=status,
        disk_format=draw(maybe(st.sampled_from(["raw", "qcow2"]))),
        container_format=draw(maybe(st.sampled_from(["bare", "ovf"]))),
        size_bytes=draw(sizes),
        min_ram_mib=draw(st.integers(0, 2)),
        is_protected=draw(st.booleans()),
        is_hidden=draw(st.sampled_from([False, False, True])),
        created_at=created_at,
        updated_at=draw(moments),
        deleted_at=created_at if status in GONE else None,
        properties=draw(st.dictionaries(st.sampled_from(["os", "Key"]), maybe(st.sampled_from(TEXTS)), max_size=2)),
        tags=tuple(draw(st.sets(st.sampled_from(TEXTS[1:]), max_size=2))),
    )
    shared_with = draw(st.sets(st.sampled_from(PROJECTS), max_size=2))
    return Known(image, tuple(Member(project=one, status=draw(st.sampled_from(MemberStatus))) for one in shared_with))


text_fields = [Field.NAME, Field.DISK_FORMAT, Field.STATUS, Field.OWNER, Field.ID, Field.VISIBILITY]
text_values = st.sampled_from(
    [*TEXTS, "raw", "qcow2", "active", "killed", "deleted", *PROJECTS, "public", "no\0", "\ud800"]
)
number_fields = st.sampled_from([Field.SIZE, Field.MIN_RAM])
time_fields = st.sampled_from([Field.CREATED_AT, Field.UPDATED_AT])
conditions: st.SearchStrategy[Condition] = st.one_of(
    st.builds(OneOf, st.sampled_from(text_fields), st.lists(text_values, max_size=3).map(tuple)),
    st.builds(OneOf, st.just(Field.ID), st.lists(st.integers(0, 12), max_size=3).map(lambda ns: tuple(map(str, ns)))),
    st.builds(OneOf, number_fields, st.lists(wide_numbers, min_size=1, max_size=2).map(tuple)),
    st.builds(OneOf, time_fields, moments.map(lambda moment: (moment,))),
    st.builds(OneOf, st.just(Field.PROTECTED), st.booleans().map(lambda flag: (flag,))),
    st.builds(Compare, number_fields, st.sampled_from(Comparison), wide_numbers),
    st.builds(Compare, time_fields, st.sampled_from(Comparison), moments),
    st.builds(HasProperty, st.sampled_from(["os", "Key", "no"]), text_values),
    st.builds(HasTag, st.lists(text_values, min_size=1, max_size=2).map(tuple)),
    st.builds(HasMember, st.sampled_from(PROJECTS)),
)
sorts = st.lists(st.builds(Sort, st.sampled_from(SortKey), st.booleans()), min_size=1, max_size=3).map(tuple)
callers = st.builds(
    Caller,
    st.just("user"),
    maybe(st.sampled_from(PROJECTS)),
    st.sampled_from([frozenset({"member"}), frozenset({"Admin"})]),
)
queries = st.builds(
    ImageQuery,
    conditions=st.lists(conditions, max_size=2).map(tuple),
    visibilities=maybe(st.sets(st.sampled_from(Visibility)).map(frozenset)),
    everything=st.booleans(),
    member_statuses=maybe(st.sets(st.sampled_from(MemberStatus)).map(frozenset)),
    hidden=maybe(st.booleans()),
    with_gone=st.booleans(),
    sort=sorts,
    admin_marker_may_be_deleted=st.booleans(),
    limit=st.integers(0, 4),
)


def fill(catalogue: Catalogue, known: Sequence[Known]) -> None:
    with catalogue.writing() as connection:
        for table in (tables.images, tables.used_ids, tables.image_properties, tables.image_tags, tables.image_members):
            connection.execute(table.delete())
        for one in known:
            images.insert_image(connection, one.image)
            members.insert_members(connection, one.image, one.members)


def ask(catalogue: Catalogue, caller: Caller, query: ImageQuery, few: int) -> list[str]:
    with catalogue.reading() as connection:
        page = listing.select_page(connection, list_scope(caller, query), query, few=few)
    return [image.id for image in page]


def answer_of(ask_one: Any, *arguments: Any) -> Any:
    try:
        return [getattr(image, "id", image) for image in ask_one(*arguments)]
    except (Invalid, model.BadMarker):
        return "bad marker"


in_any_catalogue = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@in_any_catalogue
@given(known=known_images(), asked=st.lists(st.tuples(callers, queries, st.integers(0, 12)), min_size=1, max_size=6))
@pytest.mark.parametrize("few", [0, 2, 1_000])
def test_a_page_is_what_the_documents_say(
    catalogue: Catalogue, few: int, known: list[Known], asked: list[tuple[Caller, ImageQuery, int]]
) -> None:
    fill(catalogue, known)
    for caller, query, marker in asked:
        marked = replace(query, marker=known[marker].image.id) if marker < len(known) else query
        note(f"{caller} {marked}")

        assert answer_of(ask, catalogue, caller, marked, few) == answer_of(model.page, known, caller, marked)


def every_kind_of_image() -> list[Known]:
    """One image for each owner, visibility and answer of Ada's project."""
    kinds = itertools.product([None, *PROJECTS], Visibility, [None, *MemberStatus])
    return [
        Known(
            Image(
                id=f"{number:08x}-0000-4000-8000-{number:012x}",
                owner=owner,
                visibility=visibility,
                status=Status.ACTIVE,
                created_at=BEGINNING,
                updated_at=BEGINNING,
            ),
            (Member(project="ada", status=answer),) if answer else (),
        )
        for number, (owner, visibility, answer) in enumerate(kinds)
    ]


def every_view() -> list[ImageQuery]:
    """What v2 can ask of visibility, owner and members' answers."""
    return [
        ImageQuery(
            conditions=(OneOf(Field.OWNER, (owner,)),) if owner else (),
            visibilities=visibilities,
            everything=True,
            member_statuses=answers,
            hidden=False,
            limit=100,
        )
        for owner, visibilities, answers in itertools.product(
            [None, "ada", "bob"],
            [None, frozenset(Visibility), *(frozenset({one}) for one in Visibility)],
            [None, *(frozenset({one}) for one in MemberStatus)],
        )
    ]


def test_every_view_is_what_the_documents_say(catalogue: Catalogue) -> None:
    known = every_kind_of_image()
    fill(catalogue, known)
    for project, role, query in itertools.product([None, *PROJECTS], ["member", "admin"], every_view()):
        caller = Caller("user", project, frozenset({role}))

        assert ask(catalogue, caller, query, 1_000) == [image.id for image in model.page(known, caller, query)], query


@in_any_catalogue
@given(known=known_images(), caller=callers, query=queries)
def test_a_walk_by_marker_meets_every_visible_image_exactly_once(
    catalogue: Catalogue, known: list[Known], caller: Caller, query: ImageQuery
) -> None:
    fill(catalogue, known)
    query = replace(query, limit=2)
    met: list[str] = []
    while page := ask(catalogue, caller, replace(query, marker=met[-1] if met else None), few=2):
        met += page

    assert met == [image.id for image in model.page(known, caller, replace(query, limit=100))]
