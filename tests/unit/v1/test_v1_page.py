"""docs/api/v1.md against the table of routes."""

import re
from pathlib import Path

from calotype.faces import v1, versions

PAGE = Path(__file__).parents[3] / "docs" / "api" / "v1.md"


def test_the_page_names_every_route_and_no_other() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Routes\n")[2].partition("\n## ")[0]

    named = set(re.findall(r"`([A-Z]+) (/[^`]*)`", section))

    assert named == {(route.method, route.path) for route in v1.face(versions.write_one).routes}
