"""The query string of a listing of v2 as an ImageQuery, and the links beside its page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calotype.domain.errors import Invalid
from calotype.domain.images import Image, MemberStatus, Visibility
from calotype.domain.query import Compare, Comparison, Field, HasProperty, HasTag, ImageQuery, OneOf, Sort, SortKey
from calotype.faces.v2 import links, list_query
from calotype.service.options import ServiceOptions

OPTIONS = ServiceOptions(limit_default=25, limit_max=1000)
AN_ID = "3c3d1d01-b48a-4639-8a88-08be3b9b5d78"
MOMENT = datetime(2016, 5, 22, 6, 4, 20, tzinfo=UTC)


def read(raw_query: str) -> ImageQuery:
    return list_query.read(raw_query, OPTIONS)


def test_nothing_asks_for_the_newest_25_that_are_not_hidden_with_what_was_accepted() -> None:
    assert read("") == ImageQuery(
        everything=True,
        hidden=False,
        member_statuses=frozenset({MemberStatus.ACCEPTED}),
        sort=(Sort(SortKey.CREATED_AT, descending=True),),
        limit=25,
    )


@pytest.mark.parametrize("name", ["id", "name", "status", "container_format", "disk_format"])
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("debian", ("debian",)),
        ("", ("",)),
        ("eq:debian", ("debian",)),
        ("eq:", ("",)),
        ("eq:a:b", ("a:b",)),
        ('eq:"a:b"', ("a:b",)),
        ('eq:"a\\"b"', ('a"b',)),
        ('eq:5" disk', ('5" disk',)),
        ('eq:"', ('"',)),
        ("2016-05-22T06:04:20Z", ("2016-05-22T06:04:20Z",)),
        ("in:a", ("a",)),
        ("in:a,b", ("a", "b")),
        ('in:a,"c,d",b', ("a", "c,d", "b")),
        ('in:"a:b"', ("a:b",)),
        ("in:a:b", ("a:b",)),
        ('in:"a\\"b",c', ('a"b', "c")),
        ("in:a\\b", ("a\\b",)),
        ('in:"a\\b"', ("a\\b",)),
        ("in: a ,b", (" a ", "b")),
        ("in:a,,b", ("a", "", "b")),
        ("in:a,", ("a",)),
        ("in:,a", ("", "a")),
        ('in:""', ("",)),
        ("in:", ()),
    ],
)
def test_a_text_is_itself_or_one_of_a_list(name: str, text: str, values: tuple[str, ...]) -> None:
    (condition,) = read(f"{name}={quote(text)}").conditions

    assert condition == OneOf(Field(name), values)


@pytest.mark.parametrize(
    "text",
    [
        *["neq:a", "gt:a", "a:b", ":a", "IN:a", "EQ:a", "debian 8:9"],
        *['in:"a', 'in:a"', 'in:a"b"', 'in:"a"b', 'in:"a\\"', 'in:a,"', 'in:"a" ,b'],
    ],
)
def test_a_text_behind_another_operator_or_between_odd_quotes_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(f"name={quote(text)}")

    assert caught.value.field == "name"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\\")), max_size=5))
def test_any_values_can_be_listed_in_quotes(values: list[str]) -> None:
    listed = ",".join('"' + value.replace('"', '\\"') + '"' for value in values)

    assert read(f"name={quote('in:' + listed)}").conditions == (OneOf(Field.NAME, tuple(values)),)


@pytest.mark.parametrize(("name", "field"), [("created_at", Field.CREATED_AT), ("updated_at", Field.UPDATED_AT)])
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-05-22T06:04:20Z", MOMENT),
        ("2016-05-22T06:04:20", MOMENT),
        ("2016-05-22T08:04:20+02:00", MOMENT),
        ("2016-05-22T06:04:20.5Z", MOMENT + timedelta(milliseconds=500)),
        ("2016-05-22", MOMENT.replace(hour=0, minute=0, second=0)),
    ],
)
def test_a_time_is_compared_as_its_operator_says(name: str, field: Field, text: str, moment: datetime) -> None:
    sent = quote(text)

    assert read(f"{name}={sent}").conditions == (OneOf(field, (moment,)),)
    assert read(f"{name}=eq:{sent}").conditions == (OneOf(field, (moment,)),)
    for comparison in Comparison:
        assert read(f"{name}={comparison}:{sent}").conditions == (Compare(field, comparison, moment),)


@pytest.mark.parametrize(
    "text",
    [
        *["", "yesterday", "gt:", "gt", "gt:soon", "2016-05-22T06:04:20+01:00"],
        *["in:2016-05-22", "ge:2016-05-22", "GT:2016-05-22", ":2016-05-22", "gt:gt:2016-05-22"],
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(f"updated_at={text}")

    assert caught.value.field == "updated_at"


NUMBERS = {
    "size": Field.SIZE,
    "virtual_size": Field.VIRTUAL_SIZE,
    "min_disk": Field.MIN_DISK,
    "min_ram": Field.MIN_RAM,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_equals_or_bounds_inclusively(name: str) -> None:
    field, beyond = NUMBERS[name], 1 << 70

    assert read(f"{name}=5").conditions == (OneOf(field, (5,)),)
    assert read(f"{name}=five").conditions == (OneOf(field, ()),)
    assert read(f"{name}=").conditions == (OneOf(field, ()),)
    assert read(f"{name}={'9' * 5000}").conditions == (OneOf(field, ()),)
    assert read(f"{name}_min=-5").conditions == (Compare(field, Comparison.GTE, -5),)
    assert read(f"{name}_max={beyond}").conditions == (Compare(field, Comparison.LTE, beyond),)


@pytest.mark.parametrize(
    ("raw_query", "condition"),
    [
        ("owner=a:b", OneOf(Field.OWNER, ("a:b",))),
        ("checksum=in:a", OneOf(Field.CHECKSUM, ("in:a",))),
        ("os_hash_algo=sha512", OneOf(Field.OS_HASH_ALGO, ("sha512",))),
        ("os_hash_value=abc", OneOf(Field.OS_HASH_VALUE, ("abc",))),
        ("protected=true", OneOf(Field.PROTECTED, (True,))),
        ("protected=false", OneOf(Field.PROTECTED, (False,))),
        ("tag=a", HasTag(("a",))),
        ("tag=in:a,b", HasTag(("in:a,b",))),
        ("tag=" + "l" * 300, HasTag(("l" * 300,))),
        ("os_distro=debian", HasProperty("os_distro", "debian")),
        ("os_distro=in:a", HasProperty("os_distro", "in:a")),
        ("owner_specified.openstack.md5=1", HasProperty("owner_specified.openstack.md5", "1")),
        ("Name=a", HasProperty("Name", "a")),
        ("size_mean=1", HasProperty("size_mean", "1")),
        ("name_min=1", HasProperty("name_min", "1")),
        ("created_at_max=x", HasProperty("created_at_max", "x")),
        ("speed_min=fast", HasProperty("speed_min", "fast")),
        ("_max=1", HasProperty("_max", "1")),
        ("properties=a", HasProperty("properties", "a")),
        ("locations=a", HasProperty("locations", "a")),
        ("members=a", HasProperty("members", "a")),
        ("tags=a", HasProperty("tags", "a")),
        ("is_public=true", HasProperty("is_public", "true")),
        ("property-os_distro=a", HasProperty("property-os_distro", "a")),
        ("gr%C3%B6%C3%9Fe=a+b", HasProperty("größe", "a b")),
        ("flag", HasProperty("flag", "")),
        ("=a", HasProperty("", "a")),
    ],
)
def test_a_parameter_becomes_a_condition(raw_query: str, condition: object) -> None:
    assert read(raw_query).conditions == (condition,)


def test_conditions_stand_beside_each_other_and_every_tag_counts() -> None:
    conditions = read("tag=b&name=debian&tag=a&a=1&tag=b&size_min=1").conditions

    assert conditions == (
        OneOf(Field.NAME, ("debian",)),
        HasProperty("a", "1"),
        Compare(Field.SIZE, Comparison.GTE, 1),
        HasTag(("b",)),
        HasTag(("a",)),
    )


def test_of_everything_else_that_is_repeated_the_last_counts() -> None:
    query = read("limit=many&name=a&limit=3&name=b&k=a&k=b&visibility=x&visibility=all")

    assert query.limit == 3
    assert query.conditions == (OneOf(Field.NAME, ("b",)), HasProperty("k", "b"))
    assert query.visibilities == set(Visibility)


@pytest.mark.parametrize("value", ["true", "false", "", "perhaps"])
def test_deleted_is_ignored(value: str) -> None:
    assert read(f"deleted={value}") == read("")


def test_a_visibility_is_kept_and_all_are_more_than_none_asked_for() -> None:
    for visibility in Visibility:
        assert read(f"visibility={visibility}").visibilities == {visibility}
    assert read("visibility=all").visibilities == set(Visibility)
    assert read("").visibilities is None


def test_a_member_status_is_kept_and_all_means_any() -> None:
    for status in MemberStatus:
        assert read(f"member_status={status}").member_statuses == {status}
    assert read("member_status=all").member_statuses is None


@pytest.mark.parametrize(
    ("text", "hidden"), [("true", True), ("TRUE", True), ("True", True), ("false", False), ("FALSE", False)]
)
def test_hidden_images_are_asked_for_in_any_case(text: str, hidden: bool) -> None:
    assert read(f"os_hidden={text}").hidden is hidden


@pytest.mark.parametrize(
    ("raw_query", "order"),
    [
        ("sort=name", [("name", "desc")]),
        ("sort=name:asc", [("name", "asc")]),
        ("sort=name:", [("name", "desc")]),
        ("sort=name:asc,size:desc,id", [("name", "asc"), ("size", "desc"), ("id", "desc")]),
        ("sort=+name+:+asc+,+size", [("name", "asc"), ("size", "desc")]),
        ("sort_key=name", [("name", "desc")]),
        ("sort_dir=asc", [("created_at", "asc")]),
        ("sort_key=name&sort_dir=asc", [("name", "asc")]),
        ("sort_key=name&sort_key=size", [("name", "desc"), ("size", "desc")]),
        ("sort_key=name&sort_key=size&sort_dir=asc", [("name", "asc"), ("size", "asc")]),
        ("sort_key=name&sort_dir=asc&sort_key=size&sort_dir=desc", [("name", "asc"), ("size", "desc")]),
        ("sort_key=+name+&sort_dir=+asc+", [("name", "asc")]),
    ],
)
def test_both_spellings_of_an_order_are_read(raw_query: str, order: list[tuple[str, str]]) -> None:
    assert read(raw_query).sort == tuple(Sort(SortKey(key), direction == "desc") for key, direction in order)


@pytest.mark.parametrize(
    ("raw_query", "field"),
    [
        ("sort=", "sort"),
        ("sort=owner", "sort"),
        ("sort=NAME", "sort"),
        ("sort=name,", "sort"),
        ("sort=name:up", "sort"),
        ("sort=name:asc:asc", "sort"),
        ("sort=name&sort_key=name", "sort"),
        ("sort_dir=asc&sort=name", "sort"),
        ("sort_key=", "sort_key"),
        ("sort_key=name,size", "sort_key"),
        ("sort_key=tags", "sort_key"),
        ("sort_dir=", "sort_dir"),
        ("sort_dir=ASC", "sort_dir"),
        ("sort_dir=asc&sort_dir=asc", "sort_dir"),
        ("sort_key=name&sort_key=size&sort_key=id&sort_dir=asc&sort_dir=asc", "sort_dir"),
        ("sort_key=name&sort_dir=asc&sort_dir=asc", "sort_dir"),
        ("visibility=", "visibility"),
        ("visibility=Public", "visibility"),
        ("member_status=", "member_status"),
        ("member_status=Accepted", "member_status"),
        ("os_hidden=", "os_hidden"),
        ("os_hidden=1", "os_hidden"),
        ("protected=True", "protected"),
        ("protected=1", "protected"),
        ("size_min=", "size_min"),
        ("size_max=1.5", "size_max"),
        ("min_ram_max=much", "min_ram_max"),
        ("virtual_size_min=" + "9" * 5000, "virtual_size_min"),
        ("limit=", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("changes-since=2016", "changes-since"),
        ("changes-since=", "changes-since"),
    ],
)
def test_a_value_that_cannot_be_one_is_refused_by_name(raw_query: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(raw_query)

    assert caught.value.field == field


@pytest.mark.parametrize("raw_query", ["name=%FF", "%C3=1", "deleted=%ff", "k=%00"])
def test_a_query_that_is_not_text_is_refused(raw_query: str) -> None:
    with pytest.raises(Invalid):
        read(raw_query)


@pytest.mark.parametrize(
    ("raw_query", "limit"),
    [("limit=0", 0), ("limit=7", 7), ("limit=1000", 1000), ("limit=1001", 1000), (f"limit={1 << 70}", 1000)],
)
def test_the_limit_is_what_was_asked_for_up_to_the_largest_page(raw_query: str, limit: int) -> None:
    assert read(raw_query).limit == limit


def test_the_largest_page_is_the_largest_for_those_too_who_name_no_limit() -> None:
    assert list_query.read("", ServiceOptions(limit_default=25, limit_max=10)).limit == 10


def test_a_marker_is_handed_on_as_it_was_spelt() -> None:
    assert read(f"marker={AN_ID.upper()}").marker == AN_ID.upper()
    assert read("marker=").marker == ""


def test_a_page_that_is_not_full_is_the_last(an_image: Callable[..., Image]) -> None:
    assert links.write("", [], 25) == {"first": "/v2/images"}
    assert links.write("limit=2", [an_image()], 2) == {"first": "/v2/images?limit=2"}


def test_no_page_follows_one_of_no_length() -> None:
    assert links.write("limit=0", [], 0) == {"first": "/v2/images?limit=0"}


def test_links_keep_every_parameter_in_its_order_and_only_the_marker_changes(an_image: Callable[..., Image]) -> None:
    raw_query = "tag=a&marker=x&tag=b&limit=1&sort_key=name&sort_key=size&marker=y"

    assert links.write(raw_query, [an_image(id=AN_ID)], 1) == {
        "first": "/v2/images?tag=a&tag=b&limit=1&sort_key=name&sort_key=size",
        "next": f"/v2/images?tag=a&tag=b&limit=1&sort_key=name&sort_key=size&marker={AN_ID}",
    }


@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))] * 2)))
def test_links_ask_again_for_what_was_asked(pairs: list[tuple[str, str]]) -> None:
    raw_query = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs)
    first = links.write(raw_query, [], 25)["first"]

    assert first.isascii()
    assert asked(first.partition("?")[2]) == asked(raw_query)


def asked(raw_query: str) -> Any:
    """What a query asks for but for the marker, or why it asks for nothing."""
    try:
        query = read(raw_query)
    except Invalid as error:
        return str(error)
    return query.conditions, query.sort, query.limit
