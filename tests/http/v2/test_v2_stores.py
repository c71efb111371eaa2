"""Several stores as callers of v2 choose among them and are told of them. Source: docs/api/v2.md, "Stores"."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from threading import Barrier
from typing import Any
from uuid import uuid4

import keeping
import pytest
from asking_v2 import OCTETS, RAW, V2
from connecting import Answer, md5

from calotype.blobs.stores import Stores
from calotype.domain.errors import Broken

Tell = Callable[[Any], AbstractContextManager[int]]

STORES = [
    "local=file:blobs",
    "fast=file:fast?weight=10&description=NVMe%2C+mirrored",
    "even=file:even",
    "archive=file:archive?read_only=true",
]
DATA = b"some data"


def record(number: int, *stores: str, **fields: Any) -> dict[str, Any]:
    """An active image of *me* whose data lie in these stores, under keys that name image and store."""
    blobs = [{"store": store, "key": f"{store}-{number}", "size": len(DATA)} for store in stores]
    image_id = f"00000000-0000-4000-8000-{number:012}"
    return {"id": image_id, "owner": "mine", "size": len(DATA), "checksum": md5(DATA), "blobs": blobs, **fields}


@dataclass(frozen=True)
class Shop:
    """The application over several stores, and these."""

    v2: V2
    stores: Stores

    def keys(self, name: str) -> list[str]:
        return sorted(self.stores.by_name[name].keys())


@pytest.fixture
def open_shop(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Shop]]:
    """`open_shop(*records)`: the application over these, every blob they name in its store."""
    kept = keeping.noting(monkeypatch)
    with ExitStack() as running:

        def run(*records: dict[str, Any], **story: Any) -> Shop:
            port = running.enter_context(tell({"images": list(records), "options": {"store": STORES}, **story}))
            for blob in (blob for one in records for blob in one["blobs"]):
                if blob["store"] in kept.stores.by_name:
                    write(kept.stores, blob["store"], blob["key"], DATA)
            return Shop(V2(port), kept.stores)

        yield run


def write(stores: Stores, name: str, key: str, data: bytes) -> None:
    writer = stores.by_name[name].writer(key)
    writer.write(data)
    writer.commit()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()


def put(v2: V2, image_id: str, store: str | None, body: bytes = DATA, caller: str = "me") -> Answer:
    named = {} if store is None else {"x-image-meta-store": store}
    return v2.ask("PUT", f"/v2/images/{image_id}/file", {**OCTETS, **named}, body, caller)


def remove(v2: V2, image_id: str, store: str, caller: str = "admin") -> int:
    return v2.ask("DELETE", f"/v2/stores/{store}/{image_id}", caller=caller).status


# What is told


def test_where_there_is_one_store_nothing_is_told_of_it(v2: V2) -> None:
    created = v2.ask("POST", "/v2/images", body=b"{}")

    assert created.headers["openstack-image-store-ids"] is None
    for path in ("/v2/info/stores", "/v2/info/stores/detail"):
        assert [v2.ask("GET", path, caller=who).status for who in ("me", "admin", "nobody")] == [404] * 3
    assert remove(v2, v2.active()["id"], "local") == 404
    assert "stores" not in v2.active()


def test_whoever_has_a_token_is_told_the_stores(shop: Shop) -> None:
    stores = [
        {"id": "local", "default": "true"},
        {"id": "fast", "description": "NVMe, mirrored"},
        {"id": "even"},
        {"id": "archive", "read-only": "true"},
    ]

    assert shop.v2.ask("GET", "/v2/info/stores", caller="nobody").json == {"stores": stores}
    assert shop.v2.ask("GET", "/v2/info/stores", body=b"body").status == 400


@pytest.mark.on_files("what is told of a folder; of a bucket other things are")
@pytest.mark.parametrize("caller", ["admin", "machine"])
def test_admins_and_services_are_told_what_stores_are_made_of(shop: Shop, caller: str) -> None:
    stores = shop.v2.ask("GET", "/v2/info/stores/detail", caller=caller).json["stores"]

    assert [(store["id"], store["type"], store["weight"]) for store in stores] == [
        ("local", "file", 0),
        ("fast", "file", 10),
        ("even", "file", 0),
        ("archive", "file", 0),
    ]
    properties = stores[1]["properties"]
    assert properties["data_dir"].endswith("/fast")
    assert set(properties) == {"data_dir", "chunk_size", "thin_provisioning"}


def test_others_are_not(shop: Shop) -> None:
    assert [shop.v2.ask("GET", "/v2/info/stores/detail", caller=who).status for who in ("me", "nobody")] == [403, 403]


def test_a_new_image_is_told_where_its_data_may_go(shop: Shop) -> None:
    answer = shop.v2.ask("POST", "/v2/images", body=b"{}")

    assert answer.headers["openstack-image-store-ids"] == "local,fast,even,archive"
    assert "stores" not in answer.json


def test_versions_that_announce_stores_are_listed(shop: Shop) -> None:
    versions = [version["id"] for version in shop.v2.ask("GET", "/versions").json["versions"]]

    assert versions[:8] == ["v2.15", "v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", "v2.17"]


def test_an_image_names_its_stores_the_heaviest_first_and_equal_ones_by_name(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "even", "fast"), record(2, "local", "even"), record(3, name="nowhere"))

    listed = {image["id"][-1]: image.get("stores") for image in shop.v2.ask("GET", "/v2/images").json["images"]}

    assert listed == {"1": "fast,even,local", "2": "even,local", "3": None}
    assert [shop.v2.show(record(number)["id"]).get("stores") for number in (1, 2, 3)] == list(listed.values())[::-1]


def test_what_is_changed_names_its_stores_too(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast"))

    changed = shop.v2.patch(record(1)["id"], {"op": "add", "path": "/stores_i_like", "value": "fast"})

    assert (changed.status, changed.json["stores"], changed.json["stores_i_like"]) == (200, "fast,local", "fast")


def test_of_a_deactivated_image_only_admins_are_told(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast", status="deactivated"))

    assert "stores" not in shop.v2.show(record(1)["id"])
    assert shop.v2.show(record(1)["id"], "admin")["stores"] == "fast,local"


def test_a_store_that_is_not_configured_any_more_is_not_named(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "gone", "even"), record(2, "gone"))

    assert shop.v2.show(record(1)["id"])["stores"] == "even"
    assert "stores" not in shop.v2.show(record(2)["id"])
    assert (download(shop.v2, 1), download(shop.v2, 2)) == ((200, DATA), (204, b""))


# Uploads


@pytest.mark.parametrize(("store", "taken_by"), [(None, "local"), ("local", "local"), ("fast", "fast")])
def test_data_go_to_the_store_that_is_named_or_to_the_default(shop: Shop, store: str | None, taken_by: str) -> None:
    image_id = shop.v2.create(**RAW)["id"]

    assert put(shop.v2, image_id, store).status == 204

    assert shop.v2.show(image_id)["stores"] == taken_by
    assert {name: len(shop.keys(name)) for name in shop.stores.names} == {
        "local": 0, "fast": 0, "even": 0, "archive": 0, taken_by: 1,
    }  # fmt: skip
    assert shop.v2.ask("GET", f"/v2/images/{image_id}/file").body == DATA


def test_what_is_wrong_with_a_store_is_told_in_its_turn(shop: Shop) -> None:
    """An unknown store before the image is looked for; one that takes nothing when all else is in order."""
    image_id, without_formats = shop.v2.create(**RAW)["id"], shop.v2.create()["id"]

    for unknown in ("elsewhere", "", "Fast"):
        assert put(shop.v2, str(uuid4()), unknown).status == 400
    assert put(shop.v2, str(uuid4()), "archive").status == 404
    assert put(shop.v2, image_id, "archive", caller="reader").status == 403
    assert put(shop.v2, without_formats, "archive").status == 400
    assert put(shop.v2, image_id, "archive").status == 410
    assert shop.v2.show(image_id)["status"] == "queued"
    assert put(shop.v2, image_id, "fast").status == 204
    assert put(shop.v2, image_id, "archive").status == 409


def test_version_1_names_stores_as_well(shop: Shop) -> None:
    headers = {"x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare", **OCTETS}
    statuses = [
        shop.v2.ask("POST", "/v1/images", {**headers, "x-image-meta-store": store}, DATA).status
        for store in ("elsewhere", "archive", "fast")
    ]

    assert statuses == [400, 410, 201]
    (image,) = shop.v2.ask("GET", "/v2/images").json["images"]
    assert image["stores"] == "fast"


# Downloads


def download(v2: V2, number: int, query: str = "") -> tuple[int, bytes]:
    answer = v2.ask("GET", f"/v2/images/{record(number)['id']}/file{query}")
    return answer.status, answer.body


def spoil(shop: Shop, store: str, number: int) -> None:
    """Other bytes of the same length under the key, so that a download tells where they came from."""
    shop.stores.delete(store, f"{store}-{number}")
    write(shop.stores, store, f"{store}-{number}", store.ljust(len(DATA)).encode())


def test_the_heaviest_store_is_asked_first_and_preferred_ones_before_it(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "even", "fast"))
    for store in ("local", "even", "fast"):
        spoil(shop, store, 1)

    answered = [
        download(shop.v2, 1, query)[1].decode().strip()
        for query in ("", "?prefer=even", "?prefer=archive,local,fast", "?prefer=fast", "?prefer=archive")
    ]

    assert answered == ["fast", "even", "local", "fast", "fast"]


def test_a_store_that_lost_the_data_is_passed_over(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast"), record(2, "local", "fast"))
    shop.stores.delete("fast", "fast-1")

    assert download(shop.v2, 1) == (200, DATA)
    shop.stores.delete("local", "local-1")
    assert download(shop.v2, 1) == (204, b"")


def test_a_store_that_does_not_work_is_passed_over_and_told_only_if_no_other_helps(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(record(1, "local", "fast"))
    shop.stores.delete("fast", "fast-1")
    write(shop.stores, "fast", "fast-1", DATA[1:])

    assert download(shop.v2, 1) == (200, DATA)
    shop.stores.delete("local", "local-1")
    assert download(shop.v2, 1)[0] == 503


def test_a_preferred_store_must_be_one(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local"))

    assert download(shop.v2, 1, "?prefer=elsewhere")[0] == 400
    assert download(shop.v2, 1, "?prefer=local,elsewhere")[0] == 400
    assert download(shop.v2, 1, "?prefer=%20local,")[0] == 200


# Data removed from one store


def test_data_are_removed_from_one_store_and_stay_in_the_others(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast", protected=True))
    image_id = record(1)["id"]
    before = shop.v2.show(image_id)

    assert remove(shop.v2, image_id, "fast") == 204

    after = shop.v2.show(image_id)
    assert (before["stores"], after["stores"]) == ("fast,local", "local")
    assert {**after, "stores": "", "updated_at": ""} == {**before, "stores": "", "updated_at": ""}
    assert (shop.keys("fast"), shop.keys("local")) == ([], ["local-1"])
    assert download(shop.v2, 1) == (200, DATA)


def test_the_bytes_count_no_more(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast"), quotas={"mine": {"bytes": 2 * len(DATA)}})
    image_id = shop.v2.create(**RAW)["id"]
    assert put(shop.v2, image_id, None).status == 413

    assert remove(shop.v2, record(1)["id"], "fast") == 204

    assert put(shop.v2, image_id, None).status == 204


def test_what_stands_against_it_is_told_in_its_turn(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast"), record(2, "local"), record(3, "local", "fast", status="deactivated"))
    held, single, withheld = (record(number)["id"] for number in (1, 2, 3))

    assert remove(shop.v2, str(uuid4()), "elsewhere") == 409
    assert remove(shop.v2, str(uuid4()), "fast") == 404
    assert remove(shop.v2, held, "fast", "other") == 404
    assert [remove(shop.v2, held, "fast", who) for who in ("me", "reader")] == [403, 403]
    assert remove(shop.v2, withheld, "fast") == 409
    assert remove(shop.v2, shop.v2.create(**RAW)["id"], "fast") == 409
    assert remove(shop.v2, single, "fast") == 404
    assert remove(shop.v2, single, "local") == 403
    assert shop.v2.show(held)["stores"] == "fast,local"
    assert shop.keys("fast") == ["fast-1", "fast-3"]


def test_of_two_who_remove_the_last_two_copies_at_once_one_is_refused(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(*(record(number, "local", "fast") for number in range(1, 9)))
    barrier = Barrier(2)

    def race(image_id: str, store: str) -> int:
        barrier.wait()
        return remove(shop.v2, image_id, store)

    with ThreadPoolExecutor(2) as threads:
        for number in range(1, 9):
            image_id = record(number)["id"]
            statuses = list(threads.map(lambda store, image_id=image_id: race(image_id, store), ("local", "fast")))
            assert sorted(statuses) == [204, 403]
            assert download(shop.v2, number) == (200, DATA)


def test_a_removal_stands_though_the_bytes_cannot_be_removed(
    open_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(record(1, "local", "fast"))

    def fail(key: str) -> None:
        raise Broken("The store cannot be used at the moment.")

    monkeypatch.setattr(shop.stores.by_name["fast"], "delete", fail)

    assert remove(shop.v2, record(1)["id"], "fast") == 204
    assert shop.v2.show(record(1)["id"])["stores"] == "local"


def test_nothing_is_removed_from_a_store_that_is_only_read(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "archive"))

    assert remove(shop.v2, record(1)["id"], "archive") == 204
    assert shop.v2.ask("DELETE", f"/v2/images/{record(1)['id']}").status == 204

    assert (shop.keys("archive"), shop.keys("local")) == (["archive-1"], [])


def test_a_deleted_image_leaves_nothing_in_any_store(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(record(1, "local", "fast", "even"))

    assert shop.v2.ask("DELETE", f"/v2/images/{record(1)['id']}").status == 204

    assert [shop.keys(name) for name in ("local", "fast", "even")] == [[], [], []]
