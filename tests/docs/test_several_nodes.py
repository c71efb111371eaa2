"""docs/operate/scale-out.md and its neighbours: what they say of several nodes, against the program."""

import importlib
import re
import subprocess
from pathlib import Path

import pytest
from test_documents import table

import operator_tools
import servers
from calotype.catalogue import migrations
from calotype.config import Settings, values
from databases import PostgresServer

OPERATE = Path(__file__).parents[2] / "docs/operate"


def test_the_revisions_and_what_may_work_beside_each_are_those_of_the_program() -> None:
    documented = {
        name: row[0]
        for name, row in table((OPERATE / "upgrade.md").read_text(), "Several nodes").items()
        if name[0] == "0"
    }

    steps = {step: importlib.import_module(f"{migrations.__name__}.r{step}") for step in migrations.REVISIONS}
    assert documented == {name: step.OLDEST_PROGRAM_REVISION for name, step in steps.items()}


def test_the_database_tells_its_revision_and_the_oldest_program(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    servers.run("catalogue", "load", tmp_path / "empty.jsonl", CALOTYPE_DATABASE=postgres_url).check_returncode()
    (command,) = operator_tools.blocks("upgrade.md", "Several nodes")

    told = subprocess.run(
        ["bash", "-c", command.replace("psql", f"psql -At -d '{postgres_url}'")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split("|")[0] == migrations.CURRENT


#: What is written like an option and is somebody else's: nginx's directives, PostgreSQL's settings, our metrics and tables.
OF_OTHERS = {
    "least_conn",
    "error_page",
    "max_connections",
    "calotype_http_transfers_in_progress",
    "schema_version",
    "application_credentials",
    "role_assignments",
    "max_fails",
    "pg_dump",
}


@pytest.mark.parametrize("page", ["scale-out.md", "upgrade.md"])
def test_every_option_that_the_page_names_is_one(page: str) -> None:
    named = re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`", (OPERATE / page).read_text())

    assert set(named) - OF_OTHERS - dict(values(Settings())).keys() == set()


def test_a_new_role_and_a_database_of_its_own_are_all_that_nodes_need(
    postgres_18: PostgresServer, tmp_path: Path
) -> None:
    (command,) = operator_tools.blocks("scale-out.md", "The database")
    environment = servers.environment(**postgres_18.variables())
    name = "calotype_of_the_document"
    subprocess.run(
        ["bash", "-ec", command.replace("calotype", name)], env=environment, capture_output=True, check=True, timeout=60
    )
    url = postgres_18.url(name).replace("postgres@", f"{name}@")

    running = servers.start(tmp_path / "log", "--data-dir", tmp_path / "data", CALOTYPE_DATABASE=url)
    try:
        assert running.request("GET", "/readyz", token=None).status == 200
        assert running.request("GET", "/v2/images").json["images"] == []
    finally:
        running.stop()
