"""A service that an operator gives more stores: what it keeps, what it takes, and what housekeeping sees of them."""

import json
import os
from typing import Any

import pytest

import servers

OCTETS = {"Content-Type": "application/octet-stream"}
RAW = json.dumps({"disk_format": "raw", "container_format": "bare"}).encode()


def upload(server: servers.Server, data: bytes, store: str | None = None) -> Any:
    """The image, active."""
    image = server.request("POST", "/v2/images", RAW, {"Content-Type": "application/json"}).json
    named = {} if store is None else {"X-Image-Meta-Store": store}
    assert server.request("PUT", f"/v2/images/{image['id']}/file", data, {**OCTETS, **named}).status == 204
    return server.request("GET", f"/v2/images/{image['id']}").json


def test_images_of_the_first_store_stay_when_a_second_one_is_added(start_server: Any, tmp_path: Any) -> None:
    before = start_server()
    first = upload(before, b"first")
    assert "stores" not in first
    before.stop()
    elsewhere = tmp_path / "elsewhere"
    (before.folder / "calotype.toml").write_text(f'store = ["local=file:blobs", "fast=file://{elsewhere}?weight=1"]\n')

    after = start_server("--data-dir", before.folder)
    second = upload(after, b"second", "fast")

    shown = [after.request("GET", f"/v2/images/{image['id']}") for image in (first, second)]
    assert [answer.json["stores"] for answer in shown] == ["local", "fast"]
    data = [after.request("GET", f"/v2/images/{image['id']}/file").body for image in (first, second)]
    assert data == [b"first", b"second"]
    assert sum(path.is_file() for path in elsewhere.rglob("*")) == 1


def test_housekeeping_goes_through_every_store_it_is_told_of(start_server: Any, tmp_path: Any) -> None:
    stores = ["--store", "local=file:blobs", "--store", "fast=file:fast"]
    server = start_server(*stores)
    upload(server, b"kept", "fast")
    server.stop()
    orphan = server.folder / "fast" / "0r" / "0rphan"
    orphan.parent.mkdir()
    orphan.touch()
    os.utime(orphan, (0, 0))

    found = servers.run("housekeeping", "run", "--dry-run", "--format", "json", "--data-dir", server.folder, *stores)

    assert [chore["subject"] for chore in json.loads(found.stdout)] == ["fast/0rphan"]


@pytest.mark.parametrize("store", ["fast=file:///proc/nothing", "fast=file:catalogue.sqlite"])
def test_a_store_that_cannot_be_made_ends_the_start_with_6_and_is_named(tmp_path: Any, store: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "catalogue.sqlite").touch()

    result = servers.run("serve", "--port", "0", "--store", store, cwd=tmp_path)

    assert (result.returncode, result.stdout) == (6, "")
    folder = store.rpartition(":")[2].removeprefix("//")
    assert f"Cannot use the store {tmp_path / 'data' / folder}: " in result.stderr


def test_an_ephemeral_service_may_have_several_stores_of_its_own(start_server: Any) -> None:
    server = start_server("--ephemeral", "--store", "a=file:a", "--store", "b=file:b")

    assert upload(server, b"data", "b")["stores"] == "b"
