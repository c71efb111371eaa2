"""SIGKILL at named points of an upload and of a deletion. Source: docs/design/0004-bytes.md, "What a crash leaves"."""

import hashlib
import http.client
import os
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from afterwards import children, remains_of, wait_for_the_end_of
from killing import DELETION, FAILURE, POINTS, UPLOAD

from servers import Answer, Server

KILLING = Path(__file__).with_name("killing.py")

#: Three steps of an upload.
DATA = os.urandom(3 << 20)


def post(server: Server, image_id: str, **headers: str) -> Answer:
    formats = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
    return server.request("POST", "/v1/images", DATA, {**formats, "X-Image-Meta-Id": image_id, **headers})


class Scene:
    """A service with an image that was acknowledged, about to die at a point in the work on a second one."""

    def __init__(self, start_server: Callable[..., Server], folder: Path, point: str) -> None:
        self._start = start_server
        self._armed = folder / "armed"
        self.kept, self.victim = str(uuid4()), str(uuid4())
        self.server = start_server("--data-dir", folder / "data", command=(sys.executable, KILLING, point, self._armed))
        assert post(self.server, self.kept).status == 201

    def dies_from(self, request: Callable[[], Answer]) -> None:
        """Everybody is killed while *request* is under way; then the service starts again."""
        family = [self.server.process.pid, *children(self.server.process.pid)]
        self._armed.touch()
        with pytest.raises((OSError, http.client.HTTPException)):
            request()
        assert self.server.stop() == -9
        wait_for_the_end_of(family)
        self.server = self._start("--data-dir", self.server.folder, "--housekeeping-interval-s", "0")

    def check(self, then: str) -> None:
        """Nothing is lost that was acknowledged, and once house was kept nothing is left that should not be."""
        with remains_of(self.server.folder) as remains:
            remains.keep_house()
            expected = {self.kept: "active"} | ({} if then == "absent" else {self.victim: then})
            assert remains.statuses() == expected
            remains.check()
            self._check_over_http(then)
            assert post(self.server, str(uuid4())).status == 201
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


@pytest.fixture
def scene(start_server: Callable[..., Server], tmp_path: Path) -> Callable[[str], Scene]:
    return lambda point: Scene(start_server, tmp_path, point)


@pytest.mark.parametrize("point", UPLOAD)
def test_an_upload_that_is_killed_loses_nothing_and_leaves_nothing(scene: Callable[[str], Scene], point: str) -> None:
    stage = scene(point)

    stage.dies_from(lambda: post(stage.server, stage.victim))

    stage.check(POINTS[point].then)


@pytest.mark.parametrize("point", FAILURE)
def test_a_failure_that_is_killed_leaves_nothing(scene: Callable[[str], Scene], point: str) -> None:
    stage = scene(point)

    stage.dies_from(lambda: post(stage.server, stage.victim, **{"X-Image-Meta-Checksum": "0" * 32}))

    stage.check(POINTS[point].then)


@pytest.mark.parametrize("point", DELETION)
def test_a_deletion_that_is_killed_is_done_or_not_done(scene: Callable[[str], Scene], point: str) -> None:
    stage = scene(point)
    assert post(stage.server, stage.victim).status == 201

    stage.dies_from(lambda: stage.server.request("DELETE", f"/v1/images/{stage.victim}"))

    stage.check(POINTS[point].then)
