"""The README's story: its commands as they are written there, run beside a service, and what must have come of them."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import servers

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

#: Where a service listens that nobody told otherwise; the one under test has a free port.
ADDRESS = "127.0.0.1:9292"


def prepare(folder: Path, missing: Callable[[str], NoReturn]) -> None:
    """Put into *folder* what the story finds in a clone; calls *missing* for what this machine lacks."""
    for needed in (Path("/usr/lib/ipxe/ipxe.iso"), ROOT / ".venv-clients" / "bin" / "openstack"):
        if not needed.exists():
            missing(str(needed.name))
    if shutil.which("qemu-img") is None:
        missing("qemu-img")
    for name in ("Makefile", "requirements", ".venv-clients"):
        (folder / name).symlink_to(ROOT / name)


def tell(server: servers.Server, folder: Path) -> None:
    """Run the story in *folder*, where *server* keeps its data in `data`, and look at what it leaves."""
    first, *story, last = BLOCK.findall((ROOT / "README.md").read_text())
    assert (first.strip(), last.strip()) == ("make serve", ".venv/bin/calotype serve --ephemeral --port 0")
    script = "".join(story).replace(ADDRESS, f"{server.host}:{server.port}")
    result = servers.run_script(script, folder, timeout_s=100)

    assert result.returncode == 0, result.stderr
    found, changed = _documents(result.stdout)
    assert [image["name"] for image in found["images"]] == ["ipxe"]
    assert (changed["image"]["id"], changed["image"]["min_ram"]) == (found["images"][0]["id"], 64)
    assert {"os_distro": "ipxe", "boots": "network"}.items() <= changed["image"]["properties"].items()
    assert "Images are identical." in result.stdout
    sent = (folder / "ipxe.qcow2").read_bytes()
    assert [(folder / name).read_bytes() == sent for name in ("again.qcow2", "resumed.qcow2")] == [True, True]
    assert re.search(r"path=/v2/images/\S+/file status=206", server.log.read_text())
    left = server.request("GET", "/v2/images").json["images"]
    assert [image["name"] for image in left] == ["ipxe-iso"]


def _documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects that *text* has among other lines."""
    found = []
    while "{" in text:
        document, end = json.JSONDecoder().raw_decode(text := text[text.index("{") :])
        found.append(document)
        text = text[end:]
    return found
