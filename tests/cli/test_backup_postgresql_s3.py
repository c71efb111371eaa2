"""docs/operate/backup.md, the part about PostgreSQL and S3, as it is written there."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha512
from pathlib import Path
from typing import NoReturn

import pytest
from test_backup import Users, upload

import operator_tools
import servers
from databases import PostgresServer
from seaweed import SeaweedFS
from servers import Server

#: Every command of a document is a program that starts.
pytestmark = pytest.mark.timeout(300)

PAGE = "backup.md"
BACKUP, RESTORE = "Backup of PostgreSQL and S3", "Restore of PostgreSQL and S3"
LIMIT_S = 120


@dataclass
class Backup:
    """A service over a database and a bucket, and the backup of them in *folder*, made while it served others.

    *images*: digests by id of those that were there before it began.
    """

    folder: Path
    server: Server
    database: str
    bucket: str
    tools: dict[str, str]
    images: dict[str, str]

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        """*commands* of the page with our names in the place of its own."""
        named = commands.replace("s3:images", f"s3:{self.bucket}").replace("s3:restored", f"s3:{self.bucket}-restored")
        named = named.replace("template0 restored", f"template0 {self.database}_restored")
        named = named.replace("--dbname=restored", f"--dbname={self.database}_restored")
        return subprocess.run(
            ["bash", "-c", named], cwd=self.folder, env=self.tools, capture_output=True, text=True, timeout=LIMIT_S
        )


@pytest.fixture
def backup(
    tmp_path: Path,
    postgres_15: PostgresServer,
    seaweed: SeaweedFS,
    missing: Callable[[str], NoReturn],
    start_server: Callable[..., Server],
) -> Backup:
    bucket, url = seaweed.new_bucket(), postgres_15.new_database()
    database = url.split("/")[3].partition("?")[0]
    tools = operator_tools.environment(tmp_path, database, postgres_15, seaweed, missing)
    store = f"s3=s3://{bucket}?endpoint={seaweed.endpoint}&region=us-east-1"
    server = start_server("--store", store, CALOTYPE_DATABASE=url, **operator_tools.keys())
    data = [number.to_bytes(2, "big") * 40_000 for number in range(8)]
    images = {upload(server, f"image {n}", step): sha512(step).hexdigest() for n, step in enumerate(data)}
    made = Backup(tmp_path, server, database, bucket, tools, images)
    users = Users(server)
    users.start()
    (commands,) = operator_tools.blocks(PAGE, BACKUP)
    said = made.run(commands)
    users.is_over.set()
    users.join()
    assert users.made > 0
    assert (tmp_path / "backup/catalogue.dump").exists(), said.stderr
    return made


@pytest.fixture
def restored(backup: Backup, postgres_15: PostgresServer, seaweed: SeaweedFS) -> Path:
    """The configuration file of the page for what was restored, after its commands."""
    commands, _ = operator_tools.blocks(PAGE, RESTORE)
    said = backup.run(f"set -e\n{commands}")
    assert said.returncode == 0, said.stderr
    (configuration,) = operator_tools.blocks(PAGE, RESTORE, "toml")
    configuration = operator_tools.at(configuration, seaweed).replace("://restored", f"://{backup.bucket}-restored")
    file = backup.folder / "restored.toml"
    file.write_text(f'database = "{postgres_15.url(backup.database + "_restored")}"\n{configuration}')
    return file


def test_what_was_there_when_a_backup_began_is_there_after_a_restore(
    backup: Backup, restored: Path, start_server: Callable[..., Server]
) -> None:
    backup.server.stop()
    client = start_server("--config", restored, **operator_tools.keys())

    listed = client.request("GET", "/v1.1/images/detail?limit=100&status=active").json["images"]
    assert backup.images.keys() <= {image["id"] for image in listed}
    for image_id, digest in backup.images.items():
        assert sha512(client.request("GET", f"/v1/images/{image_id}").body).hexdigest() == digest


def test_housekeeping_reads_every_byte_of_what_was_restored_and_names_what_is_not_there(
    backup: Backup, restored: Path, seaweed: SeaweedFS
) -> None:
    backup.server.stop()
    _, commands = operator_tools.blocks(PAGE, RESTORE)
    assert backup.run(f"set -e\n{commands}").returncode == 0
    keys = seaweed.client().list_objects_v2(Bucket=f"{backup.bucket}-restored")["Contents"]
    lost = next(one["Key"] for one in keys if one["Size"] == 80_000)
    seaweed.client().delete_object(Bucket=f"{backup.bucket}-restored", Key=lost)

    scrubbed, damaged, _ = [
        servers.run(*line.split()[1:], "--format", "json", cwd=backup.folder, **operator_tools.keys())
        for line in commands.splitlines()
    ]

    assert scrubbed.returncode == 0, scrubbed.stderr
    assert json.loads(scrubbed.stdout)["whole"] >= len(backup.images) - 1
    assert lost.rpartition("/")[2] in {row["key"] for row in json.loads(damaged.stdout)}


def test_nobody_else_can_read_a_backup(backup: Backup) -> None:
    files = [path for path in (backup.folder / "backup").rglob("*") if path.is_file()]

    assert len(files) > len(backup.images)
    assert [path for path in files if path.stat().st_mode & 0o077] == []
