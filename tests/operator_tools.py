"""What an operator has at hand beside `calotype` where documents speak of PostgreSQL and S3: psql, pg_dump, rclone, keys."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import servers
from databases import DEBIAN_BINARIES, PostgresServer
from seaweed import ACCESS_KEY, SECRET_KEY, SeaweedFS

_OPERATE = Path(__file__).parents[1] / "docs/operate"

#: Where the documents have the S3 server.
THEIR_ENDPOINT = "https://s3.example"


def section(page: str, title: str) -> str:
    """What *page* of docs/operate says below the heading *title*."""
    return re.split(r"^## ", _below(page, title), flags=re.MULTILINE)[0]


def blocks(page: str, title: str, language: str = "") -> list[str]:
    """The code blocks of *language* there, in their order; commands have none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", section(page, title), re.MULTILINE | re.DOTALL)
    return [text for spoken, text in found if spoken == language]


def _below(page: str, title: str) -> str:
    return re.split(rf"^## {re.escape(title)}$", (_OPERATE / page).read_text(), flags=re.MULTILINE)[1]


def environment(
    folder: Path, database: str, server: PostgresServer, store: SeaweedFS, missing: Callable[[str], NoReturn]
) -> dict[str, str]:
    """As the documents say: PostgreSQL's variables for *database*, the rclone.conf of the page in *folder*, the keys of S3."""
    for package, program in (("rclone", "rclone"), ("sqlite3", "sqlite3")):
        if shutil.which(program) is None:
            missing(f"{program} of Debian's package {package}")
    (configuration,) = blocks("backup.md", "Backup of PostgreSQL and S3", "ini")
    file = folder / "rclone.conf"
    file.write_text(at(configuration, store))
    # What else this machine says of S3 is not for these servers.
    plain = {name: value for name, value in servers.environment().items() if not name.startswith("AWS_")}
    path = ":".join((str(servers.PROGRAM.parent), str(DEBIAN_BINARIES), plain["PATH"]))
    return plain | {**server.variables(database), **keys(), "RCLONE_CONFIG": str(file), "PATH": path}


def keys() -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


def at(text: str, store: SeaweedFS) -> str:
    """*text* of a document with *store* in the place of its S3 server."""
    assert THEIR_ENDPOINT in text
    return text.replace(THEIR_ENDPOINT, store.endpoint)
