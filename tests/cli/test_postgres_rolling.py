"""Nodes of two releases over one PostgreSQL: the newer one upgrades the schema while the older one serves.

Source: docs/design/0012-postgresql.md, "The schema".
"""

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

import calotype
import servers
from calotype.catalogue import migrations
from servers import Server

NEWER = "9999"

STEP = '''"""One more, of a release that is not there yet."""

from alembic.operations import Operations
from sqlalchemy import Column, PrimaryKeyConstraint, Text, text

OLDEST_PROGRAM_REVISION = "{oldest}"


def upgrade(operations: Operations) -> None:
    operations.add_column("images", Column("motto", Text, nullable=True))
    operations.create_table("mottos", Column("id", Text, nullable=False), PrimaryKeyConstraint("id"))
    operations.execute(text("SELECT pg_sleep({pause_s})"))
'''


def newer_program(folder: Path, *, oldest: str, pause_s: float = 0) -> list[str | Path]:
    """How a program is called that is this one and has a step more, which takes *pause_s* longer."""
    package = folder / "newer" / "calotype"
    shutil.copytree(Path(calotype.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    steps = package / "catalogue" / "migrations"
    text = (steps / "__init__.py").read_text()
    last = f'"{migrations.CURRENT}")'
    assert last in text
    (steps / "__init__.py").write_text(text.replace(last, f'"{migrations.CURRENT}", "{NEWER}")'))
    (steps / f"r{NEWER}.py").write_text(STEP.format(oldest=oldest, pause_s=pause_s))
    code = f"import sys; sys.path.insert(0, {str(package.parent)!r}); from calotype.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code]


def make_with_data(service: Server, name: str) -> None:
    body = json.dumps({"name": name, "disk_format": "raw", "container_format": "bare", "mood": name}).encode()
    made = service.request("POST", "/v2/images", body, {"Content-Type": "application/json"})
    assert made.status == 201
    assert service.request("PUT", f"/v2/images/{made.json['id']}/file", name.encode()).status == 204


def seen(service: Server) -> dict[str, tuple[str, str]]:
    """Property and data of each image, by its name."""
    images = service.request("GET", "/v2/images?sort=name:asc").json["images"]
    return {
        image["name"]: (image["mood"], service.request("GET", f"/v2/images/{image['id']}/file").text)
        for image in images
    }


def test_an_old_node_goes_on_serving_while_a_newer_one_upgrades_and_afterwards(
    postgres_url: str, tmp_path: Path, start_server: Callable[..., Server]
) -> None:
    blobs = f"local=file://{tmp_path / 'blobs'}"
    env = {"CALOTYPE_DATABASE": postgres_url, "CALOTYPE_STORE": blobs}
    old = start_server("--data-dir", tmp_path / "old", **env)
    make_with_data(old, "by-the-old")
    token = old.token_of()
    answers: list[tuple[int, float]] = []
    is_upgraded = threading.Event()

    def ask_on() -> None:
        while not is_upgraded.is_set():
            began = time.monotonic()
            status = old.request("GET", "/v2/images?limit=1", token=token).status
            answers.append((status, time.monotonic() - began))

    asking = threading.Thread(target=ask_on)
    asking.start()
    # A reader that holds the table when the step comes: the step has to wait, and must hold up nobody meanwhile.
    holder = psycopg.connect(postgres_url)
    holder.execute("SELECT count(*) FROM images")
    letting_go = threading.Timer(4, holder.close)
    letting_go.start()
    (tmp_path / "new").mkdir()
    shutil.copy(tmp_path / "old" / "credentials.json", tmp_path / "new")
    program = newer_program(tmp_path, oldest=migrations.CURRENT, pause_s=0.3)
    try:
        new = servers.start(tmp_path / "new.log", "--data-dir", tmp_path / "new", cwd=tmp_path, command=program, **env)
    finally:
        is_upgraded.set()
        asking.join(60)
        letting_go.join(60)
    try:
        with psycopg.connect(postgres_url) as looking:
            row = looking.execute("SELECT revision, oldest_program_revision FROM schema_version").fetchone()
        make_with_data(new, "by-the-new")
        make_with_data(old, "by-the-old-again")
        assert old.stop() == 0
        restarted = start_server("--data-dir", tmp_path / "old", **env)

        assert row == (NEWER, migrations.CURRENT)
        assert {status for status, _ in answers} == {200}
        assert len(answers) > 20
        assert max(took_s for _, took_s in answers) < 3
        wanted = {name: (name, name) for name in ("by-the-new", "by-the-old", "by-the-old-again")}
        assert seen(restarted) == seen(new) == wanted
    finally:
        new.stop()


def test_a_step_that_old_programs_cannot_bear_keeps_them_from_starting(
    postgres_url: str, tmp_path: Path, start_server: Callable[..., Server]
) -> None:
    env = {"CALOTYPE_DATABASE": postgres_url}
    program = newer_program(tmp_path, oldest=NEWER)
    new = servers.start(tmp_path / "new.log", "--data-dir", tmp_path / "new", cwd=tmp_path, command=program, **env)
    new.stop()

    ended = servers.run("serve", "--port", "0", "--data-dir", tmp_path / "old", cwd=tmp_path, **env)

    assert ended.returncode == 5
    assert NEWER in ended.stderr
    assert ended.stderr.count("\n") == 1
