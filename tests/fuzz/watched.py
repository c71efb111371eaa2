"""Requests to neighbours' images under the eyes of the plain model: no answer holds a mark of what its reader may not see."""

import json
from itertools import cycle
from secrets import token_hex
from typing import Any

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine
from neighbours import Neighbours
from plain_model import Known
from wires import Answer

PEOPLE = ("ada", "bob", "root")


class Watched(RuleBasedStateMachine):
    """What a machine's rules ask with."""

    def __init__(self, neighbours: Neighbours) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.known: list[Known] = []
        self.readers = cycle(PEOPLE)

    def teardown(self) -> None:
        """Lists stay short: what others made would be in them, too."""
        for image in self.known:
            if not image.is_deleted:
                self.neighbours.ask("DELETE", f"/v1/images/{image.id}", "root")

    def ask(self, method: str, path: str, who: str, headers: str = "", body: bytes = b"") -> Answer:
        """The answer, which holds no mark of an image that *who* did not see before the request and does not after."""
        hidden = [mark for image in self.known if not image.is_seen_by(who) for mark in (image.id, *image.marks)]
        answer = self.neighbours.ask(method, path, who, headers, body)
        note(f"{who}: {method} {path} {headers!r} {body!r} -> {answer.status}")
        asked = f"{path} {headers}"
        assert [mark for mark in hidden if mark.encode() in answer.bytes and mark not in asked] == []
        return answer

    def ask_json(self, method: str, path: str, who: str, value: Any) -> Answer:
        return self.ask(method, path, who, "Content-Type: application/json\r\n", json.dumps(value).encode())

    @property
    def has_room(self) -> bool:
        """Few images to which much happens tell more than many to which little does."""
        return sum(not image.is_deleted for image in self.known) < 3

    def project(self, who: str) -> str:
        return self.neighbours.known[f"{who}.project"]

    def meta(self, *, is_public: bool | None = None) -> tuple[str, list[str]]:
        """Headers with marks of their own, and the marks."""
        marks = [token_hex(8) for _ in range(3)]
        lines = f"x-image-meta-name: {marks[0]}\r\nx-image-meta-property-{marks[1]}: {marks[2]}\r\n"
        return lines + ("" if is_public is None else f"x-image-meta-is_public: {is_public}\r\n"), marks

    def remember(self, image: Known) -> Known:
        self.known.append(image)
        return image

    def check_who_sees(self, image: Known) -> None:
        """What was changed is seen by those alone who still may."""
        for who in PEOPLE:
            assert self.ask("GET", f"/v2/images/{image.id}", who).status == (200 if image.is_there_for(who) else 404)
