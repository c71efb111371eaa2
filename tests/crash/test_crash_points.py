"""SIGKILL at named points of an upload and of a deletion. Source: docs/design/0004-bytes.md, "What a crash leaves"."""

import hashlib
import http.client
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from afterwards import TIME_LIMIT_S, children, remains_of, wait_for_the_end_of
from killing import DELETION, FAILURE, POINTS, UPLOAD, Point

from servers import Answer, Server

KILLING = Path(__file__).with_name("killing.py")

#: Three steps of an upload.
DATA = os.urandom(3 << 20)

#: The test is the one who keeps house.
NO_HOUSEKEEPER = ("--housekeeping-interval-s", "0")


def post(server: Server, image_id: str, **headers: str) -> Answer:
    formats = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
    return server.request("POST", "/v1/images", DATA, {**formats, "X-Image-Meta-Id": image_id, **headers})


class Scene:
    """A service with an image that was acknowledged, about to die at a point in the work on another one, the victim.

    *known*: what becomes, or must have become, of each image there is.
    """

    def __init__(self, start_server: Callable[..., Server], folder: Path, workers: int, *, all_die: bool) -> None:
        self._start = start_server
        self._armed = folder / "armed"
        self._workers = ("--workers", str(workers))
        self._all_die = all_die
        self.victim = ""
        command = (sys.executable, KILLING, self._armed, "all" if all_die else "worker")
        housekeeper = () if all_die else NO_HOUSEKEEPER
        self.server = start_server("--data-dir", folder / "data", *housekeeper, *self._workers, command=command)
        self.kept = str(uuid4())
        self.known = {self.kept: "active"}
        assert post(self.server, self.kept).status == 201

    def plays(self, point: str) -> None:
        """What leads to *point* is asked for and cut short by the death; nothing is lost, and nothing left."""
        self.victim = str(uuid4())
        if point in DELETION:
            assert post(self.server, self.victim).status == 201
        self._dies_at(point)
        self._check(POINTS[point].then)

    def _request(self, point: str) -> Answer:
        if point in DELETION:
            return self.server.request("DELETE", f"/v1/images/{self.victim}")
        return post(self.server, self.victim, **({"X-Image-Meta-Checksum": "0" * 32} if point in FAILURE else {}))

    def _dies_at(self, point: str) -> None:
        """Afterwards the service has been started again, or another worker has taken the dead one's place."""
        family = [self.server.process.pid, *children(self.server.process.pid)]
        self._armed.write_text(point)
        with pytest.raises((OSError, http.client.HTTPException)):
            self._request(point)
        if self._all_die:
            assert self.server.stop() == -9
            wait_for_the_end_of(family)
            self.server = self._start("--data-dir", self.server.folder, *NO_HOUSEKEEPER, *self._workers)
        else:
            assert self.server.request("GET", "/healthz", token=None).status == 200
            self._wait_for_another_worker(family)

    def _wait_for_another_worker(self, family: list[int]) -> None:
        parent, *workers = family
        deadline = time.monotonic() + TIME_LIMIT_S
        while len(now := children(parent)) < len(workers) or set(now) == set(workers):
            assert time.monotonic() < deadline, "no other worker took its place"
            time.sleep(0.01)
        assert len(set(now) & set(workers)) == len(workers) - 1

    def _check(self, then: str) -> None:
        """Nothing is lost that was acknowledged, and once house was kept nothing is left that should not be."""
        with remains_of(self.server.folder) as remains:
            remains.keep_house()
            if then != "absent":
                self.known[self.victim] = then
            assert remains.statuses() == self.known
            remains.check()
            self._check_over_http(then)
            more = str(uuid4())
            assert post(self.server, more).status == 201
            self.known[more] = "active"
            assert remains.keep_house() == []
            remains.check()

    def _check_over_http(self, then: str) -> None:
        assert self.digest_of(self.kept) == hashlib.sha256(DATA).hexdigest()
        if then == "active":
            assert self.digest_of(self.victim) == hashlib.sha256(DATA).hexdigest()
        else:
            assert self.server.request("GET", f"/v1/images/{self.victim}").status == 404
            again = self.server.request("PUT", f"/v1/images/{self.victim}", DATA)
            assert again.status == (404 if then == "absent" else 409), again.body

    def digest_of(self, image_id: str) -> str:
        answer = self.server.request("GET", f"/v1/images/{image_id}")
        assert answer.status == 200, answer.body
        return hashlib.sha256(answer.body).hexdigest()


@pytest.fixture(params=[1, pytest.param(4, marks=pytest.mark.proof)], ids=["one-worker", "four-workers"])
def scene(request: pytest.FixtureRequest, start_server: Callable[..., Server], tmp_path: Path) -> Scene:
    """Everybody dies."""
    return Scene(start_server, tmp_path, request.param, all_die=True)


@pytest.mark.parametrize("point", UPLOAD)
def test_an_upload_that_is_killed_loses_nothing_and_leaves_nothing(scene: Scene, point: str) -> None:
    scene.plays(point)


@pytest.mark.parametrize("point", FAILURE)
def test_a_failure_that_is_killed_leaves_nothing(scene: Scene, point: str) -> None:
    scene.plays(point)


@pytest.mark.parametrize("point", DELETION)
def test_a_deletion_that_is_killed_is_done_or_not_done(scene: Scene, point: str) -> None:
    scene.plays(point)


@pytest.mark.parametrize("points", [UPLOAD, FAILURE, DELETION], ids=["upload", "failure", "deletion"])
def test_one_of_four_workers_is_killed_at_every_point_and_the_others_go_on(
    start_server: Callable[..., Server], tmp_path: Path, points: dict[str, Point]
) -> None:
    """One service for all points, which are fewer than the deaths it bears in 30 seconds: five for each worker."""
    scene = Scene(start_server, tmp_path, 4, all_die=False)

    for point in points:
        scene.plays(point)
