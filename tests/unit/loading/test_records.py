import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calotype.catalogue.records import BadRecord, Entry, read_entry, write_entry
from calotype.domain.images import GONE, Image, Location, Member, MemberStatus, Status, StoredBlob, Visibility

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ID = "0b9bd71b-6f0b-4b0c-8d2e-0f2f6c7f2f10"


def read(**record):
    return read_entry(json.dumps(record).encode(), NOW)


def refusal(line):
    """Key and reason with which *line*, bytes or a record, is refused."""
    with pytest.raises(BadRecord) as caught:
        read_entry(line if isinstance(line, bytes) else json.dumps(line).encode(), NOW)
    return caught.value.key, caught.value.reason


def test_an_empty_object_is_an_active_shared_image_of_this_moment_with_an_id_of_its_own():
    first, second = read(), read()

    assert UUID(first.image.id) != UUID(second.image.id)
    assert first == Entry(Image(id=first.image.id, status=Status.ACTIVE, created_at=NOW, updated_at=NOW))


def test_a_property_may_be_named_by_nothing_and_a_tag_say_nothing():
    entry = read(properties={"": "a"}, tags=[""])

    assert (entry.image.properties, entry.image.tags) == ({"": "a"}, ("",))
    assert read_entry(write_entry(entry), NOW) == entry


def test_every_key_reaches_its_field():
    entry = read(
        id=ID,
        name="debian",
        owner="p",
        visibility="public",
        status="deleted",
        disk_format="qcow2",
        container_format="bare",
        size=1,
        virtual_size=2,
        min_disk=3,
        min_ram=4,
        checksum="c" * 32,
        os_hash_algo="sha512",
        os_hash_value="v",
        protected=True,
        os_hidden=True,
        created_at="2026-10-20T08:00:00Z",
        updated_at="2026-10-20T08:00:01.000002Z",
        deleted_at="2026-10-20T08:00:03Z",
        properties={"a": "b", "none": None},
        tags=["t", "u"],
        members=[
            {
                "member": "m",
                "status": "rejected",
                "can_share": True,
                "shared_at": "2026-10-20T08:00:04Z",
                "updated_at": "2026-10-20T08:00:05Z",
            },
            {"member": "n", "shared_at": "2026-10-20T08:00:06Z"},
            {"member": "o"},
        ],
        blobs=[{"store": "local", "key": "k", "size": 1}],
        locations=[{"url": "https://example.org/x", "store": None}],
    )

    created = datetime(2026, 10, 20, 8, tzinfo=UTC)
    assert entry == Entry(
        Image(
            id=ID,
            name="debian",
            owner="p",
            visibility=Visibility.PUBLIC,
            status=Status.DELETED,
            disk_format="qcow2",
            container_format="bare",
            size_bytes=1,
            virtual_size_bytes=2,
            min_disk_gib=3,
            min_ram_mib=4,
            checksum="c" * 32,
            os_hash_algo="sha512",
            os_hash_value="v",
            is_protected=True,
            is_hidden=True,
            created_at=created,
            updated_at=created + timedelta(seconds=1, microseconds=2),
            deleted_at=created + timedelta(seconds=3),
            properties={"a": "b", "none": None},
            tags=("t", "u"),
            locations=(Location("https://example.org/x"),),
            member_count=3,
        ),
        (
            Member(
                project="m",
                status=MemberStatus.REJECTED,
                can_share=True,
                shared_at=created + timedelta(seconds=4),
                updated_at=created + timedelta(seconds=5),
            ),
            Member(project="n", shared_at=created + timedelta(seconds=6), updated_at=created + timedelta(seconds=6)),
            Member(project="o", shared_at=created, updated_at=created),
        ),
        (StoredBlob("local", "k", 1),),
    )


def test_an_update_time_that_is_missing_is_the_creation_time():
    image = read(created_at="2026-10-20T08:00:00Z").image

    assert image.updated_at == image.created_at == datetime(2026, 10, 20, 8, tzinfo=UTC)


def test_a_record_that_was_deleted_needs_no_status():
    assert read(deleted_at="2026-10-20T08:00:00Z").image.status is Status.DELETED


@pytest.mark.parametrize(
    ("record", "key", "reason"),
    [
        ({"colour": "red"}, "colour", "unknown key"),
        ({"members": [{"member": "m", "since": 1}]}, "members[0].since", "unknown key"),
        (
            {"members": [{"member": "m"}, {"member": "n", "shared_at": "now"}]},
            "members[1].shared_at",
            "not of the form YYYY-MM-DDTHH:MM:SS[.ffffff]Z",
        ),
        ({"id": "1"}, "id", "not a UUID"),
        ({"id": ID.replace("-", "", 1)}, "id", "not a UUID"),
        ({"name": "x" * 256}, "name", "Expected `str` of length <= 255"),
        ({"visibility": "secret"}, "visibility", "Invalid enum value 'secret'"),
        ({"status": "odd"}, "status", "Invalid enum value 'odd'"),
        ({"size": -1}, "size", "Expected `int` >= 0"),
        ({"size": 2**63}, "size", "Expected `int` <= 9223372036854775807"),
        ({"size": 1.0}, "size", "Expected `int | null`, got `float`"),
        ({"min_disk": None}, "min_disk", "Expected `int`, got `null`"),
        ({"protected": 1}, "protected", "Expected `bool`, got `int`"),
        ({"properties": {"a": 1}}, "properties[...]", "Expected `str | null`, got `int`"),
        ({"properties": {"a": "é" * 32_768}}, "properties.a", "longer than 65535 bytes"),
        ({"tags": ["a", "b", "a"]}, "tags", "names one twice"),
        ({"members": [{"member": "m"}, {"member": "m"}]}, "members", "names one twice"),
        ({"blobs": [{"store": "s", "key": "k", "size": 1}] * 2}, "blobs", "names one twice"),
        ({"name": "a\0b"}, "name", "holds a NUL character"),
        ({"properties": {"a\0": "b"}}, "properties", "holds a NUL character"),
        ({"members": [{"member": "a\0"}]}, "members", "holds a NUL character"),
        ({"created_at": "2026-10-20 08:00:00"}, "created_at", "not of the form YYYY-MM-DDTHH:MM:SS[.ffffff]Z"),
        ({"created_at": "2026-10-20T08:00:00+00:00"}, "created_at", "not of the form YYYY-MM-DDTHH:MM:SS[.ffffff]Z"),
        ({"updated_at": "2026-02-30T08:00:00Z"}, "updated_at", "no such time (day is out of range for month)"),
    ],
)
def test_what_is_wrong_with_a_record_is_said_with_its_key(record, key, reason):
    assert refusal(record) == (key, reason)


@pytest.mark.parametrize("status", sorted(GONE))
def test_a_state_of_deleted_images_needs_the_time_of_deletion(status):
    assert refusal({"status": status})[0] == "deleted_at"


@pytest.mark.parametrize("status", sorted(set(Status) - GONE))
def test_a_state_of_living_images_excludes_a_time_of_deletion(status):
    assert refusal({"status": status, "deleted_at": "2026-10-20T08:00:00Z"})[0] == "deleted_at"


@pytest.mark.parametrize(
    "line",
    [b"{", b"", b"[1]", b'"text"', b'{"name": "\xff"}', b'{"name": "\\ud800"}', b"{} {}", b'{"x":' + b"[" * 50_000],
)
def test_what_is_no_json_object_in_utf_8_is_refused(line):
    refusal(line)


def test_an_escaped_backslash_before_u0000_is_not_a_nul():
    assert read_entry(rb'{"name": "\\u0000"}', NOW).image.name == r"\u0000"


def test_a_property_value_of_65535_bytes_is_kept():
    assert read(properties={"a": "x" * 65_535}).image.properties == {"a": "x" * 65_535}


@pytest.mark.parametrize("spelling", [ID, ID.upper(), ID.replace("-", "")])
def test_an_id_stays_as_it_is_spelt(spelling):
    assert read(id=spelling).image.id == spelling


def test_a_line_is_one_line_whatever_the_texts_hold():
    entry = read(name="a\r\nb\u2028", properties={"line\nfeed": "\n"})

    assert write_entry(entry).count(b"\n") == 1
    assert read_entry(write_entry(entry), NOW) == entry


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=20)
NUMBERS = st.integers(0, 2**63 - 1)
TIMES = st.datetimes(timezones=st.just(UTC))
METADATA = st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS | st.lists(NUMBERS, max_size=2), max_size=2)


@st.composite
def entries(draw):
    members = draw(st.lists(TEXTS, max_size=3, unique=True))
    deleted_at = draw(st.none() | TIMES)
    image = Image(
        id=str(draw(st.uuids())),
        name=draw(st.none() | TEXTS),
        owner=draw(st.none() | TEXTS),
        visibility=draw(st.sampled_from(Visibility)),
        status=draw(st.sampled_from(sorted(set(Status) - GONE if deleted_at is None else GONE))),
        disk_format=draw(st.none() | TEXTS),
        container_format=draw(st.none() | TEXTS),
        size_bytes=draw(st.none() | NUMBERS),
        virtual_size_bytes=draw(st.none() | NUMBERS),
        min_disk_gib=draw(NUMBERS),
        min_ram_mib=draw(NUMBERS),
        checksum=draw(st.none() | TEXTS),
        os_hash_algo=draw(st.none() | TEXTS),
        os_hash_value=draw(st.none() | TEXTS),
        is_protected=draw(st.booleans()),
        is_hidden=draw(st.booleans()),
        created_at=draw(TIMES),
        updated_at=draw(TIMES),
        deleted_at=deleted_at,
        properties=draw(st.dictionaries(TEXTS, st.none() | TEXTS, max_size=3)),
        tags=tuple(draw(st.lists(TEXTS, max_size=3, unique=True))),
        locations=tuple(draw(st.lists(st.builds(Location, TEXTS, st.none() | TEXTS, METADATA), max_size=2))),
        member_count=len(members),
    )
    of_it = [
        Member(
            project=one,
            status=draw(st.sampled_from(MemberStatus)),
            can_share=draw(st.booleans()),
            shared_at=draw(TIMES),
            updated_at=draw(TIMES),
        )
        for one in members
    ]
    keys = draw(st.lists(TEXTS, max_size=2, unique=True))
    return Entry(image, tuple(of_it), tuple(StoredBlob(draw(TEXTS), key, draw(NUMBERS)) for key in keys))


@given(entries())
def test_what_is_written_is_read_again_as_it_was(entry):
    assert read_entry(write_entry(entry), NOW) == entry
