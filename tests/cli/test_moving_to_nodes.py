"""docs/operate/scale-out.md, "From SQLite and files to PostgreSQL and S3", as it is written there."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

import operator_tools
import servers
from databases import PostgresServer
from seaweed import SeaweedFS
from servers import Server

#: Every command of a document is a program that starts, a dozen of them Calotype.
pytestmark = pytest.mark.timeout(300)

TITLE = "From SQLite and files to PostgreSQL and S3"
META = {"x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare"}


@pytest.fixture
def before(start_server: Callable[..., Server]) -> Server:
    """A service on SQLite and files, with what may be there; it has ended."""
    server = start_server()
    for number in range(3):
        named = {"x-image-meta-name": f"image {number}", "x-image-meta-property-note": 'a "b", \n'.strip()}
        made = server.request("POST", "/v1/images", bytes([number]) * 70_000, META | named)
        assert made.status == 201, made.body
    image_id = made.json["image"]["id"]
    assert server.request("DELETE", f"/v1/images/{image_id}").status == 200
    for command in (
        "project set calotype --quota-images 3",
        "user create ann",
        "role grant member --user ann --project calotype",
        "credential create robot --user ann --project calotype",
    ):
        servers.run(*command.split(), cwd=server.folder.parent).check_returncode()
    server.stop()
    return server


@pytest.fixture
def after(
    before: Server,
    tmp_path: Path,
    postgres_18: PostgresServer,
    seaweed: SeaweedFS,
    missing: Callable[[str], NoReturn],
    start_server: Callable[..., Server],
) -> Server:
    """A node over the database and the bucket to which all that was moved."""
    bucket, url = seaweed.new_bucket(), postgres_18.new_database()
    database = url.split("/")[3].partition("?")[0]
    tools = operator_tools.environment(tmp_path, database, postgres_18, seaweed, missing)
    (tmp_path / "nodes.toml").write_text(
        f'database = "{url}"\nstore = ["local=s3://{bucket}?endpoint={seaweed.endpoint}&region=us-east-1"]\n'
    )
    moving, verifying = operator_tools.blocks("scale-out.md", TITLE)
    run(moving.replace("s3:images", f"s3:{bucket}"), tmp_path, tools)
    folder = tmp_path / "node1"
    folder.mkdir()
    shutil.copy2(before.folder / "credentials.json", folder)

    server = start_server("--data-dir", folder, "--config", "nodes.toml", **operator_tools.keys())
    assert '"whole": 2' in run(verifying.replace("nodes.toml", "nodes.toml --format json"), tmp_path, tools)
    return server


def run(commands: str, folder: Path, tools: dict[str, str]) -> str:
    said = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, env=tools, capture_output=True, text=True, timeout=120
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_images_accounts_and_quotas_are_there_and_bytes_are_what_they_were(
    before: Server, after: Server, tmp_path: Path
) -> None:
    """The quota of three images has room for one more beside the two that were moved."""
    images = after.request("GET", "/v1/images/detail").json["images"]
    assert {image["name"] for image in images} == {"image 0", "image 1"}
    for image in images:
        data = after.request("GET", f"/v1/images/{image['id']}").body
        assert data == bytes([int(image["name"][-1])]) * 70_000
    there = [accounts(cwd=tmp_path, data_dir=folder) for folder in (before.folder, after.folder)]
    assert there[0] == there[1]
    made = [after.request("POST", "/v1/images", headers={**META, "x-image-meta-size": "1"}).status for _ in range(2)]
    assert made == [201, 413]


def accounts(*, cwd: Path, data_dir: Path) -> list[Any]:
    """All projects, users and application credentials of the catalogue that the node in *data_dir* has."""
    named = ["--config", "nodes.toml"] if data_dir.name == "node1" else []
    lists = [
        servers.run(what, "list", "--format", "json", "--data-dir", data_dir, *named, cwd=cwd)
        for what in ("project", "user", "credential")
    ]
    return [json.loads(one.stdout) for one in lists]
