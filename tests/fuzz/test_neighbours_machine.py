"""Whatever two tenants and an admin do with images, in any order and dialect, each sees what a plain model says, and no mark
of more.

Every image carries marks of its own, 16 hexadecimal digits each, in its name, a property's name and value, its tag, and its
data. Source: docs/design/0008-hostile-neighbours.md.
"""

import json
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from neighbours import ROLES, Neighbours
from plain_model import Known
from seeds import PATCH_TYPE
from watched import PEOPLE, Watched

people = st.sampled_from(PEOPLE)
#: The owner as often as everybody else together, or little would ever be done.
doers = st.sampled_from(("owner", "owner", "owner", *PEOPLE))
tenants = st.sampled_from(["ada", "bob"])
dialects = st.sampled_from(["v1", "v2"])
visibilities = st.sampled_from(["shared", "shared", "private", "community", "public"])

_DATA = "Content-Type: application/octet-stream\r\n"
_PATCH = f"Content-Type: {PATCH_TYPE.decode()}\r\n"
_FORMATS = "x-image-meta-disk_format: raw\r\nx-image-meta-container_format: bare\r\n"

#: Lists as everybody asks for them; the last of v1 shows an admin everything, the last of v2 all that there is to see.
LISTS = (
    *("/v1/images?limit=1000", "/v1.1/images/detail?limit=1000", "/v1/images/detail?is_public=none&limit=1000"),
    *("/v2/images?limit=1000", "/v2/images?visibility=all&member_status=all&limit=1000&sort=name:asc"),
)


class Machine(Watched):
    """Each rule is one request and what the model says of its answer."""

    images: Bundle[Known] = Bundle("images")

    @initialize(target=images)
    def begin(self) -> Any:
        """An image that Ada shares with Bob, so that there is something to take back."""
        image = self.create("ada", is_public=False, has_data=True)
        self.offer(image, "ada", "bob")
        return image

    @precondition(lambda self: self.has_room)
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
        return self.remember(
            Known(found["id"], who, "public" if is_public else "shared", has_data=has_data, marks=marks)
        )

    @precondition(lambda self: self.has_room)
    @rule(target=images, who=people, visibility=visibilities)
    def create_in_v2(self, who: str, visibility: str) -> Any:
        marks = [token_hex(8) for _ in range(4)]
        fields = {"name": marks[0], marks[1]: marks[2], "tags": [marks[3]], "visibility": visibility}
        answer = self.ask_json("POST", "/v2/images", who, fields | {"disk_format": "raw", "container_format": "bare"})
        if visibility == "public" and who != "root":
            assert answer.status == 403
            return multiple()
        assert answer.status == 201
        return self.remember(Known(answer.json["id"], who, visibility, marks=marks))

    @rule(image=images, who=doers, is_public=st.sampled_from([None, None, True, False]))
    def change(self, image: Known, who: str, is_public: bool | None) -> None:
        who = image.owner if who == "owner" else who
        headers, marks = self.meta(is_public=is_public)
        status = self.ask("PUT", f"/v1/images/{image.id}", who, headers).status
        if is_public and who != "root":
            assert status == 403
            return
        assert status == image.v1_change(who)
        if status == 200:
            # Marks that are written over stay secret from those who may not see the image.
            image.marks += marks
            if is_public:
                image.visibility = "public"
            elif is_public is False and image.visibility == "public":
                image.visibility = "shared"
            self.check_who_sees(image)

    @rule(image=images, who=doers, visibility=visibilities)
    def patch(self, image: Known, who: str, visibility: str) -> None:
        who = image.owner if who == "owner" else who
        marks = [token_hex(8) for _ in range(3)]
        said = [("name", marks[0]), (marks[1], marks[2]), ("visibility", visibility)]
        body = [{"op": "add", "path": f"/{name}", "value": value} for name, value in said]
        status = self.ask("PATCH", f"/v2/images/{image.id}", who, _PATCH, json.dumps(body).encode()).status
        wanted = image.v2_change(who)
        assert status == (403 if wanted == 200 and visibility == "public" and who != "root" else wanted)
        if status == 200:
            image.marks += marks
            image.visibility = visibility
            self.check_who_sees(image)

    @rule(image=images)
    def hide(self, image: Known) -> None:
        """From its members, who come back when it is shared again."""
        for visibility in ("private", "shared"):
            self.patch(image, image.owner, visibility)

    @rule(image=images, who=doers, dialect=dialects)
    def upload(self, image: Known, who: str, dialect: str) -> None:
        who = image.owner if who == "owner" else who
        data = token_hex(8)
        v1, path = dialect == "v1", f"/{dialect}/images/{image.id}"
        status = self.ask("PUT", path if v1 else f"{path}/file", who, _DATA, data.encode()).status
        done = 200 if v1 else 204
        refused = image.v1_change(who) if v1 else image.v2_change(who, done)
        assert status == (409 if refused == done and image.has_data else refused)
        if status == done:
            image.has_data = True
            image.marks.append(data)

    @rule(image=images, to=tenants)
    def give_away(self, image: Known, to: str) -> None:
        headers = f"x-image-meta-owner: {self.project(to)}\r\n"
        status = self.ask("PUT", f"/v1/images/{image.id}", "root", headers).status
        assert status == image.v1_change("root")
        if status == 200:
            image.owner = to
            self.check_who_sees(image)

    @rule(image=images, who=doers, member=tenants, is_added=st.booleans())
    def share(self, image: Known, who: str, member: str, is_added: bool) -> None:
        who = image.owner if who == "owner" else who
        method = "PUT" if is_added else "DELETE"
        status = self.ask(method, f"/v1/images/{image.id}/members/{self.project(member)}", who).status
        if image.is_deleted or not image.is_seen_by(who):
            assert status == 404
        elif not image.is_own(who):
            assert status in (403, 404)
        elif image.visibility in ("private", "community"):
            assert status == 403
        elif is_added:
            assert status == 204
            image.members.setdefault(member, "pending")
        else:
            assert status == (204 if image.members.pop(member, None) else 404)

    @rule(image=images, who=doers, member=tenants)
    def offer(self, image: Known, who: str, member: str) -> None:
        who = image.owner if who == "owner" else who
        sent = {"member": self.project(member)}
        status = self.ask_json("POST", f"/v2/images/{image.id}/members", who, sent).status
        assert status == image.offer(who, member)
        if status == 200:
            image.members[member] = "pending"

    @rule(image=images, who=doers, member=tenants, said=st.sampled_from(["accepted", "rejected", "pending"]))
    def answer(self, image: Known, who: str, member: str, said: str) -> None:
        who = member if who == "owner" else who
        path = f"/v2/images/{image.id}/members/{self.project(member)}"
        status = self.ask_json("PUT", path, who, {"status": said}).status
        assert status == image.answer(who, member)
        if status == 200:
            image.members[member] = said

    @rule(image=images, who=doers, member=tenants)
    def withdraw(self, image: Known, who: str, member: str) -> None:
        who = image.owner if who == "owner" else who
        status = self.ask("DELETE", f"/v2/images/{image.id}/members/{self.project(member)}", who).status
        assert status == image.withdrawal(who, member)
        if status == 204:
            del image.members[member]
            self.check_who_sees(image)

    @rule(image=images, who=doers, dialect=dialects)
    def delete(self, image: Known, who: str, dialect: str) -> None:
        who = image.owner if who == "owner" else who
        status = self.ask("DELETE", f"/{dialect}/images/{image.id}", who).status
        # A deleted image is not there to be deleted, for an admin either.
        refused = 404 if image.is_deleted else image.v1_change(who)
        assert status == (refused if dialect == "v1" else image.v2_change(who, 204))
        if status in (200, 204):
            image.is_deleted = True
            image.members.clear()

    @rule(image=images, who=people)
    def look(self, image: Known, who: str) -> None:
        path = f"/v1/images/{image.id}"
        assert self.ask("HEAD", path, who).status == (200 if image.is_seen_by(who) else 404)
        members = self.ask("GET", f"{path}/members", who)
        assert members.status == (200 if image.is_seen_by(who) and not image.is_deleted else 404)
        data = self.ask("GET", path, who)
        assert (data.status in (200, 204, 404, 409)) if image.is_seen_by(who) else data.status == 404

    @rule(image=images, who=people)
    def look_in_v2(self, image: Known, who: str) -> None:
        path, is_there = f"/v2/images/{image.id}", image.is_there_for(who)
        assert self.ask("GET", path, who).status == (200 if is_there else 404)
        data = self.ask("GET", f"{path}/file", who)
        assert data.status == ((200 if image.has_data else 204) if is_there else 404)
        members = self.ask("GET", f"{path}/members", who)
        assert members.status == image.list_of_members(who)
        if members.status == 200:
            told = {one["member_id"]: one["status"] for one in members.json["members"]}
            shown = image.members if image.is_own(who) else {who: image.members[who]}
            assert told == {self.project(member): status for member, status in shown.items()}

    @invariant()
    def everybody_s_lists_are_what_the_model_says(self) -> None:
        """One reader's after each step, in turns; everybody's are compared after three."""
        who = next(self.readers)
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
        max_examples=100 if many else 20,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(lambda: Machine(neighbours), settings=machine)
