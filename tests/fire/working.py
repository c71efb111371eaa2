"""A client: it makes images, reads, changes and deletes them at random, and holds every answer against what it knows."""

import json
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import documented
from asking_front import Front, Reply
from content import Comparison, Content
from known import KILLED, QUEUED, SAVING, Known, Shelf
from tally import Tally

V1, V2 = "/v1/images", "/v2/images"
_ONE = "/{image_id}"
_OCTETS = {"content-type": "application/octet-stream"}
_JSON = {"content-type": "application/json"}
_PATCH = {"content-type": "application/openstack-images-v2.1-json-patch"}
_META = "x-image-meta-"
_RAW = {f"{_META}disk_format": "raw", f"{_META}container_format": "bare"}

#: The property that clients change.
PROPERTY = "fire"

#: What tells that a limit stands against it, or a state that was in doubt.
_LIMIT = 413
_DOUBTFUL = (404, 409, 410, 412)

#: So long after its answer failed to come nothing of a request is still being done.
_SURELY_OVER_S = 5.0


@dataclass(frozen=True)
class Load:
    """*sizes*: of data, the least and the most; *most_images* of one client; *huge_size*: of some data, seldom."""

    sizes: tuple[int, int]
    most_images: int
    huge_size: int | None = None


@dataclass(frozen=True)
class Who:
    """A user's token, the project it is for, and the other project."""

    token: str
    project: str
    other_project: str


class Client(threading.Thread):
    """Works until *deadline*; *front* is asked for everything, and the *nodes* themselves for some of what is only read."""

    def __init__(
        self,
        seed: int,
        who: Who,
        front: Front,
        nodes: Sequence[Front],
        shelf: Shelf,
        tally: Tally,
        load: Load,
        deadline: float,
    ) -> None:
        super().__init__(name=f"client {seed}")
        self._random = random.Random(seed)
        self._who = who
        self._front = front
        self._nodes = nodes
        self._shelf = shelf
        self._tally = tally
        self._load = load
        self._deadline = deadline
        self._mine: list[Known] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        works: dict[Callable[[], None], int] = {
            self.create: 24,
            self.fill: 6,
            self.download: 12,
            self.read_part: 16,
            self.show: 10,
            self.list_all: 10,
            self.patch: 12,
            self.change_members: 10,
            self.delete: 16,
        }
        try:
            while time.monotonic() < self._deadline:
                self._random.choices(list(works), list(works.values()))[0]()
        except Exception as error:  # noqa: BLE001 -- the test that started it tells
            self.failure = error

    # Making

    def create(self) -> None:
        if len(self._there()) >= self._load.most_images:
            self.delete()
            return
        self._random.choice((self._post_with_data, self._reserve_and_put, self._create_and_put))()

    def fill(self) -> None:
        """Data for an image without any, which an upload that failed may have left so."""
        empty = [one for one in self._there() if QUEUED in one.data]
        if empty:
            self._put_file(self._random.choice(empty))

    def _post_with_data(self) -> None:
        known, content = self._new(), self._content()
        known.exists, known.data = {True, False}, {content, KILLED, SAVING}
        headers = {**self._reserved(known), **_OCTETS}
        reply = self._upload("v1 POST with data", "POST", V1, V1, headers, content)
        if reply.status == 201:
            known.exists, known.data = {True}, {content}
        elif reply.status == _LIMIT:
            known.data = {KILLED, SAVING}
        else:
            self._judge(reply, "v1 POST with data", known)

    def _reserve_and_put(self) -> None:
        known = self._new()
        known.exists = {True, False}
        reply = self._ask("v1 POST", "POST", V1, V1, self._reserved(known))
        if reply.status != 201:
            self._judge(reply, "v1 POST", known, also=(_LIMIT,))
            known.exists = {False} if reply.status == _LIMIT else known.exists
            return
        known.exists = {True}
        content = self._content()
        reply = self._upload("v1 PUT with data", "PUT", f"{V1}/{known.id}", V1 + _ONE, _OCTETS, content)
        if reply.status == 200:
            known.data = {content}
        elif reply.status == _LIMIT:
            known.data = {KILLED, SAVING}
        else:
            known.data = {QUEUED, content, KILLED, SAVING}
            self._judge(reply, "v1 PUT with data", known)

    def _create_and_put(self) -> None:
        known = self._new()
        (name,) = known.names
        body = {"id": known.id, "name": name, "disk_format": "raw", "container_format": "bare", PROPERTY: "0"}
        known.exists = {True, False}
        reply = self._ask("v2 POST", "POST", V2, V2, _JSON, json.dumps(body).encode())
        if reply.status != 201:
            self._judge(reply, "v2 POST", known, also=(_LIMIT,))
            known.exists = {False} if reply.status == _LIMIT else known.exists
            return
        known.exists = {True}
        self._put_file(known)

    def _put_file(self, known: Known) -> None:
        content, before, was_certain = self._content(), set(known.data), known.is_certain
        known.data = before | {content, QUEUED, SAVING}
        reply = self._upload("v2 PUT data", "PUT", f"{V2}/{known.id}/file", f"{V2}{_ONE}/file", _OCTETS, content)
        if reply.status == 204:
            known.exists, known.data = {True}, {content}
        elif reply.status == _LIMIT:
            known.data = {QUEUED, SAVING}
        elif reply.status in _DOUBTFUL:
            if not self._was_disturbed(reply):  # else a node that is gone may have begun what the next one refused
                known.data = before
            self._judge(reply, "v2 PUT data", known, was_certain=was_certain)
        else:
            self._judge(reply, "v2 PUT data", known)

    # Reading

    def download(self) -> None:
        if (known := self._readable()) is None:
            return
        (content,) = known.data
        assert isinstance(content, Content)
        compared = Comparison(content)
        path, route, kind = self._random.choice(
            [
                (f"{V2}/{known.id}/file", f"{V2}{_ONE}/file", "v2 GET data"),
                (f"{V1}/{known.id}", V1 + _ONE, "v1 GET data"),
            ]
        )
        reply = self._read(kind, path, route, compared=compared)
        self._check_read(kind, known, reply, compared, 200, content.size)

    def read_part(self) -> None:
        if (known := self._readable()) is None:
            return
        (content,) = known.data
        assert isinstance(content, Content)
        first = self._random.randrange(content.size)
        length = min(content.size - first, int(10 ** self._random.uniform(0, 6.5)))
        compared = Comparison(content, first)
        asked = {"range": f"bytes={first}-{first + length - 1}"}
        path, route, kind = self._random.choice(
            [
                (f"{V2}/{known.id}/file", f"{V2}{_ONE}/file", "v2 GET part"),
                (f"{V1}/{known.id}", V1 + _ONE, "v1 GET part"),
            ]
        )
        reply = self._read(kind, path, route, asked, compared=compared)
        self._check_read(kind, known, reply, compared, 206, length)

    def show(self) -> None:
        if (known := self._one_of_mine()) is None:
            return
        reply = self._read("v2 show", f"{V2}/{known.id}", V2 + _ONE)
        if reply.status == 200:
            self._check_shown(reply.json, known, "show")
        else:
            self._judge(reply, "v2 show", known)
        if reply.status == 404 and known.exists == {True} and not self._was_disturbed(reply):
            self._tally.complain(f"image {known.id} is not shown though it is there")

    def list_all(self) -> None:
        """Pages of a size of its own, to the end: all images of ours, and none that is gone."""
        limit = self._random.choice((5, 25, 200))
        path: str | None = f"{V2}?limit={limit}"
        listed: dict[str, dict[str, str]] = {}
        while path is not None:
            reply = self._read("v2 list", path, V2)
            if reply.status == 400 and "marker=" in path:
                return  # somebody deleted the image that the page before had ended with
            if reply.status != 200:
                self._judge(reply, "v2 list", None)
                return
            page = reply.json
            listed |= {image["id"]: image for image in page["images"]}
            path = page.get("next")
        for known in self._mine:
            if known.exists == {True} and known.id not in listed and KILLED not in known.data:
                self._tally.complain(f"image {known.id} is missing in a list")
            elif known.exists == {False} and known.id in listed:
                self._tally.complain(f"deleted image {known.id} is in a list")
            elif known.id in listed:
                self._check_shown(listed[known.id], known, "list")

    # Changing

    def patch(self) -> None:
        if (known := self._one_of_mine()) is None:
            return
        name, value = uuid4().hex, uuid4().hex
        before = set(known.names), set(known.properties.get(PROPERTY, {None}))
        changes = [
            {"op": "replace", "path": "/name", "value": name},
            {"op": "add", "path": f"/{PROPERTY}", "value": value},
        ]
        known.names, known.properties[PROPERTY] = before[0] | {name}, before[1] | {value}
        reply = self._ask("v2 PATCH", "PATCH", f"{V2}/{known.id}", V2 + _ONE, _PATCH, json.dumps(changes).encode())
        if reply.status == 200:
            known.exists, known.names, known.properties[PROPERTY] = {True}, {name}, {value}
        elif reply.is_settled:
            known.names, known.properties[PROPERTY] = before
        if reply.status != 200:
            self._judge(reply, "v2 PATCH", known)

    def change_members(self) -> None:
        if (known := self._one_of_mine()) is None:
            return
        other = self._who.other_project
        before = set(known.members.get(other, {False}))
        route = f"{V2}{_ONE}/members"
        if before == {True}:
            known.members[other] = {True, False}
            path, template = f"{V2}/{known.id}/members/{other}", route + "/{member_id}"
            reply, kind, done, then = (
                self._ask("v2 member DELETE", "DELETE", path, template),
                "v2 member DELETE",
                204,
                False,
            )
        else:
            known.members[other] = before | {True}
            body = json.dumps({"member": other}).encode()
            reply = self._ask("v2 member POST", "POST", f"{V2}/{known.id}/members", route, _JSON, body)
            kind, done, then = "v2 member POST", 200, True
        if reply.status == done:
            known.members[other] = {then}
        elif reply.is_settled:
            # Once more by nginx, or by us, after the first time was not answered: it is as it was asked to be.
            is_repeated = reply.status in (404, 409) and (len(before) > 1 or self._was_disturbed(reply))
            known.members[other] = before | {then} if is_repeated else before
            if not is_repeated or reply.status not in (404, 409):
                self._judge(reply, kind, known)
        else:
            self._judge(reply, kind, known)

    def delete(self) -> None:
        if (known := self._one_of_mine()) is None:
            return
        was_there = known.exists == {True}
        known.is_going, known.exists = True, {True, False}
        first = self._random.choice((V1, V2))
        kind = f"v{first[2]} DELETE"
        reply = self._ask(kind, "DELETE", f"{first}/{known.id}", first + _ONE)
        if reply.status in (200, 204):
            known.exists = {False}
        elif reply.status == 404 and not was_there:
            # Never made, or gone by a deletion whose answer was lost; nothing that was asked for long ago can make it now.
            known.exists = {False} if reply.began > known.doubted_at + _SURELY_OVER_S else {True, False}
        else:
            self._judge(reply, kind, known, was_certain=was_there)

    # How

    def _new(self) -> Known:
        known = Known(str(uuid4()), self._who.project, set(), {QUEUED}, {uuid4().hex}, {PROPERTY: {"0"}})
        self._mine.append(known)
        self._shelf.add(known)
        return known

    def _content(self) -> Content:
        least, most = self._load.sizes
        if self._load.huge_size is not None and self._random.random() < 0.004:
            size = self._load.huge_size
        else:
            size = int(math.exp(self._random.uniform(math.log(least), math.log(most))))
        return Content(self._random.getrandbits(48), size)

    def _reserved(self, known: Known) -> dict[str, str]:
        (name,) = known.names
        return {**_RAW, f"{_META}id": known.id, f"{_META}name": name, f"{_META}property-{PROPERTY}": "0"}

    def _there(self) -> list[Known]:
        return [one for one in self._mine if one.exists != {False}]

    def _one_of_mine(self) -> Known | None:
        there = self._there()
        return self._random.choice(there) if there else None

    def _readable(self) -> Known | None:
        there = self._shelf.readable(self._who.project)
        return self._random.choice(there) if there else None

    def _upload(
        self, kind: str, method: str, path: str, route: str, headers: Mapping[str, str], content: Content
    ) -> Reply:
        is_known = self._random.random() < 0.5
        length = {"content-length": str(content.size)} if is_known else {}
        return self._ask(kind, method, path, route, {**headers, **length}, content.blocks(), up=content.size)

    def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        route: str,
        headers: Mapping[str, str] = {},
        body: bytes | Iterator[bytes] | None = None,
        *,
        up: int = 0,
        front: Front | None = None,
        compared: Comparison | None = None,
    ) -> Reply:
        sent = {"x-auth-token": self._who.token, **headers}
        reply = (front or self._front).ask(method, path, sent, body, compared=compared)
        self._tally.count(kind, reply, up=up)
        if reply.status is not None and reply.status not in documented.statuses(method, route) | {503}:
            self._tally.complain(f"{kind} was answered {reply.status}, which is not documented: {reply.body[:300]!r}")
        return reply

    def _read(
        self,
        kind: str,
        path: str,
        route: str,
        headers: Mapping[str, str] = {},
        *,
        compared: Comparison | None = None,
    ) -> Reply:
        """Some of the time from a node that nobody chose for its health."""
        front = self._random.choice(self._nodes) if self._random.random() < 0.25 else self._front
        return self._ask(kind, "GET", path, route, headers, front=front, compared=compared)

    # Judging

    def _was_disturbed(self, reply: Reply) -> bool:
        return self._tally.was_disturbed(reply.began, reply.ended)

    def _judge(
        self,
        reply: Reply,
        kind: str,
        known: Known | None,
        *,
        also: Sequence[int] = (),
        was_certain: bool | None = None,
    ) -> None:
        """Complains of what cannot be explained: an answer without reason, and none while nothing was taken away."""
        is_certain = known is not None and (known.is_certain if was_certain is None else was_certain)
        if not reply.is_settled:
            if known is not None:
                known.doubted_at = reply.ended
            if not self._was_disturbed(reply):
                self._tally.unexplained(kind, reply)
            return
        if reply.status in also or (reply.status in _DOUBTFUL and known is not None and not is_certain):
            return
        if reply.status in _DOUBTFUL and self._was_disturbed(reply) and known is not None:
            # nginx asked a second node for what the first had done, or had begun.
            return
        state = "" if known is None else f" of image {known.id}, which {known.exists} {known.data}"
        self._tally.complain(f"{kind}{state} was answered {reply.status}: {reply.body[:300]!r}")

    def _check_read(
        self, kind: str, known: Known, reply: Reply, compared: Comparison, status: int, length: int
    ) -> None:
        if not compared.is_right:
            self._tally.complain(
                f"{kind}: image {known.id} has other bytes than were put into it, before {compared.at}"
            )
        if reply.status == status:
            if reply.received != length and compared.is_right:
                self._tally.complain(f"{kind}: image {known.id} came with {reply.received} bytes instead of {length}")
            return
        may_be_gone = known.is_going or (
            known.project != self._who.project and known.members.get(self._who.project) != {True}
        )
        if not may_be_gone:
            self._judge(reply, kind, known, was_certain=True)

    def _check_shown(self, image: Mapping[str, str], known: Known, where: str) -> None:
        told = {"status": known.statuses, "name": known.names, PROPERTY: known.properties[PROPERTY]}
        for name, may_be in told.items():
            if image.get(name) not in may_be:
                self._tally.complain(
                    f"{where}: {name} of image {known.id} is {image.get(name)!r}, which is none of {may_be}"
                )
