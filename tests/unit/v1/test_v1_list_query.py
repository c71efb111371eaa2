"""The query string of a list as an ImageQuery."""

from datetime import UTC, datetime

import pytest

from calotype.domain.errors import Invalid
from calotype.domain.images import Visibility
from calotype.domain.query import Compare, Comparison, Field, HasProperty, ImageQuery, OneOf, Sort, SortKey
from calotype.faces.v1 import wire
from calotype.service.options import ServiceOptions

OPTIONS = ServiceOptions(limit_default=25, limit_max=1000)
AN_ID = "3c3d1d01-b48a-4639-8a88-08be3b9b5d78"


def read(raw_query: str, *, as_admin: bool = False) -> ImageQuery:
    return wire.read_list_query(raw_query, OPTIONS, as_admin=as_admin)


def test_nothing_asks_for_the_newest_25_that_are_neither_gone_nor_hidden() -> None:
    assert read("") == ImageQuery(
        hidden=False, sort=(Sort(SortKey.CREATED_AT, descending=True),), admin_marker_may_be_deleted=True, limit=25
    )


@pytest.mark.parametrize(
    ("raw_query", "condition"),
    [
        ("name=debian", OneOf(Field.NAME, ("debian",))),
        ("name=", OneOf(Field.NAME, ("",))),
        ("name=in:a,b", OneOf(Field.NAME, ("in:a,b",))),
        ("name=Debian%208%202016-04-17T22:00", OneOf(Field.NAME, ("Debian 8 2016-04-17T22:00",))),
        ("name=a+b", OneOf(Field.NAME, ("a b",))),
        ("name=gr%C3%B6%C3%9Fe", OneOf(Field.NAME, ("größe",))),
        ("status=active", OneOf(Field.STATUS, ("active",))),
        ("status=nonsense", OneOf(Field.STATUS, ("nonsense",))),
        ("container_format=bare", OneOf(Field.CONTAINER_FORMAT, ("bare",))),
        ("disk_format=qcow2", OneOf(Field.DISK_FORMAT, ("qcow2",))),
        ("size_min=1", Compare(Field.SIZE, Comparison.GTE, 1)),
        ("size_max=1", Compare(Field.SIZE, Comparison.LTE, 1)),
        ("min_ram=512", OneOf(Field.MIN_RAM, (512,))),
        ("min_disk=10", OneOf(Field.MIN_DISK, (10,))),
        ("min_disk=-1", OneOf(Field.MIN_DISK, (-1,))),
        ("min_disk=ten", OneOf(Field.MIN_DISK, ())),
        ("min_disk=", OneOf(Field.MIN_DISK, ())),
        ("protected=TRUE", OneOf(Field.PROTECTED, (True,))),
        ("protected=1", OneOf(Field.PROTECTED, (True,))),
        ("protected=False", OneOf(Field.PROTECTED, (False,))),
        ("protected=0", OneOf(Field.PROTECTED, (False,))),
        ("property-os_distro=debian", HasProperty("os_distro", "debian")),
        ("property-Foo-Bar=x", HasProperty("Foo-Bar", "x")),
        ("property-note=two%20words", HasProperty("note", "two words")),
        ("property-note=", HasProperty("note", "")),
        ("changes-since=2016-05-22", Compare(Field.UPDATED_AT, Comparison.GT, datetime(2016, 5, 22, tzinfo=UTC))),
    ],
)
def test_a_parameter_becomes_a_condition(raw_query: str, condition: object) -> None:
    assert read(raw_query).conditions == (condition,)


def test_several_properties_are_several_conditions() -> None:
    conditions = read("property-a=1&name=debian&property-b=2").conditions

    assert set(conditions) == {OneOf(Field.NAME, ("debian",)), HasProperty("a", "1"), HasProperty("b", "2")}


@pytest.mark.parametrize(
    "raw_query", ["owner=me", "id=1", "checksum=1", "visibility=private", "tag=a", "deleted=true", "Name=a", "=", "&&"]
)
def test_an_unknown_parameter_is_ignored(raw_query: str) -> None:
    assert read(raw_query, as_admin=True) == read("", as_admin=True)


def test_of_a_repeated_parameter_the_last_counts() -> None:
    query = read("limit=many&name=a&limit=3&name=b&property-k=a&property-k=b")

    assert query.limit == 3
    assert query.conditions == (OneOf(Field.NAME, ("b",)), HasProperty("k", "b"))


@pytest.mark.parametrize(
    ("raw_query", "field"),
    [
        ("size_min=-1", "size_min"),
        ("size_min=", "size_min"),
        ("size_min=many", "size_min"),
        ("size_max=-1", "size_max"),
        ("size_max=1.5", "size_max"),
        ("min_ram=-1", "min_ram"),
        ("min_ram=", "min_ram"),
        ("protected=none", "protected"),
        ("protected=", "protected"),
        ("protected=yes", "protected"),
        ("is_public=", "is_public"),
        ("is_public=yes", "is_public"),
        ("limit=", "limit"),
        ("limit=many", "limit"),
        ("limit=-1", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("marker=", "marker"),
        ("marker=cirros", "marker"),
        ("sort_key=", "sort_key"),
        ("sort_key=owner", "sort_key"),
        ("sort_key=NAME", "sort_key"),
        ("sort_dir=", "sort_dir"),
        ("sort_dir=ASC", "sort_dir"),
        ("changes-since=", "changes-since"),
        ("changes-since=2016-05-22T00:00:00+01:00", "changes-since"),
    ],
)
@pytest.mark.parametrize("as_admin", [True, False])
def test_a_value_that_cannot_be_one_is_refused_by_name_whoever_asks(raw_query: str, field: str, as_admin: bool) -> None:
    with pytest.raises(Invalid) as caught:
        read(raw_query, as_admin=as_admin)

    assert caught.value.field == field


@pytest.mark.parametrize("raw_query", ["name=%00", "name=%FF", "%C3=1", "property-%00=1", "ignored=%ff"])
def test_a_query_that_is_not_text_is_refused(raw_query: str) -> None:
    with pytest.raises(Invalid):
        read(raw_query)


def test_the_refusal_of_a_query_that_is_not_text_says_it_once() -> None:
    with pytest.raises(Invalid, match=r"^Invalid value '%ff' for 'query': not UTF-8 once percent-decoded$"):
        read("name=%ff")


@pytest.mark.parametrize(
    ("raw_query", "words"),
    [
        ("is_public=yes", "must be one of true, false, 1, 0, none$"),
        ("protected=yes", "must be one of true, false, 1, 0$"),
    ],
)
def test_the_refusal_of_a_truth_lists_the_words(raw_query: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read(raw_query)


def test_the_refusal_of_a_sort_key_lists_the_keys() -> None:
    with pytest.raises(Invalid, match="name, status, container_format, disk_format, size, id, created_at, updated_at"):
        read("sort_key=owner")


@pytest.mark.parametrize("key", list(SortKey))
def test_every_sort_key_goes_either_way(key: SortKey) -> None:
    assert read(f"sort_key={key}&sort_dir=asc").sort == (Sort(key, descending=False),)
    assert read(f"sort_key={key}").sort == (Sort(key, descending=True),)


@pytest.mark.parametrize(
    ("raw_query", "limit"), [("limit=0", 0), ("limit=7", 7), ("limit=1000", 1000), ("limit=1001", 1000)]
)
def test_the_limit_is_what_was_asked_for_up_to_the_largest_page(raw_query: str, limit: int) -> None:
    assert read(raw_query).limit == limit


def test_a_limit_beyond_63_bits_is_the_largest_page() -> None:
    assert read(f"limit={1 << 70}").limit == 1000


def test_a_marker_is_handed_on_as_it_was_spelt() -> None:
    assert read(f"marker={AN_ID.upper()}").marker == AN_ID.upper()


def test_changes_since_shows_what_is_gone_and_what_is_hidden() -> None:
    query = read("changes-since=2016")

    assert query.with_gone
    assert query.hidden is None


@pytest.mark.parametrize("raw_query", ["", "is_public=true", "is_public=1", "is_public=True"])
def test_an_admin_sees_at_first_what_everybody_sees(raw_query: str) -> None:
    query = read(raw_query, as_admin=True)

    assert query.everything is False
    assert query.visibilities is None


@pytest.mark.parametrize("raw_query", ["is_public=false", "is_public=0", "is_public=FALSE"])
def test_an_admin_who_asks_for_what_is_not_public_gets_that_of_all(raw_query: str) -> None:
    query = read(raw_query, as_admin=True)

    assert query.everything
    assert query.visibilities == {Visibility.COMMUNITY, Visibility.SHARED, Visibility.PRIVATE}


@pytest.mark.parametrize("raw_query", ["is_public=none", "is_public=None"])
def test_an_admin_who_asks_for_either_gets_all(raw_query: str) -> None:
    query = read(raw_query, as_admin=True)

    assert query.everything
    assert query.visibilities == set(Visibility)


@pytest.mark.parametrize("raw_query", ["is_public=true", "is_public=false", "is_public=none", "is_public=0"])
def test_is_public_of_anybody_else_has_no_say(raw_query: str) -> None:
    assert read(raw_query) == read("")
