import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from calotype import audit_log
from calotype.audit_log import MOST_BYTES, AuditLog, line_of
from calotype.domain.audit import ANYBODY, Act, Actor, Event, Kind, Outcome
from calotype.domain.callers import Caller
from calotype.domain.errors import Broken, Conflict
from calotype.domain.occasions import Occasion
from calotype.service.audit import SILENT, Recorder, audited, tell, turn_into

MOMENT = datetime(2026, 11, 24, 6, 0, 0, 250_000, tzinfo=UTC)

TEXTS = some.text(some.characters(), max_size=400)
VALUES = some.none() | some.booleans() | some.integers() | TEXTS | some.lists(TEXTS, max_size=12).map(tuple)


def an_event(**telling) -> Event:
    return Event(**{"act": Act.IMAGE_UPDATE, "outcome": Outcome.DONE, "actor": ANYBODY} | telling)


@given(
    target=TEXTS,
    user=TEXTS,
    client=TEXTS,
    roles=some.lists(TEXTS, max_size=20),
    changed=some.dictionaries(TEXTS, some.none() | some.tuples(VALUES, VALUES), max_size=200),
)
def test_whatever_happens_is_one_line_that_is_an_object_and_not_too_long(target, user, client, roles, changed):
    actor = Actor(kind=Kind.USER, user=user, project=user, credential=user, roles=tuple(roles))
    event = an_event(
        actor=actor, target=target, owner=target, occasion=Occasion(client, client), changed=changed, reason="Refused"
    )

    line = line_of(event, MOMENT, "node", 1)

    assert len(line) <= MOST_BYTES
    assert line.count(b"\n") == 1
    assert line.endswith(b"}\n")
    assert json.loads(line)["action"] == "image.update"


def test_what_finds_no_room_loses_its_values_first_and_is_counted():
    changed = {f"field_{number:03}": ("x" * 100, "y" * 100) for number in range(200)}

    line = json.loads(line_of(an_event(changed=changed), MOMENT, "node", 1))

    told = line["changed"]
    assert told["field_000"] == {"from": "x" * 100, "to": "y" * 100}
    assert {} in told.values()
    assert len(told) + line["changed_more"] == 200


def test_a_line_is_not_continued_by_the_next_one_if_only_a_part_of_it_found_room(tmp_path, monkeypatch, caplog):
    kept = AuditLog(str(tmp_path / "audit.log"))
    whole = os.write
    kept.write(an_event(target="first"))
    monkeypatch.setattr(audit_log.os, "write", lambda descriptor, line: whole(descriptor, line[:20]))
    kept.write(an_event(target="torn"))
    monkeypatch.undo()
    with caplog.at_level(logging.WARNING, logger="calotype.audit"):
        kept.write(an_event(target="last"))
    kept.close()

    first, torn, last = (tmp_path / "audit.log").read_bytes().splitlines()
    assert (json.loads(first)["target"], json.loads(last)["target"], len(torn)) == ("first", "last", 20)
    assert "lines lost meanwhile: 1" in caplog.text


def test_a_file_that_cannot_be_opened_is_tried_again_with_each_event(tmp_path, caplog):
    folder = tmp_path / "later"
    kept = AuditLog(str(folder / "audit.log"))
    kept.write(an_event())
    kept.write(an_event())
    assert kept.lost == 2
    folder.mkdir()
    kept.write(an_event(target="kept"))
    kept.close()

    assert [json.loads(line)["target"] for line in (folder / "audit.log").read_text().splitlines()] == ["kept"]
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "WARNING"]


@pytest.mark.parametrize("rotate", [Path.unlink, lambda path: path.rename(path.with_suffix(".1")), os.truncate])
def test_a_file_that_was_moved_removed_or_cut_goes_on_from_its_beginning(tmp_path, rotate):
    path = tmp_path / "audit.log"
    kept = AuditLog(str(path))
    kept.write(an_event(target="before"))
    rotate(path, 0) if rotate is os.truncate else rotate(path)
    kept.write(an_event(target="behind"))
    kept.close()

    assert [json.loads(line)["target"] for line in path.read_text().splitlines()] == ["behind"]


class Desk:
    """A service with use cases that end in every way."""

    def __init__(self, audit: Recorder) -> None:
        self._audit = audit

    @audited(Act.IMAGE_UPDATE, "image_id")
    def change(self, caller: Caller, image_id: str, *, fails: Exception | None = None, changes: bool = True) -> str:
        if changes:
            tell(image_id, owner="mine", changed={"name": ("a", "b")})
        if fails is not None:
            raise fails
        return image_id

    @audited(Act.IMAGE_CREATE)
    def make(self, caller: Caller) -> None:
        tell("new", owner="mine")
        turn_into(Act.UPLOAD_BEGIN)
        raise Conflict("the second step")


ME = Caller("me", "mine", frozenset({"member", "ops"}), "app")


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def desk(events: list[Event]) -> Desk:
    return Desk(Recorder(events.append))


def test_what_is_done_says_who_did_it_to_what(desk, events):
    assert desk.change(ME, "one") == "one"

    [event] = events
    assert (event.outcome, event.target, event.owner, event.changed) == (
        Outcome.DONE,
        "one",
        "mine",
        {"name": ("a", "b")},
    )
    assert event.actor == Actor(kind=Kind.USER, user="me", project="mine", roles=("member", "ops"), credential="app")


def test_what_changes_nothing_leaves_no_event(desk, events):
    desk.change(ME, "one", changes=False)

    assert events == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Conflict("busy"), Outcome.REFUSED), (Broken("away"), Outcome.FAILED), (KeyError("bug"), Outcome.FAILED)],
)
def test_what_raises_is_not_done_whatever_it_has_told(desk, events, error, outcome):
    with pytest.raises(type(error)):
        desk.change(ME, image_id="one", fails=error)

    [event] = events
    assert (event.outcome, event.reason, event.target, event.changed) == (outcome, type(error).__name__, "one", {})


def test_a_step_that_was_kept_is_done_though_the_next_one_is_refused(desk, events):
    with pytest.raises(Conflict):
        desk.make(ME)

    assert [(event.act, event.outcome) for event in events] == [
        (Act.IMAGE_CREATE, Outcome.DONE),
        (Act.UPLOAD_BEGIN, Outcome.REFUSED),
    ]


def test_without_an_audit_log_a_use_case_is_as_ever():
    assert Desk(SILENT).change(ME, "one") == "one"
