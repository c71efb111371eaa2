"""Image data by GET. Source: docs/api/v1.md, "Download"; who is refused is told in download.yaml."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from asking import V1


@pytest.fixture(scope="module")
def v1(tell: Callable[[Any], AbstractContextManager[int]]) -> Iterator[V1]:
    with tell({}) as port:
        yield V1(port)


@pytest.mark.parametrize("prefix", ["/v1", "/v1.0", "/v1.1"])
@pytest.mark.parametrize("size", [1, 65_536, 5_000_001])
def test_data_come_with_length_type_and_metadata(v1: V1, prefix: str, size: int) -> None:
    data = os.urandom(size)
    image = v1.put_in(data, name="Größe", **{"property-os": "debian"})

    answer = v1.ask("GET", f"{prefix}/images/{image['id']}")

    assert (answer.status, answer.body) == (200, data)
    assert answer.headers["Content-Length"] == str(size)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["ETag"] == image["checksum"]
    assert (answer.meta["id"], answer.meta["size"], answer.meta["property-os"]) == (image["id"], str(size), "debian")
    assert answer.meta["name"].encode("latin-1").decode() == "Größe"


def test_data_and_head_say_the_same_metadata(v1: V1) -> None:
    image = v1.put_in(b"data")

    path = f"/v1/images/{image['id']}"
    assert v1.ask("GET", path).meta == v1.ask("HEAD", path).meta


def test_others_do_not_get_what_is_mine(v1: V1) -> None:
    image = v1.put_in(b"data")

    assert v1.ask("GET", f"/v1/images/{image['id']}", caller="other").status == 404
    assert v1.ask("GET", f"/v1/images/{image['id']}", caller="admin").body == b"data"


def test_a_bootable_iso_and_the_qcow2_made_of_it_come_back_equal(
    v1: V1, tmp_path: Path, missing: Callable[[str], None]
) -> None:
    iso, qcow2 = Path("/usr/lib/ipxe/ipxe.iso"), tmp_path / "ipxe.qcow2"
    if not iso.exists() or shutil.which("qemu-img") is None:
        missing("Debian's packages ipxe and qemu-utils")
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", iso, qcow2], check=True)

    for path, disk_format in ((iso, "iso"), (qcow2, "qcow2")):
        image = v1.put_in(path.read_bytes(), disk_format=disk_format)
        back = tmp_path / f"back.{disk_format}"
        back.write_bytes(v1.ask("GET", f"/v1.1/images/{image['id']}").body)

        assert image["virtual_size"] == iso.stat().st_size
        subprocess.run(
            ["qemu-img", "compare", "-f", "raw" if path == iso else "qcow2", "-F", "raw", back, iso], check=True
        )
