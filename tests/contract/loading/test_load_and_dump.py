import json
from collections import Counter
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from calotype.catalogue import dumping, images, loading, schema
from calotype.catalogue.batches import BadLine
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.catalogue.keys import value_key
from calotype.catalogue.loading import Load
from calotype.catalogue.tables import image_members, image_properties, image_tags, loads, uploads
from calotype.domain.errors import CalotypeError, Conflict
from calotype.domain.images import Image, Status

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def line(**record):
    return json.dumps({"id": str(uuid4())} | record).encode() + b"\n"


def load(catalogue, lines, **how):
    return loading.load(catalogue, Load(**{"source": "file", "lines": iter(lines), "now": NOW} | how))


def dumped(catalogue):
    return list(dumping.dump(catalogue))


def rows(catalogue, table):
    with catalogue.reading() as connection:
        return sorted(tuple(row) for row in connection.execute(select(table)))


VARIED = [
    line(),
    line(
        name="full",
        owner="p",
        visibility="public",
        size=2**63 - 1,
        virtual_size=0,
        min_disk=1,
        min_ram=2,
        checksum="c" * 32,
        os_hash_algo="sha512",
        os_hash_value="v",
        protected=True,
        os_hidden=True,
        created_at="0001-01-01T00:00:00Z",
        updated_at="9999-12-31T23:59:59.999999Z",
        properties={
            '"q\\\u00e9\u0001\U0001f4f7': "'",
            "long": "x" * 65_535,
            "digest": "sha256:00",
            "none": None,
            "empty": "",
        },
        tags=["b", "a", "t" * 255],
        members=[
            {"member": "n", "can_share": True},
            {"member": "m", "status": "accepted", "shared_at": "2026-10-01T00:00:00.000001Z"},
            {"member": "o", "updated_at": "9999-12-31T23:59:59Z"},
        ],
        blobs=[{"store": "local", "key": str(uuid4()), "size": 7}, {"store": "s3", "key": str(uuid4()), "size": 7}],
        locations=[
            {"url": "https://example.org/a b", "store": "web", "metadata": {"a": [1, {"b": None}], "ü": 0.5}},
            {"url": "https://example.org/", "store": None, "metadata": {}},
        ],
    ),
    line(
        status="pending_delete",
        deleted_at="2026-10-01T00:00:00.000001Z",
        properties={"kept": "yes"},
        tags=["kept"],
        members=[{"member": "m"}],
    ),
    *(line(status=status) for status in sorted(set(Status) - {"deleted", "pending_delete"})),
    *(line(name=f"image {number}", properties={"number": str(number)}) for number in range(1200)),
]


@pytest.fixture
def another_catalogue(tmp_path):
    """A prepared one beside the one under test."""
    catalogue = Catalogue(CatalogueOptions(url=f"sqlite:///{tmp_path / 'another.sqlite'}", is_durable=False))
    schema.prepare(catalogue)
    yield catalogue
    catalogue.close()


def test_what_was_loaded_and_dumped_and_loaded_again_is_the_same(catalogue, another_catalogue):
    load(catalogue, VARIED)
    first = dumped(catalogue)

    load(another_catalogue, first)

    assert dumped(another_catalogue) == first
    assert len(first) == len(VARIED)


def test_a_dump_has_every_image_once_in_the_order_of_ids(catalogue):
    load(catalogue, VARIED)

    ids = [json.loads(one)["id"] for one in dumped(catalogue)]

    assert ids == sorted(ids)
    assert set(ids) == {json.loads(one)["id"] for one in VARIED}


@pytest.fixture(params=["alone", "among others"])
def way(request, catalogue):
    """Both ways a catalogue is loaded: while nobody else has it open, and while somebody has."""
    if request.param == "alone":
        yield "alone"
        return
    other = Catalogue(catalogue.options)
    with other.reading() as connection:
        connection.execute(select(loads))
    yield "among others"
    other.close()


@pytest.mark.usefixtures("way")
def test_look_ups_hold_living_images_and_long_values_by_their_digest(catalogue):
    living, gone = str(uuid4()), str(uuid4())
    properties = {"long": "é" * 65, "short": "é" * 64, "digest": "sha256:1", "none": None, '"': "\\"}

    load(
        catalogue,
        [
            line(id=living, properties=properties, tags=["a", "t" * 200]),
            line(id=gone, properties={"a": "b"}, tags=["c"], deleted_at="2026-10-01T00:00:00Z"),
        ],
    )

    wanted = [(name, value_key(value), living) for name, value in properties.items() if value is not None]
    assert rows(catalogue, image_properties) == sorted(wanted)
    assert rows(catalogue, image_tags) == sorted([("a", living), (value_key("t" * 200), living)])


@pytest.mark.usefixtures("way")
def test_a_member_row_carries_the_creation_time_of_its_image(catalogue):
    image_id = str(uuid4())

    load(catalogue, [line(id=image_id, created_at="1970-01-01T00:00:01Z", members=[{"member": "m"}])])

    assert rows(catalogue, image_members) == [(image_id, "m", "pending", False, 1_000_000, 1_000_000, 1_000_000)]
    with catalogue.reading() as connection:
        assert images.get(connection, image_id).member_count == 1


@pytest.mark.usefixtures("way")
def test_a_bad_line_ends_the_load_before_its_batch_is_committed(catalogue):
    with pytest.raises(BadLine) as caught:
        load(catalogue, [line(), line(), b'{"size": -1}\n', line()])

    assert (caught.value.number, caught.value.key, caught.value.reason) == (3, "size", "Expected `int` >= 0")
    assert dumped(catalogue) == []


@pytest.mark.usefixtures("way")
def test_bad_lines_are_handed_over_and_the_others_are_loaded(catalogue):
    image_id = str(uuid4())
    bad = []

    load(catalogue, [line(id=image_id), b"{\n", line(), line(id=image_id), line()], skip_bad=bad.extend)

    assert [(one.number, one.key) for one in bad] == [(2, ""), (4, "id")]
    assert len(dumped(catalogue)) == 3


@pytest.mark.usefixtures("way")
def test_an_id_that_a_line_before_used_is_refused_in_any_spelling(catalogue):
    image_id = str(uuid4())
    again = image_id.upper().replace("-", "")

    with pytest.raises(BadLine) as caught:
        load(catalogue, [line(id=image_id), line(id=again)])

    assert (caught.value.number, caught.value.key, caught.value.reason) == (2, "id", f"{again} was used before")


def test_an_id_that_was_ever_used_is_refused(catalogue):
    image_id = str(uuid4())
    with catalogue.writing() as connection:
        images.insert_image(connection, Image(id=image_id, created_at=NOW, updated_at=NOW))

    with pytest.raises(BadLine, match=f"line 2: id: {image_id} was used before"):
        load(catalogue, [line(), line(id=image_id)])


@pytest.mark.usefixtures("way")
def test_a_blob_key_is_named_by_one_image_only(catalogue):
    blobs = [{"store": "local", "key": "k", "size": 1}]

    with pytest.raises(BadLine, match="line 2: blobs: a blob with this key is known already"):
        load(catalogue, [line(blobs=blobs), line(blobs=blobs)])


@pytest.mark.usefixtures("way")
def test_the_first_bad_line_is_named_whatever_is_wrong_with_it(catalogue):
    image_id = str(uuid4())

    with pytest.raises(BadLine, match="line 2: id"):
        load(catalogue, [line(id=image_id), line(id=image_id), b"{\n"])


class Interrupted(Exception):
    pass


def breaking_off(lines, after):
    yield from lines[:after]
    raise Interrupted


@pytest.mark.usefixtures("way")
def test_a_load_goes_on_behind_the_last_committed_line(catalogue, monkeypatch):
    monkeypatch.setattr(loading, "_ALONE_BYTES", 20_000)
    lines = [line(name=str(number), properties={"filling": "x" * 400}) for number in range(1000)]
    with pytest.raises(Interrupted):
        load(catalogue, breaking_off(lines, 700))
    committed = len(dumped(catalogue))

    progress = load(catalogue, lines, resume=True)

    assert 0 < committed <= 700
    assert progress.images == 1000 - committed
    names = Counter(json.loads(one)["name"] for one in dumped(catalogue))
    assert names == Counter(str(number) for number in range(1000))


@pytest.mark.usefixtures("way")
def test_a_load_that_was_finished_has_nothing_to_go_on_with(catalogue):
    lines = [line() for _ in range(3)]
    load(catalogue, lines)

    assert load(catalogue, lines, resume=True).images == 0


def test_what_was_appended_is_what_a_resumed_load_loads(catalogue):
    lines = [line(), line()]
    lines[-1] = lines[-1].rstrip(b"\n")
    load(catalogue, lines)

    progress = load(catalogue, [lines[0], lines[1] + b"\n", line()], resume=True)

    assert progress.images == 1


@pytest.mark.parametrize("others", [[line(), line(), line()], [line()]], ids=["other lines", "fewer lines"])
def test_another_file_of_the_same_name_is_not_gone_on_with(catalogue, others):
    load(catalogue, [line(), line()])

    with pytest.raises(CalotypeError, match="line 2 is not the one the load had come to"):
        load(catalogue, others, resume=True)


def test_each_source_has_a_position_of_its_own(catalogue):
    load(catalogue, [line(), line()], source="one")

    assert load(catalogue, [line()], source="other", resume=True).images == 1


def test_blank_lines_count_and_load_nothing(catalogue):
    with pytest.raises(BadLine, match="line 4"):
        load(catalogue, [b"\n", line(), b"  \r\n", b"{\n"])
    assert load(catalogue, [b"\n", line(), b"  \r\n"]).images == 1


def test_an_id_that_another_program_gives_away_meanwhile_is_named(catalogue):
    """PostgreSQL: two loads write at the same time, and a conflict shows only when the row is written."""
    image_id = str(uuid4())
    load(catalogue, [line()])
    other = Catalogue(catalogue.options)

    def lines():
        yield line()
        with other.writing() as connection:
            images.insert_image(connection, Image(id=image_id, created_at=NOW, updated_at=NOW))
        yield line(id=image_id)

    with pytest.raises(BadLine, match=f"line 2: id: {image_id} was used before"):
        load(catalogue, lines())
    other.close()


@pytest.mark.parametrize(("on_failure", "status"), [("queued", "queued"), ("killed", "killed")])
def test_an_image_whose_data_are_arriving_is_dumped_as_if_they_had_broken_off(catalogue, on_failure, status):
    image_id = str(uuid4())
    load(catalogue, [line(id=image_id, status="saving")])
    with catalogue.writing() as connection:
        connection.execute(
            uploads.insert().values(
                id="u",
                image_id=image_id,
                blob_key="k",
                store="local",
                on_failure=on_failure,
                bytes_done=0,
                lease_until=0,
                node="n",
            )
        )

    assert [json.loads(one)["status"] for one in dumped(catalogue)] == [status]


def test_a_page_of_a_dump_is_four_statements_whatever_its_size(catalogue):
    load(catalogue, VARIED)
    counts = []
    for limit in (1, 500):
        with catalogue.reading() as connection:
            statements = []
            event.listen(connection, "before_cursor_execute", lambda *what, seen=statements: seen.append(what[2]))
            dumping.select_entries(connection, "", limit)
            counts.append(len(statements))

    assert counts == [4, 4]


def test_a_conflict_that_stays_is_one(catalogue, monkeypatch):
    def always(*_):
        raise Conflict("somebody was faster")

    monkeypatch.setattr(loading, "insert_rows", always)

    with pytest.raises(Conflict):
        load(catalogue, [line()])


@pytest.mark.parametrize("empty_database", ["postgres_18", "postgres_15"], indirect=True)
def test_afterwards_the_planner_of_postgresql_knows_how_much_there_is(catalogue):
    load(catalogue, [line() for _ in range(50)])

    with catalogue.reading() as connection:
        known = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'images'").scalar_one()
    assert known == 50
