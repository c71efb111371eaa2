"""Which calls of a handler are made again, over every database: never one that has kept something. Source: docs/design/0012-postgresql.md."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from calotype.catalogue.engine import Catalogue
from calotype.domain.audit import Event
from calotype.domain.errors import Busy, CalotypeError, Dropped, Overtaken, Unconfirmed, Unordered
from calotype.domain.occasions import NO_REQUEST
from calotype.http import errors
from calotype.http.calls import Call
from calotype.http.messages import Request, Response
from calotype.http.routes import Face, Route
from calotype.service import audit
from calotype.service.audit import Recorder

Handler = Callable[[Any, Request], Response]


def run(handler: Handler) -> int:
    """The status of the answer to one request that *handler* answers."""
    route = Route("GET", "/things", handler)
    face = Face(name="things", prefixes=("",), routes=[route], write_error=lambda error, _: errors.write_plain(error))
    request = Request(
        method="GET", path="/things", raw_query="", headers=(), request_id="req-1", base_url="http://localhost"
    )
    call = Call(services=None, face=face, request=request, route=route, params={}, problem=None, occasion=NO_REQUEST)
    answer: Any = call.run()
    status: int = answer.response.status
    return status


class Handlers:
    """A handler that fails with *error* so often, in a transaction, after as many others as told."""

    def __init__(self, catalogue: Catalogue, error: CalotypeError, *, failures: int, changes_before: int = 0) -> None:
        self._catalogue = catalogue
        self._error = error
        self._failures = failures
        self._changes_before = changes_before
        self.calls = 0

    def handle(self, _services: Any, _request: Request) -> Response:
        self.calls += 1
        for _ in range(self._changes_before):
            with self._catalogue.writing() as connection:
                add(connection)
        with self._catalogue.writing() as connection:
            add(connection)
            if self.calls <= self._failures:
                raise self._error
        return Response(status=200)


def add(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO marks VALUES (1)")


def marks(catalogue: Catalogue) -> int:
    with catalogue.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM marks").scalar_one())


@pytest.fixture(autouse=True)
def table_of_marks(catalogue: Catalogue) -> None:
    with catalogue.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE marks (mark int NOT NULL)")


@pytest.mark.parametrize("error", [Dropped("gone"), Unordered("again")])
def test_what_was_undone_is_done_again_and_once(catalogue: Catalogue, error: CalotypeError) -> None:
    handlers = Handlers(catalogue, error, failures=2)

    assert run(handlers.handle) == 200
    assert (handlers.calls, marks(catalogue)) == (3, 1)


@pytest.mark.parametrize("error", [Dropped("gone"), Unordered("again")])
def test_what_stays_is_told_after_three_more_calls(catalogue: Catalogue, error: CalotypeError) -> None:
    handlers = Handlers(catalogue, error, failures=99)

    with pytest.raises(type(error)):
        run(handlers.handle)
    assert (handlers.calls, marks(catalogue)) == (4, 0)


def test_what_comes_behind_a_commit_is_not_done_again(catalogue: Catalogue) -> None:
    handlers = Handlers(catalogue, Dropped("gone"), failures=1, changes_before=1)

    with pytest.raises(Dropped):
        run(handlers.handle)
    assert (handlers.calls, marks(catalogue)) == (1, 1)


@pytest.mark.parametrize("error", [Unconfirmed("who knows"), Overtaken("faster"), Busy("locked")])
def test_no_other_failure_is_tried_again(catalogue: Catalogue, error: CalotypeError) -> None:
    handlers = Handlers(catalogue, error, failures=1)

    with pytest.raises(type(error)):
        run(handlers.handle)
    assert (handlers.calls, marks(catalogue)) == (1, 0)


def test_the_audit_log_tells_of_a_call_that_is_made_again_but_once(catalogue: Catalogue) -> None:
    events: list[Event] = []
    recorder = Recorder(events.append)
    handlers = Handlers(catalogue, Unordered("again"), failures=1)

    def audited(services: Any, request: Request) -> Response:
        with recorder.watch(audit.Act.IMAGE_UPDATE):
            response = handlers.handle(services, request)
            audit.tell("an image")
            return response

    assert run(audited) == 200
    assert [event.outcome for event in events] == [audit.Outcome.DONE]
