"""`calotype housekeeping run`, and the service that does the same by itself."""

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

import servers

TIME_LIMIT_S = 30


@pytest.fixture
def stopped(start_server):
    """A service that has run once and left its data: an image, and a token."""
    server = start_server()
    headers = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare", "X-Image-Meta-Name": "kept"}
    assert server.request("POST", "/v1/images", b"data", headers).status == 201
    server.stop()
    return server


def leave_orphan(folder: Path) -> Path:
    orphan = folder / "blobs" / "0r" / "0rphan.part"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 86400
    os.utime(orphan, (two_days_ago, two_days_ago))
    return orphan


def expire_tokens(folder: Path) -> None:
    with sqlite3.connect(folder / "catalogue.sqlite") as connection:
        connection.execute("UPDATE tokens SET expires_at = 1")
    connection.close()


def run(folder: Path, *flags: str) -> object:
    result = servers.run("housekeeping", "run", "--format", "json", *flags, "--data-dir", folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_it_prints_how_much_there_was_to_do(stopped):
    orphan = leave_orphan(stopped.folder)
    expire_tokens(stopped.folder)

    assert run(stopped.folder) == {"end_upload": 0, "remove_bytes": 1, "remove_tokens": 1, "purge_deleted": 0}
    assert not orphan.exists()
    assert run(stopped.folder) == dict.fromkeys(("end_upload", "remove_bytes", "remove_tokens", "purge_deleted"), 0)


def test_a_dry_run_prints_what_would_be_done_and_does_nothing(stopped):
    orphan = leave_orphan(stopped.folder)
    expire_tokens(stopped.folder)

    said = run(stopped.folder, "--dry-run")

    assert said == [
        {"task": "remove_bytes", "subject": "local/0rphan", "count": 1},
        {"task": "remove_tokens", "subject": "expired tokens", "count": 1},
    ]
    assert orphan.exists()
    assert run(stopped.folder, "--dry-run") == said


def test_a_table_is_for_people(stopped):
    leave_orphan(stopped.folder)

    shown = servers.run("housekeeping", "run", "--dry-run", "--data-dir", stopped.folder).stdout

    assert "local/0rphan" in shown
    assert " 1 " in shown


def test_without_a_catalogue_there_is_nothing_to_keep(tmp_path):
    result = servers.run("housekeeping", "run", "--data-dir", tmp_path)

    assert result.returncode == 5
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_used_ends_it_with_6(stopped):
    (stopped.folder / "blobs").rename(stopped.folder / "elsewhere")
    (stopped.folder / "blobs").write_text("in the way")

    result = servers.run("housekeeping", "run", "--data-dir", stopped.folder)

    assert result.returncode == 6
    assert "blobs" in result.stderr


def test_the_service_does_it_by_itself(start_server):
    server = start_server("--housekeeping-interval-s", "0.5")
    orphan = leave_orphan(server.folder)

    deadline = time.monotonic() + TIME_LIMIT_S
    while "remove_bytes 1" not in server.log.read_text():
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.05)

    assert not orphan.exists()


def the_blob(folder: Path) -> Path:
    (path,) = (path for path in (folder / "blobs").rglob("*") if path.is_file())
    return path


def flip_a_bit(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def command(folder: Path, *words: str) -> object:
    result = servers.run("housekeeping", *words, "--format", "json", "--data-dir", folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_what_is_damaged_is_found_and_listed_until_it_is_whole_again(stopped):
    blob = the_blob(stopped.folder)
    assert command(stopped.folder, "damaged") == []
    flip_a_bit(blob)

    read = command(stopped.folder, "scrub", "--everything")

    assert read == {"whole": 0, "damaged": 1, "gone": 0, "unread": 0, "read_bytes": 4}
    (found,) = command(stopped.folder, "damaged")
    assert (found["store"], found["key"], found["size_bytes"]) == ("local", blob.name, 4)
    assert command(stopped.folder, "status")["damaged_blobs"] == 1
    assert command(stopped.folder, "scrub")["damaged"] == 0  # it was read just now

    flip_a_bit(blob)
    assert command(stopped.folder, "scrub", "--everything")["whole"] == 1
    assert command(stopped.folder, "damaged") == []


def test_records_of_deleted_images_are_purged_when_they_are_to_be(start_server):
    server = start_server()
    headers = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
    image = server.request("POST", "/v1/images", b"data", headers).json["image"]
    assert server.request("DELETE", f"/v1/images/{image['id']}").status == 200
    with sqlite3.connect(server.folder / "catalogue.sqlite") as connection:
        connection.execute("UPDATE images SET updated_at = 1, deleted_at = 1")
    connection.close()

    assert command(server.folder, "run")["purge_deleted"] == 0
    kept = ("--deleted-kept-days", "30")
    assert command(server.folder, "run", "--dry-run", *kept) == [
        {"task": "purge_deleted", "subject": "deleted images", "count": 1}
    ]
    assert command(server.folder, "run", *kept)["purge_deleted"] == 1

    again = {**headers, "X-Image-Meta-Id": image["id"]}
    assert server.request("POST", "/v1/images", b"data", again).status == 409


def test_the_service_finds_a_flipped_bit_and_says_who_keeps_house(start_server):
    server = start_server("--housekeeping-interval-s", "0.5", "--scrub-every-days", "0")
    headers = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
    image = server.request("POST", "/v1/images", b"data", headers).json["image"]
    flip_a_bit(the_blob(server.folder))

    deadline = time.monotonic() + TIME_LIMIT_S
    while "Damaged: blob" not in server.log.read_text():
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.05)

    assert image["id"] in server.log.read_text()
    status = command(server.folder, "status")
    assert status["damaged_blobs"] == 1
    assert status["last_round"] is not None
    assert f":{status['holder'].split(':')[1]}:" in server.log.read_text()
    assert server.request("GET", f"/v1/images/{image['id']}").status == 200
    server.stop()
    assert command(server.folder, "status")["holder"] is None
