"""The commands of the README, run as they are written there."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import servers

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

#: Where a service listens that nobody told otherwise; the one under test has a free port.
ADDRESS = "127.0.0.1:9292"


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects that *text* has among other lines."""
    found = []
    while "{" in text:
        document, end = json.JSONDecoder().raw_decode(text := text[text.index("{") :])
        found.append(document)
        text = text[end:]
    return found


def test_a_new_user_creates_a_real_image_finds_changes_downloads_and_deletes_it(start_server, tmp_path, missing):
    for needed in (Path("/usr/lib/ipxe/ipxe.iso"), ROOT / ".venv-clients" / "bin" / "glance"):
        if not needed.exists():
            missing(str(needed.name))
    if shutil.which("qemu-img") is None:
        missing("qemu-img")
    first, *story, last = BLOCK.findall((ROOT / "README.md").read_text())
    assert (first.strip(), last.strip()) == ("make serve", ".venv/bin/calotype serve --ephemeral --port 0")
    for name in ("Makefile", "requirements", ".venv-clients"):
        (tmp_path / name).symlink_to(ROOT / name)
    server = start_server()

    script = "".join(story).replace(ADDRESS, f"{server.host}:{server.port}")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=servers.environment(),
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert result.returncode == 0, result.stderr
    found, changed = documents(result.stdout)
    assert [image["name"] for image in found["images"]] == ["ipxe"]
    assert (changed["image"]["id"], changed["image"]["min_ram"]) == (found["images"][0]["id"], 64)
    assert changed["image"]["properties"] == {"boots": "network"}
    assert "Images are identical." in result.stdout
    sent = (tmp_path / "ipxe.qcow2").read_bytes()
    assert [(tmp_path / name).read_bytes() == sent for name in ("again.qcow2", "resumed.qcow2")] == [True, True]
    assert re.search(r"path=/v1/images/\S+ status=206", server.log.read_text())
    left = server.request("GET", "/v1/images").json["images"]
    assert [image["name"] for image in left] == ["ipxe-iso"]
