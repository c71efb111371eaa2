"""The commands of the README, run as they are written there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import servers

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

#: Where a service listens that nobody told otherwise; the one under test has a free port.
ADDRESS = "127.0.0.1:9292"


def test_a_new_user_sends_a_real_image_finds_it_and_gets_it_back(start_server, tmp_path, missing):
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
    found, _ = json.JSONDecoder().raw_decode(result.stdout[result.stdout.index("{") :])
    assert [image["name"] for image in found["images"]] == ["ipxe"]
    assert "Images are identical." in result.stdout
    assert (tmp_path / "again.qcow2").read_bytes() == (tmp_path / "ipxe.qcow2").read_bytes()
