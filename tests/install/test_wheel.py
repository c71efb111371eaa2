"""The wheel: what is in it, and the README's story with the program that comes out of it."""

import re
import shutil
import subprocess
import sys
import venv
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import calotype
import readme
import servers

ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "requirements/serve.in", "src")
LIMIT_S = 300


def pip(python: str | Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "pip", *arguments, "--disable-pip-version-check", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built as `make wheel` does it, from a copy: a build leaves folders behind."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        (copy / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, copy / name)
    built = pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", copy / "dist", copy)
    assert built.returncode == 0, built.stderr
    (found,) = (copy / "dist").iterdir()
    return found


def metadata(wheel: Path):
    with ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_it_holds_every_module_the_migrations_the_page_the_licence_and_the_mark_of_types_and_nothing_else(wheel):
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    source = wheel.parents[1] / "src"
    ours = {str(path.relative_to(source)) for path in (source / "calotype").rglob("*.py")} | {"calotype/py.typed"}
    ours |= {f"calotype/faces/web/{name}" for name in ("index.html", "page.css", "page.js", "openapi.json")}

    assert {name for name in names if ".dist-info/" not in name} == ours
    assert "calotype/catalogue/migrations/r0001.py" in ours
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")] != []


def test_it_is_for_any_machine_and_says_what_it_is(wheel):
    said = metadata(wheel)

    assert wheel.name == f"calotype-{calotype.__version__}-py3-none-any.whl"
    assert (said["Name"], said["Version"]) == ("calotype", calotype.__version__)
    assert (said["License-Expression"], said["Requires-Python"]) == ("Apache-2.0", ">=3.11")


def test_what_it_needs_are_the_ranges_of_the_requirements_each_with_both_ends(wheel):
    asked = {line for line in (ROOT / "requirements/serve.in").read_text().splitlines() if line[:1].isalpha()}
    needed = metadata(wheel).get_all("Requires-Dist")

    assert {canonical(line) for line in needed} == {canonical(line) for line in asked}
    assert [line for line in needed if ">=" not in line or "<" not in line] == []


def canonical(requirement: str) -> tuple[str, frozenset[str]]:
    """Name with extras, and the conditions on its version, in whatever order they stand."""
    name, conditions = re.fullmatch(r"([\w.\-\[\]]+)\s*(.*)", requirement.replace(" ", "")).groups()
    return name, frozenset(conditions.split(","))


@pytest.mark.timeout(2 * LIMIT_S)
def test_installed_into_an_empty_environment_it_serves_the_story_of_the_readme(wheel, tmp_path, missing):
    readme.prepare(tmp_path, missing)
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    pinned = pip(home / "bin/python", "install", "--no-compile", "--require-hashes", "-r", "requirements/serve.txt")
    if pinned.returncode != 0:
        missing(f"an index with the packages of requirements/serve.txt ({pinned.stderr.strip()[-200:]})")

    # Without an index this passes only if what is pinned lies in the ranges that the wheel asks for.
    installed = pip(home / "bin/python", "install", "--no-index", wheel)

    assert installed.returncode == 0, installed.stderr
    assert pip(home / "bin/python", "check").returncode == 0
    program = home / "bin" / "calotype"
    version = subprocess.run([program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert version.strip() == calotype.__version__
    server = servers.start(tmp_path / "log", cwd=tmp_path, command=(program,))
    try:
        readme.tell(server, tmp_path)
        for path in ("/openapi.json", "/docs", "/docs/page.css", "/docs/page.js"):
            assert server.request("GET", path, token=None).status == 200, path
        assert str(home) in Path(f"/proc/{server.process.pid}/maps").read_text()
        assert (
            str(ROOT / "src")
            not in subprocess.run(
                [home / "bin/python", "-c", "import calotype; print(calotype.__path__)"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
    finally:
        assert server.stop() == 0
