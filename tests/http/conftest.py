"""The whole application on loopback, over a catalogue with what a story says is in it.

`--on` says on which database and store; `grounds.py` has them.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from grounds import Ground, OnFiles, OnServers, Place
from sqlalchemy import insert

import servers
from calotype import app
from calotype.auth.tokens import digest
from calotype.blobs.options import StoreOptions
from calotype.catalogue import inserting, tables, usage
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.records import read_entry
from calotype.catalogue.times import to_micros
from calotype.config import Secret, ServeOptions, Settings
from calotype.http.options import HttpOptions
from calotype.http.server import serve
from calotype.service.accounts import Accounts
from calotype.service.location_options import LocationOptions
from calotype.service.options import ServiceOptions
from servers import Server

#: Who asks in the stories: the token, the project it is for, the role held there. Tokens are their bearers' names.
CALLERS = {
    "me": ("mine", "member"),
    "reader": ("mine", "reader"),
    "nobody": ("mine", None),
    "other": ("theirs", "member"),
    "stranger": ("elsewhere", "member"),
    "admin": ("admins", "admin"),
    "loud": ("admins", "ADMIN"),
    "machine": ("machines", "service"),
}

#: Records of a story are made one after the other, a minute apart.
FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

Story = dict[str, Any]

PARTS = {"serve": ServeOptions, "images": ServiceOptions, "locations": LocationOptions, "http": HttpOptions}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where the ground is another than always, only what stands on it is run again."""
    if config.getoption("--on") == "files":
        return
    kept = [item for item in items if _stands_on_any_ground(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _stands_on_any_ground(item: pytest.Item) -> bool:
    return "ground" in getattr(item, "fixturenames", ()) and item.get_closest_marker("on_files") is None


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest) -> Ground:
    """What applications stand on in this run."""
    on = request.config.getoption("--on")
    if on == "files":
        return OnFiles(_prepare)
    postgres = request.getfixturevalue("postgres_18")
    if on == "postgresql":
        return OnServers(postgres, _prepare)
    seaweed = request.getfixturevalue("seaweed")
    return OnServers(postgres, _prepare, partial(seaweed.url, seaweed.new_bucket()))


@pytest.fixture(scope="session")
def tell(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Story], Any]:
    """Runs the application over a story's images, options and quotas; gives the port while the block lasts."""

    @contextmanager
    def run(story: Story) -> Iterator[int]:
        with ground.place(tmp_path_factory.mktemp("data"), prepared=True) as place:
            settings = _settings(story.get("options", {}), place)
            _fill(settings, story.get("images", []), story.get("quotas", {}))
            with _running(settings) as port:
                yield port

    return run


@pytest.fixture(scope="session")
def server_place(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where the shared `server` keeps what it keeps."""
    with ground.place(tmp_path_factory.mktemp("server") / "data") as place:
        place.write_options()
        yield place


@pytest.fixture(scope="session")
def server(server_place: Place) -> Iterator[Server]:
    """A running service that all tests share: they make their own images and count nobody else's."""
    running = servers.start(server_place.folder / "log", "--data-dir", server_place.folder)
    yield running
    running.stop()


def _settings(options: dict[str, Any], place: Place) -> Settings:
    parts: dict[str, Any] = {}
    for name, part in PARTS.items():
        parts[name] = {key: value for key, value in options.items() if key in part.__dataclass_fields__}
    of_place = {"data_dir": place.folder, "ephemeral": place.is_ephemeral, "database": Secret(place.database)}
    stores = {key: value for key, value in place.options.items() if key in StoreOptions.__dataclass_fields__}
    if "store" in options:
        stores["store"] = place.stores(options["store"])
    return Settings(
        serve=ServeOptions(**of_place, **parts["serve"]),
        stores=StoreOptions(**{key: tuple(value) if key == "store" else value for key, value in stores.items()}),
        images=ServiceOptions(**parts["images"]),
        locations=LocationOptions(**parts["locations"]),
        http=HttpOptions(**parts["http"]),
    )


def _prepare(catalogue: Catalogue) -> None:
    with catalogue.writing() as connection:
        tables.metadata.create_all(connection)
    _add_callers(catalogue)


def _fill(settings: Settings, records: list[dict[str, Any]], quotas: dict[str, dict[str, int]]) -> None:
    catalogue = app.open_catalogue(settings)
    try:
        for project, most in quotas.items():
            Accounts(catalogue, app.now).set_quota(project, size_bytes=most.get("bytes"), images=most.get("images"))
        entries = [
            read_entry(json.dumps(record).encode(), FIRST_MOMENT + timedelta(minutes=number))
            for number, record in enumerate(records)
        ]
        with catalogue.writing() as connection:
            inserting.insert_rows(connection, inserting.to_rows(entries, with_look_ups=True))
            usage.add_entries(connection, entries)
    finally:
        catalogue.close()


def _add_callers(catalogue: Catalogue) -> None:
    """The accounts behind `CALLERS`, with a good token each that spells the caller's name; nobody has a password."""
    made_at, ends_at = to_micros(FIRST_MOMENT), to_micros(datetime(2999, 1, 1, tzinfo=UTC))
    projects = {project for project, _ in CALLERS.values()}
    with catalogue.writing() as connection:
        for project in projects:
            row = {"id": project, "name": project, "enabled": True, "created_at": made_at}
            connection.execute(insert(tables.projects).values(**row))
        for name, (project, role) in CALLERS.items():
            user = {"id": name, "name": name, "password_hash": "", "enabled": True, "created_at": made_at}
            token = {"token_hash": digest(name), "user_id": name, "project_id": project, "methods": "password"}
            times = {"audit_id": "", "issued_at": made_at, "expires_at": ends_at}
            connection.execute(insert(tables.users).values(**user))
            connection.execute(insert(tables.tokens).values(**token, **times))
            if role is not None:
                given = {"user_id": name, "project_id": project, "role": role}
                connection.execute(insert(tables.role_assignments).values(**given))


@contextmanager
def _running(settings: Settings) -> Iterator[int]:
    """The application on a free port of loopback, its event loop on a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    loop, stop, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    with ExitStack() as stack:
        stack.callback(loop.close)
        door = stack.enter_context(app.open_door(settings))
        work = serve(listener, door, settings.http, stop=stop, ready=ready.set)
        thread = threading.Thread(target=loop.run_until_complete, args=(work,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, stop.set)
        assert ready.wait(30)

        yield listener.getsockname()[1]
