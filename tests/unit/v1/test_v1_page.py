"""docs/api/v1.md against the table of routes."""

import re
from pathlib import Path

from calotype.faces import v1, versions
from calotype.faces.v1.errors import STATUS

PAGE = Path(__file__).parents[3] / "docs" / "api" / "v1.md"


def test_the_page_names_every_route_and_no_other() -> None:
    named = set(re.findall(r"`([A-Z]+) (/[^`]*)`", section("Routes")))

    assert named == {(route.method, route.path) for route in v1.face(versions.write_one).routes}


def test_the_page_names_every_code_but_that_of_bugs() -> None:
    named = {int(code) for code in re.findall(r"^\| ([0-9]{3}) \|", section("Errors"), re.MULTILINE)}

    assert named >= set(STATUS.values()) - {500}


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
