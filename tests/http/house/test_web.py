"""The OpenAPI document and the page that shows it."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import calotype
from calotype.faces import web
from calotype.service.options import ServiceOptions
from servers import Server

BROWSER = "chromium-headless-shell"
PAGES = {
    "/docs": "text/html; charset=UTF-8",
    "/docs/": "text/html; charset=UTF-8",
    "/docs/page.css": "text/css; charset=UTF-8",
    "/docs/page.js": "text/javascript; charset=UTF-8",
    "/openapi.json": "application/json",
}


@pytest.mark.parametrize("path", PAGES)
def test_everybody_gets_it_as_what_it_is_and_nothing_else(server: Server, path: str) -> None:
    answer = server.request("GET", path, token=None)
    without_body = server.request("HEAD", path, token=None)

    assert answer.status == without_body.status == 200
    assert answer.headers["Content-Type"] == PAGES[path]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert without_body.body == b""
    assert int(without_body.headers["Content-Length"]) == len(answer.body)


def test_the_document_tells_of_the_release_that_runs(server: Server) -> None:
    document = server.request("GET", "/openapi.json", token=None).json

    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == calotype.__version__


def test_without_v1_nothing_is_told_of_it() -> None:
    told = web.document(ServiceOptions(), v1_enabled=False)

    assert [path for path in told["paths"] if path.startswith("/v1")] == []
    assert [tag["name"] for tag in told["tags"] if "v1" in tag["name"]] == []
    assert "/v1/images" in web.document(ServiceOptions(), v1_enabled=True)["paths"]


def test_the_formats_are_those_that_the_options_offer() -> None:
    told = web.document(ServiceOptions(disk_formats=("raw", "zvhd")), v1_enabled=True)

    assert told["components"]["schemas"]["DiskFormat"]["enum"] == ["raw", "zvhd"]


def test_the_page_runs_no_script_of_its_own_text_and_loads_nothing_from_elsewhere(server: Server) -> None:
    page = server.request("GET", "/docs", token=None)
    policy = page.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page.body.decode()) == [""]
    for path in ("/docs", "/docs/page.css", "/docs/page.js"):
        assert b"//" not in re.sub(rb"^ *//.*$", b"", server.request("GET", path, token=None).body, flags=re.MULTILINE)


def test_a_path_below_that_is_not_there_is_404(server: Server) -> None:
    assert server.request("GET", "/docs/../faces", token=None).status == 404
    assert server.request("GET", "/docs/index.html", token=None).status == 404
    assert server.request("POST", "/docs", b"", token=None).status == 405


def test_a_browser_shows_every_operation(server: Server, tmp_path: Path, missing: Callable[[str], None]) -> None:
    if shutil.which(BROWSER) is None:
        missing(f"Debian's package {BROWSER}")
    flags = ["--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000"]

    shown = subprocess.run(
        [BROWSER, *flags, "--dump-dom", f"{server.url}/docs"], capture_output=True, text=True, timeout=60, check=True
    ).stdout

    operations = [
        operation["operationId"]
        for item in web.document(ServiceOptions(), v1_enabled=True)["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    ]
    assert sorted(re.findall(r'<article id="(\w+)"', shown)) == sorted(operations)
    assert f"Calotype {calotype.__version__}</h1>" in shown
    assert "undefined" not in shown
    assert "[object" not in shown
