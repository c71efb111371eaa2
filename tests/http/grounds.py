"""What the applications of these tests stand on: SQLite and files, or the servers that several nodes share.

`--on` chooses one for the whole run. Either way each application has a database and a store of its own.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql

from calotype.catalogue import tables
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from databases import PostgresServer


@dataclass(frozen=True)
class Place:
    """Where one application keeps what it keeps.

    *options*: its options, as `DATA/calotype.toml` would have them. *database*: the URL of its catalogue.
    *is_ephemeral*: nothing of it lies outside its folder, so that it need not be durable.
    """

    folder: Path
    database: str
    is_ephemeral: bool
    options: dict[str, Any] = field(default_factory=dict)
    stores_as: Callable[[str], str] = str

    def stores(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The stores of a story, which are written as folders, as this place has them."""
        return tuple(map(self.stores_as, texts))

    def write_options(self) -> None:
        """Have every command with this data folder find the place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in self.options.items()]
        path = self.folder / "calotype.toml"
        path.write_text("".join(lines))
        path.chmod(0o600)


class Ground(Protocol):
    def place(self, folder: Path, *, prepared: bool = False) -> Any:
        """A context manager of a new `Place` with its data folder at *folder*; *prepared*: its catalogue has its tables, and
        the accounts of the stories."""
        ...


class OnFiles:
    """A SQLite file and a folder in the data folder, which is what a service has that is told nothing."""

    def __init__(self, prepare: Callable[[Catalogue], None]) -> None:
        self._prepare = prepare

    @contextmanager
    def place(self, folder: Path, *, prepared: bool = False) -> Iterator[Place]:
        place = Place(folder, f"sqlite:///{folder / 'catalogue.sqlite'}", is_ephemeral=True)
        if prepared:
            _prepare(place.database, self._prepare)
        yield place


class OnServers:
    """A database of a PostgreSQL, and a prefix of its own in a bucket.

    *store_url*: makes the URL of a store with this prefix; None: image data lie in folders.
    """

    def __init__(
        self,
        postgres: PostgresServer,
        prepare: Callable[[Catalogue], None],
        store_url: Callable[[str], str] | None = None,
    ) -> None:
        self._postgres = postgres
        self._prepare = prepare
        self._store_url = store_url
        self._prepared: list[str] = []

    @contextmanager
    def place(self, folder: Path, *, prepared: bool = False) -> Iterator[Place]:
        name = self._take_prepared() if prepared else f"t{uuid.uuid4().hex}"
        if not prepared:
            self._ask(f"CREATE DATABASE {name}")
        yield self._place(folder, name)
        if prepared:
            self._prepared.append(name)
        else:
            self._ask(f"DROP DATABASE {name} WITH (FORCE)")

    def _take_prepared(self) -> str:
        """A database that an application before had, emptied, which takes a millisecond; to make one takes 150."""
        if self._prepared:
            name = self._prepared.pop()
            with psycopg.connect(self._postgres.url(name)) as connection:
                for table in tables.metadata.sorted_tables:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        else:
            name = f"t{uuid.uuid4().hex}"
            self._ask(f"CREATE DATABASE {name}")
        _prepare(self._postgres.url(name), self._prepare)
        return name

    def _place(self, folder: Path, name: str) -> Place:
        url = self._postgres.url(name)
        if self._store_url is None:
            return Place(folder, url, is_ephemeral=True, options={"database": url})
        as_store = _InBucket(self._store_url, uuid.uuid4().hex)
        options = {"database": url, "store": [as_store("local=file:blobs")]}
        return Place(folder, url, is_ephemeral=False, options=options, stores_as=as_store)

    def _ask(self, statement: str) -> None:
        with psycopg.connect(self._postgres.url(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


class _InBucket:
    """Calling it with a store that is a folder gives the store of the same name, and with the same said of it, in S3."""

    def __init__(self, store_url: Callable[[str], str], prefix: str) -> None:
        self._store_url = store_url
        self._prefix = prefix

    def __call__(self, text: str) -> str:
        found = re.fullmatch(r"(?P<name>[^=]+)=file:[^?]+(\?(?P<said>.*))?", text)
        assert found is not None, text
        url = self._store_url(f"{self._prefix}/{found['name']}")
        if found["said"]:
            url += ("&" if "?" in url else "?") + found["said"]
        return f"{found['name']}={url}"


def _prepare(url: str, prepare: Callable[[Catalogue], None]) -> None:
    catalogue = Catalogue(CatalogueOptions(url=url, is_durable=False))
    try:
        prepare(catalogue)
    finally:
        catalogue.close()
