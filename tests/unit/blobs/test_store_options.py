"""How an operator names stores. Source: docs/operate/configure.md, "Stores"."""

from pathlib import Path

import pytest

from calotype.blobs.opening import open_stores
from calotype.blobs.options import read_stores, without_secret
from calotype.blobs.s3 import parts
from calotype.config import ServeOptions, Settings, StoreOptions, values
from calotype.domain.errors import Broken, Invalid

DATA = Path("/srv/data")


def test_where_nothing_is_said_there_is_one_store_below_the_data() -> None:
    (store,) = read_stores((), DATA)

    assert (store.name, store.folder, store.is_default) == ("local", DATA / "blobs", True)


def test_a_store_is_all_that_its_url_says() -> None:
    text = "fast=file:///mnt/a%20disk?weight=-5&description=NVMe,+mirrored&default=true"

    (store,) = read_stores((text,), DATA)

    assert (store.name, store.kind, store.folder) == ("fast", "file", Path("/mnt/a disk"))
    assert (store.weight, store.description, store.is_default) == (-5, "NVMe, mirrored", True)


def test_the_first_that_takes_images_is_the_default() -> None:
    stores = read_stores(("old=file:old?read_only=true", "new=file:new", "other=file:other"), DATA)

    assert [(store.name, store.is_default, store.is_read_only) for store in stores] == [
        ("old", False, True),
        ("new", True, False),
        ("other", False, False),
    ]


def test_another_may_be_the_default() -> None:
    assert [store.is_default for store in read_stores(("a=file:a", "b=file:b?default=true"), DATA)] == [False, True]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["file:///a"], "begin with a name"),
        (["=file:a"], "begin with a name"),
        (["a,b=file:a"], "begin with a name"),
        (["os_glance_staging_store=file:a"], "begin with a name"),
        (["a=swift://bucket"], "no stores of this kind"),
        (["a=s3://"], "names no bucket"),
        (["a=s3://key@bucket"], "credentials are"),
        (["a=s3://bucket/a//b"], "prefix"),
        (["a=s3://bucket/../b"], "prefix"),
        (["a=s3://bucket?endpoint=host:1"], "endpoint is"),
        (["a=s3://bucket?addressing=host"], "addressing is"),
        (["a=s3://bucket?checksums=never"], "checksums is"),
        (["a=s3://bucket?part_mib=4"], "part_mib is"),
        (["a=s3://k:s@bucket?profile=p"], "one of them must go"),
        (["a=s3://bucket?server=minio"], "nothing else"),
        (["a=file:a?endpoint=http://a"], "nothing else"),
        (["a=s3://bucket", "b=s3://bucket/x"], "lies in the other"),
        (["a=s3://bucket/x/y", "b=s3://bucket/x?endpoint="], "endpoint is"),
        (["a=s3://bucket/x/y", "b=s3://bucket/x"], "lies in the other"),
        (["a=/srv/images"], "no stores of this kind"),
        (["a=file://host/a"], "a folder is"),
        (["a=file:a#b"], "a folder is"),
        (["a=file://["], "no URL"),
        (["a=file:"], "names no folder"),
        (["a=file:///"], "names no folder"),
        (["a=file:../a"], "names no folder"),
        (["a=file:a%00"], "names no folder"),
        (["a=file:%ff"], "no URL"),
        (["a=file:a?weight=heavy"], "whole number"),
        (["a=file:a?weight="], "whole number"),
        (["a=file:a?default=yes"], "true or false"),
        (["a=file:a?wieght=1"], "nothing else"),
        (["a=file:a?weight=1&weight=2"], "may stand once"),
        (["a=file:a?weight"], "no URL"),
        (["a=file:a?description=%00"], "no text"),
        (["a=file:a?default=true&read_only=true"], "cannot be read-only"),
        (["a=file:a?read_only=true"], "must take new images"),
        (["a=file:a", "a=file:b"], "one of this name"),
        (["a=file:a?default=true", "b=file:b?default=true"], "a default store already"),
        (["a=file:a", "b=file:a"], "that of a"),
        (["a=file:a", "b=file:a/b"], "lies in the other"),
        (["a=file:a", f"b=file://{DATA}/a"], "that of a"),
    ],
)
def test_what_is_no_store_is_refused_by_name(texts: list[str], reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as raised:
        read_stores(texts, DATA)

    assert (raised.value.field, raised.value.value) == ("store", without_secret(texts[-1]))


def test_an_ephemeral_service_keeps_nothing_outside_its_folder() -> None:
    Settings(serve=ServeOptions(ephemeral=True), stores=StoreOptions(store=("a=file:a",)))

    with pytest.raises(Invalid, match="outside"):
        Settings(serve=ServeOptions(ephemeral=True), stores=StoreOptions(store=("a=file:///a",)))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")

    with pytest.raises(Broken, match=str(tmp_path / "a")):
        open_stores(read_stores(("a=file:a/b",), tmp_path), is_durable=False)


def test_stores_are_named_by_weight_and_then_by_name(tmp_path: Path) -> None:
    texts = ("c=file:c", "light=file:light?weight=-1", "b=file:b", "heavy=file:heavy?weight=10")
    stores = open_stores(read_stores(texts, tmp_path), is_durable=False)

    assert stores.names == ("c", "light", "b", "heavy")
    assert stores.heaviest_first(["light", "c", "gone", "b", "heavy"]) == ["heavy", "b", "c", "light"]


def test_nothing_is_removed_from_a_read_only_store(tmp_path: Path) -> None:
    stores = open_stores(read_stores(("a=file:a", "b=file:b?read_only=true"), tmp_path), is_durable=False)
    for store in stores.by_name.values():
        store.writer("key").commit()

    for name in stores.names:
        stores.delete(name, "key")

    assert {name: list(store.keys()) for name, store in stores.by_name.items()} == {"a": [], "b": ["key"]}


def test_a_bucket_is_all_that_its_url_says() -> None:
    text = "far=s3://KEY:a%2Fb@images/prod/a?endpoint=https://s3.example:9000/&region=eu-1&addressing=path&part_mib=64&md5=false"

    (store,) = read_stores((text,), DATA)

    place = store.place
    assert place is not None
    assert (store.kind, place.bucket, place.before_keys, place.endpoint) == (
        "s3",
        "images",
        "prod/a/",
        "https://s3.example:9000",
    )
    assert (place.access_key, place.secret_key, place.region) == ("KEY", "a/b", "eu-1")
    assert (place.addressing, place.part_mib, place.sends_md5, place.checksums) == ("path", 64, False, "when_required")
    assert "a/b" not in repr(store)


def test_neighbours_in_one_bucket_may_stand_beside_each_other_and_beside_folders() -> None:
    texts = ("a=s3://bucket/x", "b=s3://bucket/xy", "c=file:c", "d=s3://bucket?endpoint=http://other")

    assert [store.name for store in read_stores(texts, DATA)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "text",
    [
        "a=s3://KEY:hidden@bucket?weight=heavy",
        "a=s3://KEY:hid/hidden@bucket?region=a",
        "a=s3://KEY:hid@hidden@bucket?regio=a",
        "a=s3://KEY:hidden",
        "a=S3://KEY:hidden@",
        "a=s3://KEY:hid?hidden@bucket",
        "a=s4://KEY:hidden@bucket",
        "!=s3://KEY:hidden@bucket",
        "s3://KEY:hidden@bucket",
    ],
)
def test_a_secret_is_in_no_error(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_stores((text,), DATA)

    assert "hidden" not in str(raised.value)
    assert "hidden" not in str(raised.value.value)


def test_a_secret_is_not_among_the_values_that_are_shown() -> None:
    settings = Settings(stores=StoreOptions(store=("a=s3://KEY:hidden@bucket/x?region=b",)))

    assert dict(values(settings))["store"] == '["a=s3://***@bucket/x?region=b"]'
    assert "hidden" not in repr(settings)


def test_a_terabyte_of_unknown_length_fits_in_parts_that_s3_takes() -> None:
    lengths = [parts.part_bytes(number) for number in range(1, parts.MOST_PARTS + 1)]

    assert sum(lengths) >= 1 << 40
    assert min(lengths) >= 5 << 20
    assert max(lengths) == parts.LARGEST_MIB << 20 == 160 << 20
    assert lengths == sorted(lengths)
    for number in (0, parts.MOST_PARTS + 1):
        with pytest.raises(ValueError, match="no such part"):
            parts.part_bytes(number)
