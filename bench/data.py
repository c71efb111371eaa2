"""The catalogues that are measured, each made once by a bulk load and kept: a SQLite file, or a database on PostgreSQL.

A later release finds them and brings them to its schema, as it would an operator's.
"""

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import population
from calotype import app
from calotype.catalogue import loading
from calotype.cli import serve
from calotype.config import Secret, ServeOptions, Settings
from calotype.service.accounts import Accounts
from postgres import Postgres

FOLDER = Path(__file__).parent / "databases"


@dataclass(frozen=True, slots=True)
class Database:
    """A data folder ready to be served, and the URL of its catalogue where that is not in it.

    *made_in_s* is None if it was there already.
    """

    shape: str
    size: int
    folder: Path
    url: str | None
    made_in_s: float | None

    @property
    def settings(self) -> Settings:
        return settings_of(self.folder, self.url)

    @property
    def flags(self) -> list[str]:
        """What `calotype serve` is told beside the folder."""
        return [] if self.url is None else ["--database", self.url]


def settings_of(folder: Path, url: str | None) -> Settings:
    return Settings(serve=ServeOptions(data_dir=folder, database=None if url is None else Secret(url)))


def database(shape: str, size: int, *, parent: Path = FOLDER, server: Postgres | None = None) -> Database:
    """This catalogue in *parent*, and on *server* if there is one; made if it is not there."""
    name = f"{shape}-{size}" if server is None else f"postgresql-{shape}-{size}"
    folder = parent / f"{name}-{_recipe()}"
    url = None if server is None else server.url(folder.name)
    if folder.exists():
        return Database(shape, size, folder, url, None)
    for stale in parent.glob(f"{name}-*"):
        shutil.rmtree(stale)
        if server is not None:
            server.drop(stale.stem)
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True)
    if server is not None:
        server.create(folder.name)
    started = time.monotonic()
    _make(settings_of(unfinished, url), shape, size)
    unfinished.rename(folder)
    return Database(shape, size, folder, url, time.monotonic() - started)


def _recipe() -> str:
    """What a database depends on, but for the schema."""
    return hashlib.sha256(Path(population.__file__).read_bytes()).hexdigest()[:8]


def _make(settings: Settings, shape: str, size: int) -> None:
    serve.prepare(settings, "http://127.0.0.1:9292")
    catalogue = app.open_catalogue(settings)
    tenant = next(one.id for one in Accounts(catalogue, app.now).projects() if one.name == "calotype")
    lines = population.lines(shape, size, tenant)
    loading.load(catalogue, loading.Load(source="bench", lines=lines, now=population.END))
    catalogue.close()
