"""Whatever two tenants and an admin do with images, in any order, each sees what a plain model says, and no mark of more.

Every image carries marks of its own, 16 hexadecimal digits each, in its name, a property's name and value, and its data.
Source: docs/api/v1.md, "Who sees what".
"""

from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from neighbours import ROLES, Neighbours
from wires import Answer

PEOPLE = ("ada", "bob", "root")
people = st.sampled_from(PEOPLE)
tenants = st.sampled_from(["ada", "bob"])

_DATA = "Content-Type: application/octet-stream\r\n"
_FORMATS = "x-image-meta-disk_format: raw\r\nx-image-meta-container_format: bare\r\n"

#: Lists as everybody asks for them; the last shows an admin everything.
LISTS = ("/v1/images?limit=1000", "/v1.1/images/detail?limit=1000", "/v1/images/detail?is_public=none&limit=1000")


@dataclass
class Known:
    """What the model knows of an image. *marks*: every text that only those may read who see it."""

    id: str
    owner: str
    is_public: bool = False
    is_deleted: bool = False
    has_data: bool = False
    members: set[str] = field(default_factory=set)
    marks: list[str] = field(default_factory=list)

    def is_seen_by(self, who: str) -> bool:
        """By its id; a deleted one is an admin's to look at."""
        if self.is_deleted:
            return who == "root"
        return who in ("root", self.owner) or self.is_public or who in self.members

    def is_listed_for(self, who: str, path: str) -> bool:
        """Nobody's list has deleted images, and an admin's own is like a tenant's unless it asks for everything."""
        if self.is_deleted:
            return False
        as_tenant = who == self.owner or self.is_public or who in self.members
        return as_tenant or (who == "root" and "is_public=none" in path)


class Machine(RuleBasedStateMachine):
    """Each rule is one request and what the model says of its answer."""

    images: Bundle[Known] = Bundle("images")

    def __init__(self, neighbours: Neighbours) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.known: list[Known] = []

    def teardown(self) -> None:
        """Lists stay short: what others made would be in them, too."""
        for image in self.known:
            if not image.is_deleted:
                self.neighbours.ask("DELETE", f"/v1/images/{image.id}", "root")

    def ask(self, method: str, path: str, who: str, headers: str = "", body: bytes = b"") -> Answer:
        """The answer, which holds no mark of an image that *who* did not see before the request and does not after."""
        hidden = [mark for image in self.known if not image.is_seen_by(who) for mark in (image.id, *image.marks)]
        answer = self.neighbours.ask(method, path, who, headers, body)
        note(f"{who}: {method} {path} {headers!r} -> {answer.status}")
        asked = f"{path} {headers}"
        assert [mark for mark in hidden if mark.encode() in answer.bytes and mark not in asked] == []
        return answer

    def meta(self, *, is_public: bool | None = None) -> tuple[str, list[str]]:
        """Headers with marks of their own, and the marks."""
        marks = [token_hex(8) for _ in range(3)]
        lines = f"x-image-meta-name: {marks[0]}\r\nx-image-meta-property-{marks[1]}: {marks[2]}\r\n"
        return lines + ("" if is_public is None else f"x-image-meta-is_public: {is_public}\r\n"), marks

    @rule(target=images, who=people, is_public=st.booleans(), has_data=st.booleans())
    def create(self, who: str, is_public: bool, has_data: bool) -> Any:
        headers, marks = self.meta(is_public=is_public)
        data = token_hex(8)
        kind, body = (_DATA, data.encode()) if has_data else ("", b"")
        answer = self.ask("POST", "/v1/images", who, headers + _FORMATS + kind, body)
        if is_public and who != "root":
            assert answer.status == 403
            return multiple()
        assert answer.status == 201
        found = answer.json["image"]
        marks += [data, found["checksum"]] if has_data else []
        image = Known(found["id"], who, is_public, has_data=has_data, marks=marks)
        self.known.append(image)
        return image

    @rule(image=images, who=people, is_public=st.sampled_from([None, None, True, False]))
    def change(self, image: Known, who: str, is_public: bool | None) -> None:
        headers, marks = self.meta(is_public=is_public)
        status = self.ask("PUT", f"/v1/images/{image.id}", who, headers).status
        if is_public and who != "root":
            assert status == 403
            return
        assert status == self.status_of_change(image, who)
        if status == 200:
            # Marks that are written over stay secret from those who may not see the image.
            image.marks += marks
            image.is_public = image.is_public if is_public is None else is_public

    @rule(image=images, who=people)
    def upload(self, image: Known, who: str) -> None:
        data = token_hex(8)
        status = self.ask("PUT", f"/v1/images/{image.id}", who, _DATA, data.encode()).status
        refused = self.status_of_change(image, who)
        assert status == (409 if refused == 200 and image.has_data else refused)
        if status == 200:
            image.has_data = True
            image.marks.append(data)

    @rule(image=images, to=tenants)
    def give_away(self, image: Known, to: str) -> None:
        owner = self.neighbours.known[f"{to}.project"]
        status = self.ask("PUT", f"/v1/images/{image.id}", "root", f"x-image-meta-owner: {owner}\r\n").status
        assert status == self.status_of_change(image, "root")
        if status == 200:
            image.owner = to

    @rule(image=images, who=people, member=tenants, is_added=st.booleans())
    def share(self, image: Known, who: str, member: str, is_added: bool) -> None:
        method = "PUT" if is_added else "DELETE"
        project = self.neighbours.known[f"{member}.project"]
        status = self.ask(method, f"/v1/images/{image.id}/members/{project}", who).status
        if image.is_deleted or not image.is_seen_by(who):
            assert status == 404
        elif who not in ("root", image.owner):
            assert status in (403, 404)
        elif is_added or member in image.members:
            assert status == 204
            (image.members.add if is_added else image.members.remove)(member)
        else:
            assert status == 404

    @rule(image=images, who=people)
    def delete(self, image: Known, who: str) -> None:
        status = self.ask("DELETE", f"/v1/images/{image.id}", who).status
        refused = self.status_of_change(image, who)
        # A deleted image is not there to be deleted, for an admin either.
        assert status == (404 if image.is_deleted else refused)
        if status == 200:
            image.is_deleted = True
            image.members.clear()

    def status_of_change(self, image: Known, who: str) -> int:
        if not image.is_seen_by(who):
            return 404
        if image.is_deleted:
            return 403
        if who in ("root", image.owner):
            return 200
        return 403 if image.is_public else 404

    @rule(image=images, who=people)
    def look(self, image: Known, who: str) -> None:
        path = f"/v1/images/{image.id}"
        assert self.ask("HEAD", path, who).status == (200 if image.is_seen_by(who) else 404)
        members = self.ask("GET", f"{path}/members", who)
        assert members.status == (200 if image.is_seen_by(who) and not image.is_deleted else 404)
        data = self.ask("GET", path, who)
        assert (data.status in (200, 204, 404, 409)) if image.is_seen_by(who) else data.status == 404

    @invariant()
    def everybody_s_lists_are_what_the_model_says(self) -> None:
        for who in PEOPLE:
            for path in LISTS:
                listed = {image["id"] for image in self.ask("GET", path, who).json["images"]}
                wanted = {image.id for image in self.known if image.is_listed_for(who, path)}
                assert listed & {image.id for image in self.known} == wanted, (who, path)


@pytest.mark.hypothesis
@pytest.mark.timeout(600)
def test_two_tenants_and_an_admin_see_what_the_model_says_and_no_mark_of_more(neighbours: Neighbours) -> None:
    for who in PEOPLE:
        neighbours.keep_alive(who, ROLES[who])
    many = settings.get_current_profile_name() == "proof"
    machine = settings(
        max_examples=60 if many else 6,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(lambda: Machine(neighbours), settings=machine)
