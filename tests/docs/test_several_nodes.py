"""docs/operate/scale-out.md and its neighbours: what they say of several nodes, against the program."""

import importlib
import json
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

ROOT = Path(__file__).parents[2]
OPERATE = ROOT / "docs/operate"


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


def test_a_key_of_the_bucket_may_do_what_the_store_does_and_no_more() -> None:
    """By the names that Amazon gives rights: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html."""
    rights = {
        "head_object": "s3:GetObject",
        "get_object": "s3:GetObject",
        "put_object": "s3:PutObject",
        "create_multipart_upload": "s3:PutObject",
        "upload_part": "s3:PutObject",
        "complete_multipart_upload": "s3:PutObject",
        "abort_multipart_upload": "s3:AbortMultipartUpload",
        "list_parts": "s3:ListMultipartUploadParts",
        "delete_object": "s3:DeleteObject",
        "list_objects_v2": "s3:ListBucket",
        "list_multipart_uploads": "s3:ListBucketMultipartUploads",
    }
    store = "".join(path.read_text() for path in (ROOT / "src/calotype/blobs/s3").glob("*.py"))
    asked = set(re.findall(r"[.\"](\w+?)(?:\(|\")", store)) & {
        re.sub("(?<!^)(?=[A-Z])", "_", name).lower() for name in _operations()
    }
    (policy,) = operator_tools.blocks("scale-out.md", "The bucket", "json")

    granted = {right for statement in json.loads(policy)["Statement"] for right in statement["Action"]}
    assert {rights[name] for name in asked} == granted


def _operations() -> list[str]:
    """All that S3 can be asked, as Amazon names it."""
    from botocore.session import Session

    names: list[str] = Session().get_service_model("s3").operation_names
    return names


def test_the_configuration_of_all_nodes_is_one(tmp_path: Path) -> None:
    (configuration,) = operator_tools.blocks("scale-out.md", "One configuration for all nodes", "toml")
    (tmp_path / "calotype.toml").write_text(configuration)

    shown = servers.run("config", "show", "--config", "calotype.toml", cwd=tmp_path)

    assert shown.returncode == 0, shown.stderr
    assert 'public_endpoint = "https://images.example"' in shown.stdout
