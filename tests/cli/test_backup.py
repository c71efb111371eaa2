"""docs/operate/backup.md, as it is written there."""

import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from hashlib import sha512
from pathlib import Path

import pytest

from servers import Server

PAGE = (Path(__file__).parents[2] / "docs/operate/backup.md").read_text()
META = {"x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare"}


def commands(title: str) -> str:
    """The first block of commands below the heading *title*."""
    return re.split(r"```\n", re.split(rf"^## {re.escape(title)}$", PAGE, flags=re.MULTILINE)[1])[1]


def upload(server: Server, name: str, data: bytes) -> str:
    answer = server.request("POST", "/v1/images", data, {**META, "x-image-meta-name": name})
    assert answer.status == 201, answer.body
    image_id: str = answer.json["image"]["id"]
    return image_id


class Users(threading.Thread):
    """Makes an image, and deletes it again, as fast as one client can."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self.is_over = threading.Event()
        self.made = 0

    def run(self) -> None:
        while not self.is_over.is_set():
            image_id = upload(self._server, "short-lived", bytes(1000))
            assert self._server.request("DELETE", f"/v1/images/{image_id}").status == 200
            self.made += 1


@pytest.fixture
def backup(start_server: Callable[..., Server], tmp_path: Path, missing: Callable[[str], None]) -> dict[str, str]:
    """A backup in `tmp_path / "backup"`, made while others worked; digests by id of the images it must hold."""
    if shutil.which("sqlite3") is None:
        missing("sqlite3 of Debian's package sqlite3")
    server = start_server()
    data = [number.to_bytes(2, "big") * 40_000 for number in range(20)]
    images = {upload(server, f"image {n}", step): sha512(step).hexdigest() for n, step in enumerate(data)}
    users = Users(server)
    users.start()
    result = subprocess.run(
        ["bash", "-c", commands("Backup, while the service runs")], cwd=tmp_path, capture_output=True
    )
    users.is_over.set()
    users.join()
    assert users.made > 0
    assert re.fullmatch(rb"(cp: .*No such file or directory\n)*", result.stderr)
    server.stop()
    return images


def test_what_was_there_when_a_backup_began_is_there_after_a_restore(
    backup: dict[str, str], start_server: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "data").rename(tmp_path / "lost")
    subprocess.run(["bash", "-e", "-c", commands("Restore")], cwd=tmp_path, check=True)

    server = start_server()

    listed = server.request("GET", "/v1.1/images/detail?limit=100&status=active").json["images"]
    assert backup.keys() <= {image["id"] for image in listed}
    for image_id, digest in backup.items():
        assert sha512(server.request("GET", f"/v1/images/{image_id}").body).hexdigest() == digest


def test_nobody_else_can_read_a_backup(backup: dict[str, str], tmp_path: Path) -> None:
    assert backup
    assert [path for path in (tmp_path / "backup").rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []
