"""Programs that read an image's data by ranges from where version 2 has them: aria2, nbdkit's curl plugin, qemu-img.

How each is told its token, and that qemu's curl driver cannot be told one, is in docs/clients.md.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import servers
from servers import Server

LIMIT_S = 60


@pytest.fixture(scope="module")
def disk(qcow2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A qcow2 of 16 MiB and a little more, of data that do not repeat, so that each of eight connections has some."""
    folder = tmp_path_factory.mktemp("disk")
    raw, disk = folder / "disk.raw", folder / "disk.qcow2"
    blocks = (hashlib.sha512(number.to_bytes(8, "big")).digest() for number in range((16 << 20) // 64))
    raw.write_bytes(b"".join(blocks))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk], check=True, timeout=LIMIT_S)
    return disk


@pytest.fixture
def needs(missing: Callable[[str], NoReturn]) -> Callable[..., None]:
    """Says what a test needs: a program, and the Debian package that has it."""

    def look(program: str, package: str) -> None:
        if shutil.which(program) is None:
            missing(f"{program} of Debian's package {package}")

    return look


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running service that asks nobody who they are."""
    running = servers.start(tmp_path_factory.mktemp("open") / "log", "--ephemeral", "--auth", "none")
    yield running
    running.stop()


def run(*command: str | Path) -> str:
    """What *command* prints."""
    result = subprocess.run(command, env=servers.environment(), capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def ranges_of(server: Server, image_id: str) -> int:
    """How many of the image's answers were a part."""
    path = re.escape(f"/v2/images/{image_id}/file")
    return len(re.findall(rf"method=GET path={path} status=206 ", server.log.read_text()))


def test_aria2_downloads_over_eight_connections(server: Server, upload, disk, needs, tmp_path):
    needs("aria2c", "aria2")
    image_id = upload(server, "in eight parts", disk)
    digest = hashlib.sha256(disk.read_bytes()).hexdigest()

    said = run(
        *("aria2c", "--no-conf", "-x8", "-s8", "--min-split-size=1M", "--file-allocation=none"),
        *(f"--checksum=sha-256={digest}", f"--header=X-Auth-Token: {server.token_of()}"),
        *(f"--dir={tmp_path}", "--out=disk.qcow2", f"{server.url}/v2/images/{image_id}/file"),
    )

    assert "Verification finished successfully" in said or "(OK)" in said
    assert (tmp_path / "disk.qcow2").read_bytes() == disk.read_bytes()
    assert ranges_of(server, image_id) >= 7


def test_nbdkit_serves_an_image_to_qemu_img_with_a_token_in_a_header(server: Server, upload, disk, needs, tmp_path):
    needs("nbdkit", "nbdkit")
    image_id = upload(server, "by nbdkit", disk)
    copy = tmp_path / "copy.qcow2"

    run(
        *("nbdkit", "--readonly", "--exit-with-parent", "--unix", "-", "curl"),
        *(f"{server.url}/v2/images/{image_id}/file", f"header=X-Auth-Token: {server.token_of()}"),
        *("--run", f'qemu-img convert -f qcow2 -O qcow2 "$uri" {copy}'),
    )

    assert "Images are identical." in run("qemu-img", "compare", disk, copy)
    assert ranges_of(server, image_id) > 1


def test_nbdinfo_sees_how_large_an_image_is(server: Server, upload, disk, needs):
    needs("nbdinfo", "libnbd-bin")
    image_id = upload(server, "by nbdinfo", disk)

    said = run(
        *("nbdkit", "--readonly", "--exit-with-parent", "--unix", "-", "curl"),
        *(f"{server.url}/v2/images/{image_id}/file", f"header=X-Auth-Token: {server.token_of()}"),
        *("--run", 'nbdinfo --size "$uri"'),
    )

    assert int(said) == disk.stat().st_size


def test_qemu_img_reads_an_image_where_nobody_has_to_say_who_they_are(open_server: Server, upload, disk, tmp_path):
    image_id = upload(open_server, "by qemu", disk)
    url = f"{open_server.url}/v2/images/{image_id}/file"
    copy = tmp_path / "copy.raw"

    information = run("qemu-img", "info", url)
    run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", url, copy)

    assert "file format: qcow2" in information
    assert "virtual size: 16 MiB" in information
    assert "Images are identical." in run("qemu-img", "compare", disk, copy)
    assert ranges_of(open_server, image_id) > 1


def test_qemu_img_takes_an_image_for_the_backing_of_another(open_server: Server, upload, disk, tmp_path):
    image_id = upload(open_server, "under an overlay", disk)
    overlay = tmp_path / "overlay.qcow2"
    backing = f'json:{{"driver": "qcow2", "file": {{"driver": "http", "url": "{open_server.url}/v2/images/{image_id}/file"}}}}'

    run("qemu-img", "create", "-f", "qcow2", "-F", "qcow2", "-b", backing, overlay)

    assert "Images are identical." in run("qemu-img", "compare", disk, overlay)
