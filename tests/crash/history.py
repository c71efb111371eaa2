"""What clients did to a service, and what they know of it: the model a service is held to after a crash."""

import hashlib
import http.client
import os
import random
import threading
from dataclasses import dataclass, field
from uuid import uuid4

from servers import Answer, Server

MIB = 1 << 20
NOISE = os.urandom(4 * MIB)

FORMATS = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}

#: Images that a client keeps at most, so that there is enough to delete and not too much to compare.
MOST_IMAGES = 4


@dataclass
class Model:
    """*there*: images whose creation was acknowledged, and no deletion asked for, with their digests.

    *creating*, *deleting*: asked for and not answered, so done or not done. *gone*: deletions that were acknowledged.
    *answers* and *doubts* count, over all crashes, what was acknowledged and what was not.
    """

    there: dict[str, str] = field(default_factory=dict)
    creating: dict[str, str] = field(default_factory=dict)
    deleting: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    answers: int = 0
    doubts: int = 0

    def check(self, server: Server, statuses: dict[str, str]) -> None:
        """The images of *server* are those acknowledged, to the byte; what was in doubt is settled by looking.

        *statuses*: of all images there are, house having been kept.
        """
        assert {image_id for image_id in self.there if statuses.get(image_id) != "active"} == set(), "lost"
        self.doubts += len(self.creating) + len(self.deleting)
        for image_id, digest in self.creating.items():
            if (status := statuses.get(image_id)) == "active":
                self.there[image_id] = digest
            elif status is not None:
                assert status == "killed"
                assert server.request("DELETE", f"/v1/images/{image_id}").status == 200
                self.gone.add(image_id)
        for image_id, digest in self.deleting.items():
            if image_id in statuses:
                self.there[image_id] = digest
            else:
                self.gone.add(image_id)
        self.creating.clear()
        self.deleting.clear()
        self._compare(server)

    def _compare(self, server: Server) -> None:
        listed = server.request("GET", "/v1/images?limit=1000").json["images"]
        assert {image["id"] for image in listed} == set(self.there)
        for image_id, digest in self.there.items():
            answer = server.request("GET", f"/v1/images/{image_id}")
            assert (answer.status, hashlib.sha256(answer.body).hexdigest()) == (200, digest)
        for image_id in self.gone:
            assert server.request("GET", f"/v1/images/{image_id}").status == 404
        self.gone.clear()


class Client(threading.Thread):
    """Creates and deletes images until the service does not answer, or it is told to stop.

    *wrong*: the answer it should not have got, if there was one.
    """

    def __init__(self, server: Server, model: Model, mine: list[str], seed: int) -> None:
        """*mine*: the images it may delete; nobody else does."""
        super().__init__()
        self._server = server
        self._model = model
        self._mine = mine
        self._random = random.Random(seed)
        self.is_told_to_stop = False
        self.wrong: Answer | None = None

    def run(self) -> None:
        try:
            while not self.is_told_to_stop and self.wrong is None:
                if self._random.random() < len(self._mine) / MOST_IMAGES:
                    self._remove_one(self._mine.pop(self._random.randrange(len(self._mine))))
                else:
                    self._create_one()
        except (OSError, http.client.HTTPException):
            """The service was killed: what was asked for last stays in doubt."""

    def _create_one(self) -> None:
        first = self._random.randrange(2 * MIB)
        data = NOISE[first : first + self._random.choice([1, 1000, 300_000, 2 * MIB])]
        image_id, digest = str(uuid4()), hashlib.sha256(data).hexdigest()
        self._model.creating[image_id] = digest
        answer = self._server.request("POST", "/v1/images", data, {**FORMATS, "X-Image-Meta-Id": image_id})
        if answer.status != 201:
            self.wrong = answer
            return
        self._model.there[image_id] = self._model.creating.pop(image_id)
        self._model.answers += 1
        self._mine.append(image_id)

    def _remove_one(self, image_id: str) -> None:
        self._model.deleting[image_id] = self._model.there.pop(image_id)
        answer = self._server.request("DELETE", f"/v1/images/{image_id}")
        if answer.status != 200:
            self.wrong = answer
            return
        del self._model.deleting[image_id]
        self._model.gone.add(image_id)
        self._model.answers += 1
