"""The whole application on loopback, over a catalogue with what a story says is in it."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from calotype import app
from calotype.auth.tokens import digest
from calotype.blobs.options import StoreOptions
from calotype.catalogue import inserting, tables, usage
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.records import read_entry
from calotype.catalogue.times import to_micros
from calotype.config import ServeOptions, Settings
from calotype.http import server
from calotype.http.options import HttpOptions
from calotype.service.accounts import Accounts
from calotype.service.location_options import LocationOptions
from calotype.service.options import ServiceOptions

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


@pytest.fixture(scope="session")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Story], Any]:
    """Runs the application over a story's images, options and quotas; gives the port while the block lasts."""

    @contextmanager
    def run(story: Story) -> Iterator[int]:
        settings = _settings(story.get("options", {}), tmp_path_factory.mktemp("data"))
        _fill(settings, story.get("images", []), story.get("quotas", {}))
        with _running(settings) as port:
            yield port

    return run


def _settings(options: dict[str, Any], data_dir: Path) -> Settings:
    parts: dict[str, Any] = {}
    for name, part in PARTS.items():
        parts[name] = {key: value for key, value in options.items() if key in part.__dataclass_fields__}
    serve = ServeOptions(data_dir=data_dir, ephemeral=True, **parts["serve"])
    return Settings(
        serve=serve,
        stores=StoreOptions(store=tuple(options.get("store", ()))),
        images=ServiceOptions(**parts["images"]),
        locations=LocationOptions(**parts["locations"]),
        http=HttpOptions(**parts["http"]),
    )


def _fill(settings: Settings, records: list[dict[str, Any]], quotas: dict[str, dict[str, int]]) -> None:
    catalogue = app.open_catalogue(settings)
    try:
        with catalogue.writing() as connection:
            tables.metadata.create_all(connection)
        _add_callers(catalogue)
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
        work = server.serve(listener, door, settings.http, stop=stop, ready=ready.set)
        thread = threading.Thread(target=loop.run_until_complete, args=(work,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, stop.set)
        assert ready.wait(30)

        yield listener.getsockname()[1]
