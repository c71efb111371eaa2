"""From clone to service by what the README says, with nothing that this checkout has made."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import disks
import servers

ROOT = Path(__file__).parents[2]
SET_UP_LIMIT_S = 600
QCOW2 = {"x-image-meta-disk-format": "qcow2", "x-image-meta-container-format": "bare"}


@pytest.fixture
def clone(tmp_path, missing) -> Path:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        missing("a repository to clone")
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "calotype"], check=True, timeout=60)
    return tmp_path / "calotype"


def make(clone: Path, *verbs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *verbs], cwd=clone, env=servers.environment(), capture_output=True, text=True, timeout=SET_UP_LIMIT_S
    )


@pytest.mark.proof
@pytest.mark.timeout(SET_UP_LIMIT_S)
def test_make_serve_is_all_that_a_clone_needs_to_take_an_image(clone):
    service = subprocess.Popen(
        ["make", "serve"],
        cwd=clone,
        env=servers.environment(CALOTYPE_PORT="0"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert service.stdout is not None
        (url,) = [line.split()[-1] for line in iter_until_ready(service.stdout)]
        server = servers.Server(service, url, clone / "data", clone / "log", [url])

        answer = server.request("POST", "/v1/images", disks.qcow2(), QCOW2)

        assert answer.status == 201, answer.body
        assert answer.json["image"]["status"] == "active"
        assert (clone / "data" / "openrc").exists()
    finally:
        os.killpg(service.pid, signal.SIGTERM)
        service.communicate(timeout=60)


def iter_until_ready(lines):
    """The line that says the service is ready, as soon as it is said."""
    for line in lines:
        if line.startswith(servers.READY):
            yield line
            return


@pytest.mark.proof
@pytest.mark.timeout(SET_UP_LIMIT_S)
def test_a_second_set_up_installs_nothing(clone):
    assert make(clone, "setup").returncode == 0

    again = make(clone, "setup")

    assert again.returncode == 0
    assert "pip" not in again.stdout
    assert list((clone / "src" / "calotype").rglob("*.pyc"))


@pytest.mark.proof
@pytest.mark.timeout(SET_UP_LIMIT_S)
def test_a_clone_passes_its_own_checks(clone):
    result = make(clone, "check")

    assert result.returncode == 0, result.stdout
