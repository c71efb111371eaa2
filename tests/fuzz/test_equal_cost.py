"""What is not yours costs the same look-ups as what is not there, so that the time of an answer tells neither from the other.

Source: docs/design/0008-hostile-neighbours.md.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from neighbours import PRIVATE_STATES, ROLES, Neighbours
from rows import IMAGE
from sqlalchemy import event
from sqlalchemy.pool import Pool

from calotype import app
from calotype.blobs.options import StoreOptions
from calotype.catalogue import images
from calotype.catalogue.engine import Catalogue
from calotype.config import ServeOptions, Settings
from calotype.domain.callers import Caller
from calotype.domain.edits import AddTag, RemoveTag, SetProperty
from calotype.domain.errors import CalotypeError
from calotype.domain.images import Image, MemberStatus, Status
from calotype.domain.query import ImageQuery
from calotype.service.changes import Change
from calotype.service.location_options import LocationOptions
from calotype.service.members import NewMember
from calotype.service.services import Services
from calotype.service.upload import Declared

URL = "http://127.0.0.1/data"
BOB = Caller("bob", "bobs", frozenset({"member"}))

#: How often each of two requests is asked, in turns; and how far apart their medians may be, on a busy machine.
ROUNDS = 2_000
WIDEST = 1.15

ASKED: dict[str, Callable[[Services, str], Any]] = {
    "show": lambda services, image_id: services.images.show(BOB, image_id),
    "update": lambda services, image_id: services.images.update(BOB, image_id, Change(name="mine"), purge=True),
    "upload": lambda services, image_id: services.uploads.begin(BOB, image_id, Declared(), on_failure=Status.KILLED),
    "download": lambda services, image_id: services.downloads.open(BOB, image_id),
    "delete": lambda services, image_id: services.deletions.delete(BOB, image_id),
    "list members": lambda services, image_id: services.members.of_image(BOB, image_id),
    "add a member": lambda services, image_id: services.members.add(BOB, image_id, NewMember(project="bobs")),
    "replace members": lambda services, image_id: services.members.replace(BOB, image_id, []),
    "remove a member": lambda services, image_id: services.members.remove(BOB, image_id, "bobs"),
    "show in v2": lambda services, image_id: services.images.show(BOB, image_id, image_first=True, with_stores=True),
    "edit": lambda services, image_id: services.edits.make(BOB, image_id, (SetProperty("os", "debian"),)),
    "edit nothing": lambda services, image_id: services.edits.make(BOB, image_id, ()),
    "tag": lambda services, image_id: services.edits.make(BOB, image_id, (AddTag("lts"),)),
    "untag": lambda services, image_id: services.edits.make(BOB, image_id, (RemoveTag("lts"),)),
    "deactivate": lambda services, image_id: services.edits.deactivate(BOB, image_id),
    "reactivate": lambda services, image_id: services.edits.reactivate(BOB, image_id),
    "upload in v2": lambda services, image_id: services.uploads.begin(
        BOB, image_id, Declared(), on_failure=Status.QUEUED, image_first=True
    ),
    "download in v2": lambda services, image_id: services.downloads.open(BOB, image_id, image_first=True),
    "delete in v2": lambda services, image_id: services.deletions.delete(BOB, image_id, image_first=True),
    "remove data from a store": lambda services, image_id: services.stores.remove_data(BOB, "far", image_id),
    "list offers": lambda services, image_id: services.offers.of_image(BOB, image_id),
    "show an offer": lambda services, image_id: services.offers.show(BOB, image_id, "bobs"),
    "offer": lambda services, image_id: services.offers.add(BOB, image_id, "bobs"),
    "answer": lambda services, image_id: services.offers.answer(BOB, image_id, "bobs", MemberStatus.ACCEPTED),
    "withdraw": lambda services, image_id: services.offers.remove(BOB, image_id, "bobs"),
    "list locations": lambda services, image_id: services.locations.of_image(BOB, image_id),
    "name a location": lambda services, image_id: services.locations.add_first(BOB, image_id, URL, None),
    "page from": lambda services, image_id: services.images.page(BOB, ImageQuery(marker=image_id)),
}


@pytest.fixture
def services(catalogue: Catalogue, tmp_path: Path) -> Iterator[Services]:
    settings = Settings(
        serve=ServeOptions(data_dir=tmp_path, ephemeral=True),
        stores=StoreOptions(store=("local=file:blobs", "far=file:far")),
        locations=LocationOptions(http_locations=True, show_multiple_locations=True),
    )
    with ThreadPoolExecutor(1) as threads:
        yield app.build_services(settings, catalogue, app.open_stores(settings), threads)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that SQLite is given meanwhile, on any connection."""
    said: list[str] = []

    def begin(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(said.append)

    def end(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(None)

    event.listen(Pool, "checkout", begin)
    event.listen(Pool, "checkin", end)
    try:
        yield said
    finally:
        event.remove(Pool, "checkout", begin)
        event.remove(Pool, "checkin", end)


def statements_of(ask: Callable[[Services, str], Any], services: Services, image: Image) -> tuple[str, list[str]]:
    """What *ask* comes to, and the statements that it takes, without the id."""
    with counted() as said:
        try:
            ask(services, image.id)
            outcome = "done"
        except CalotypeError as error:
            outcome = str(error)
    return outcome.replace(image.id, "ID"), [statement.replace(image.id, "ID") for statement in said]


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_yours_takes_the_statements_of_what_is_not_there(
    catalogue: Catalogue, services: Services, an_image: Callable[..., Image], name: str
) -> None:
    gone = (Status.DELETED, Status.PENDING_DELETE)
    adas = [
        an_image(
            id=str(uuid4()),
            owner="adas",
            visibility=visibility,
            status=status,
            deleted_at=datetime.now(UTC) if status in gone else None,
        )
        for visibility, status in PRIVATE_STATES.values()
    ]
    with catalogue.writing() as connection:
        for image in adas:
            images.insert_image(connection, image)
    nobodys = statements_of(ASKED[name], services, replace(adas[0], id=str(uuid4())))

    assert len(nobodys[1]) > 2
    assert [statements_of(ASKED[name], services, image) for image in adas] == [nobodys] * len(adas)


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_what_is_not_yours_takes_the_time_of_what_is_not_there(neighbours: Neighbours, method: str) -> None:
    neighbours.keep_alive("bob", ROLES["bob"])
    took: dict[str, list[float]] = {"ada.unshared": [], IMAGE.unknown: []}
    for number in range(ROUNDS):
        # Each goes first as often as the other.
        for sign in list(took)[:: 1 if number % 2 else -1]:
            begin = time.perf_counter()
            answer = neighbours.ask(method, f"/v1/images/@{sign}@", "bob")
            took[sign].append(time.perf_counter() - begin)
            assert answer.status == 404
    one, other = (statistics.median(times) for times in took.values())

    assert max(one, other) / min(one, other) < WIDEST, (one, other)
