"""Where the numbers lie, against the route tables and the codes that the program answers with."""

import re
from pathlib import Path

import pytest

import calotype
from calotype import app
from calotype.config import Settings
from calotype.faces.identity import errors as identity_errors
from calotype.faces.v1 import errors as v1_errors
from calotype.faces.v2 import errors as v2_errors
from calotype.http.meter import Direction
from calotype.metrics import layout
from calotype.metrics.board import CELLS
from calotype.metrics.layout import OTHER, Layout
from calotype.metrics.node import Node
from calotype.metrics.requests import RequestMeter

PAGE = Path(__file__).parents[3] / "docs/operate/metrics.md"

SOURCES = Path(calotype.__file__).parent


@pytest.fixture
def node() -> Node:
    return Node(1, 0.0)


@pytest.fixture
def its_layout() -> Layout:
    return Layout()


@pytest.fixture
def meter(node, its_layout) -> RequestMeter:
    return RequestMeter(node.worker(0).row, its_layout, app.join_faces(Settings(), checks=None).labels())


def counted(node: Node, its_layout: Layout) -> dict[tuple[str, ...], float]:
    """Requests by face, method, route and status."""
    (block,) = [block for block in its_layout.blocks if block.family.name == "calotype_http_requests_total"]
    return {
        (*values, status): number
        for values, numbers in layout.totals(node.board, block)
        for status, number in zip(block.columns, numbers, strict=True)
        if number
    }


def test_a_row_has_room_for_far_more_stores_and_routes_than_there_are():
    its_layout = Layout([f"store{number}" for number in range(256)])
    rows = [*app.join_faces(Settings(), checks=None).labels()]

    requests = its_layout.add_requests([*rows, *((f"{face}2", method, route) for face, method, route in rows)])

    assert requests.sent.end < CELLS / 2


def test_every_code_that_the_program_answers_with_has_a_column():
    text = "\n".join(path.read_text() for path in SOURCES.rglob("*.py"))
    written = {int(code) for code in re.findall(r"(?:HttpError\(|BrokenBody\(|status=|\.status == )(\d{3})\b", text)}
    tables = {code for errors in (v1_errors, v2_errors) for code in errors.STATUS.values()}
    tables |= {int(code) for code in re.findall(r": (\d{3})\b", Path(identity_errors.__file__).read_text())}

    assert len(written) > 15
    assert written | tables <= set(layout.STATUSES)


def test_the_page_says_how_many_series_there_can_be(meter, its_layout):
    blocks = {block.family.name: block for block in its_layout.blocks}
    answered = blocks["calotype_http_requests_total"]
    said = re.search(r"(\d+) rows of face.* \((\d+) at most.* (\d+) pairs of face", PAGE.read_text())

    assert said is not None
    routes = blocks["calotype_http_request_duration_seconds"].rows
    assert [int(number) for number in said.groups()] == [len(answered.rows), answered.width, len(routes)]


def test_a_request_is_counted_under_its_route(meter, node, its_layout):
    meter.began()
    meter.answered("v2", "GET", "/v2/images/{image_id}", 200, 0.003)

    assert counted(node, its_layout) == {("v2", "GET", "/v2/images/{image_id}", "200"): 1}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("v2", "GET", None, 404), ("v2", "GET", OTHER, "404")),
        (("v2", "GET", "/v2/never/heard/of", 404), ("v2", "GET", OTHER, "404")),
        (("v2", "BREW", None, 501), ("v2", OTHER, OTHER, "501")),
        (("versions", "DELETE", "/", 300), ("versions", "DELETE", OTHER, "300")),
        ((None, "GET", None, 400), ("none", "GET", OTHER, "400")),
        (("v1", "GET", "/v1/images", 599), ("v1", "GET", "/v1/images", OTHER)),
    ],
)
def test_what_no_table_has_is_counted_as_other(meter, node, its_layout, told, expected):
    face, method, route, status = told
    meter.began()
    meter.answered(face, method, route, status, 0.0)
    meter.moved(Direction.SENT, face, route, 10)

    assert counted(node, its_layout) == {expected: 1}
