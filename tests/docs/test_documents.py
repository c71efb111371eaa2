"""The documents against the program: what one has the other has."""

import re
import subprocess
from pathlib import Path

import pytest

from calotype import app, cli, config
from calotype.faces.identity import errors as identity_errors
from calotype.faces.v1 import errors as v1_errors
from calotype.faces.v2 import errors as v2_errors
from calotype.processes.exits import Exit

ROOT = Path(__file__).parents[2]
CONFIGURE = (ROOT / "docs/operate/configure.md").read_text()

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
MENTION = re.compile(r"docs/[\w./-]+\.md")


def tracked(*patterns: str) -> list[Path]:
    """The files of the project; where there is no repository, all that are there."""
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]
    return [path for pattern in patterns for path in ROOT.rglob(pattern) if ".venv" not in str(path)]


def table(text: str, title: str) -> dict[str, list[str]]:
    """The rows of all tables below the heading *title*, by the code in their first column."""
    section = re.split(rf"^#+ {re.escape(title)}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in cells if not set(row[0]) <= {"-"}}


def direct(requirements: Path) -> set[str]:
    """The packages that a file of direct requirements names, without their ranges."""
    return {re.split("[<>=]", line)[0].strip() for line in requirements.read_text().splitlines() if line[:1].isalnum()}


def commands() -> set[str]:
    """Every command that does something, as one types it."""
    root = cli.command_line()
    found = set()
    for name in (name for name in root if not name.startswith("-")):
        below = [child for child in root[name] if not child.startswith("-")]
        found |= {f"calotype {name} {child}" for child in below} or {f"calotype {name}"}
    return found


@pytest.mark.parametrize("page", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_that_the_program_cites_is_there():
    cited = {
        page
        for path in tracked("src", "tests", "bench")
        if path.suffix == ".py"
        for page in MENTION.findall(path.read_text())
    }

    assert cited
    assert sorted(page for page in cited if not (ROOT / page).exists()) == []


def test_every_option_is_explained_with_its_default():
    documented = {name: row[0].strip("`") for name, row in table(CONFIGURE, "Options").items() if name != "option"}

    assert documented == dict(config.values(config.Settings()))


def test_every_command_is_explained():
    documented = {
        " ".join(word for word in name.split() if not word.isupper()) for name in table(CONFIGURE, "Commands")
    }

    assert documented - {"command"} == commands()


def test_every_exit_code_is_explained():
    documented = set(table(CONFIGURE, "Exit codes")) - {"code"}

    assert documented == {str(code.value) for code in Exit}


@pytest.mark.parametrize(
    ("requirements", "title"),
    [
        ("serve.in", "To serve"),
        ("check.in", "To check and test"),
        ("clients.in", "Real clients"),
        ("automation.in", "Real clients that only tests start"),
        ("collection.in", "Real clients in a package of their own"),
        ("schemathesis.in", "What asks by the OpenAPI document"),
        ("glance.in", "The reference beside us"),
        ("tempest.in", "The tests of the reference's project"),
    ],
)
def test_every_dependency_has_a_reason_and_every_reason_a_dependency(requirements, title):
    needed = direct(ROOT / "requirements" / requirements)
    explained = table((ROOT / "docs/design/dependencies.md").read_text(), title)

    assert set(explained) - {"package"} == needed
    assert all(reason for (reason,) in explained.values())


@pytest.mark.parametrize(
    "name", ["serve", "check", "clients", "automation", "collection", "schemathesis", "glance", "tempest"]
)
def test_every_dependency_is_pinned_with_a_hash_and_no_address(name):
    pins = (ROOT / "requirements" / f"{name}.txt").read_text()
    lines = [line for line in pins.splitlines() if "==" in line]

    wanted = {
        re.sub(r"[._]", "-", package.partition("[")[0]).lower() for package in direct(ROOT / f"requirements/{name}.in")
    }
    assert wanted <= {line.partition("==")[0].partition("[")[0] for line in lines}
    assert [line for line in lines if not line.endswith(" \\")] == []
    assert "://" not in pins


def test_every_route_is_in_a_document():
    pages = "\n".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    faces = app.join_faces(config.Settings(), checks=None)
    prefixes = ("/v1.0", "/v1.1", "/v1", "/identity/v3", "/v3")
    missing = set()
    for method, sent, _ in faces.table():
        path = re.sub(r"^/v2\.\d+", "/v2", sent)
        short = next((path.removeprefix(prefix) for prefix in prefixes if path.startswith(prefix + "/")), path)
        if not any(f"`{form}`" in pages or f"{form}`" in pages for form in (path, short)):
            missing.add(f"{method} {path}")

    assert sorted(missing) == []


#: Conditions and ranges are for data.
@pytest.mark.parametrize(
    ("page", "errors", "never"),
    [("v1.md", v1_errors, set()), ("v2.md", v2_errors, set()), ("identity.md", identity_errors, {"412", "416"})],
)
def test_every_code_of_an_error_is_explained(page, errors, never):
    sources = [path.read_text() for path in (ROOT / "src").rglob("*.py")]
    of_http = {code for source in sources for code in re.findall(r"HttpError\((\d{3})", source)}
    documented = set(table((ROOT / "docs/api" / page).read_text(), "Errors")) - {"code"}

    assert documented == (of_http - never) | {str(code) for code in errors.STATUS.values()}


def test_make_alone_lists_its_verbs():
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    verbs = [line.split()[1] for line in listed.splitlines()]

    known = "help setup serve wheel clients reference check test proof bench docs clean"
    assert verbs == known.split()


def test_the_readme_is_short_and_shows_what_a_new_user_does():
    readme = (ROOT / "README.md").read_text()

    assert len(readme.splitlines()) <= 120
    assert "make serve" in readme
    assert "/v1.1/images/detail?disk_format=qcow2&status=active&size_min=1" in readme
