"""docs/operate/calotype.service: what can be known of it where no systemd runs."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import servers
from calotype.config import Settings
from calotype.processes.family import GRACE_S

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "docs/operate/calotype.service").read_text()
DATA = "/var/lib/calotype"
PROGRAM = "/opt/calotype/bin/calotype"


def values(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, flags=re.MULTILINE)


@pytest.fixture
def analyze(tmp_path, missing):
    """Runs systemd-analyze on the unit with a program that is there, and the drop-in of the documents beside it."""
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze of Debian's package systemd")
    unit = tmp_path / "calotype.service"
    unit.write_text(UNIT.replace(PROGRAM, str(servers.PROGRAM)))
    (drop_in,) = re.findall(
        r"^```ini\n(.*?)^```$", (ROOT / "docs/operate/install.md").read_text(), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "calotype.service.d").mkdir()
    (tmp_path / "calotype.service.d" / "override.conf").write_text(drop_in)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["systemd-analyze", *arguments, unit], capture_output=True, text=True, timeout=60)

    return run


def test_systemd_finds_nothing_wrong_with_the_unit(analyze):
    result = analyze("verify", "--man=no")

    assert (result.returncode, result.stderr) == (0, "")


def test_systemd_counts_it_among_the_closed_ones(analyze):
    """Its scale goes from 0, closed, to 100 for a service without any such line."""
    assert analyze("security", "--offline=true", "--threshold=20").returncode == 0


def test_its_command_starts_a_service_that_answers_and_ends_with_0(tmp_path):
    (line,) = values("ExecStart")
    program, verb, *flags = shlex.split(
        line.replace(PROGRAM, str(servers.PROGRAM)).replace(DATA, str(tmp_path / "data"))
    )
    assert (program, verb) == (str(servers.PROGRAM), "serve")

    server = servers.start(tmp_path / "log", *flags, command=(program,))

    try:
        assert server.request("GET", "/v1/images").json == {"images": []}
        assert (tmp_path / "data" / "catalogue.sqlite").exists()
    finally:
        assert server.stop() == 0


def test_all_it_may_write_to_is_the_folder_that_its_command_names():
    assert values("StateDirectory") == [Path(DATA).name]
    assert values("ProtectSystem") == ["strict"]
    assert f"--data-dir {DATA}" in values("ExecStart")[0]


def test_it_is_given_longer_to_end_than_it_takes():
    http = Settings().http

    assert int(values("TimeoutStopSec")[0]) > http.drain_timeout_s + http.give_up_timeout_s + 2 * GRACE_S
