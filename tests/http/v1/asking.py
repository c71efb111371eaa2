"""Requests to v1 from Python, for what a story cannot say: bodies of any kind, and what is left when they were refused."""

import hashlib
import http.client
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

META = "x-image-meta-"

#: What data need to be taken at all.
RAW = {"x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare"}
OCTETS = {"content-type": "application/octet-stream"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def image(self) -> Any:
        return json.loads(self.body)["image"]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def meta(self) -> dict[str, str]:
        """The metadata headers without their prefix."""
        sent = {name.lower(): value for name, value in self.headers.items()}
        return {name.removeprefix(META): value for name, value in sent.items() if name.startswith(META)}


@dataclass(frozen=True)
class V1:
    """The application at a port; *caller* is one of `CALLERS`, whose token spells its name."""

    port: int

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        caller: str = "me",
    ) -> Answer:
        """A body that is no `bytes` goes out chunked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {"x-auth-token": caller, **(headers or {})}
            chunked = body is not None and not isinstance(body, bytes)
            if chunked:
                sent["transfer-encoding"] = "chunked"
            connection.request(method, path, body, {k: v.encode() for k, v in sent.items()}, encode_chunked=chunked)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def post(
        self,
        headers: dict[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        caller: str = "me",
        path: str = "/v1/images",
    ) -> Answer:
        """An image is made; as raw data unless *headers* say otherwise."""
        return self.ask("POST", path, {**(RAW if headers is None else headers)}, body, caller)

    def put_in(self, body: bytes | Iterable[bytes], **fields: str) -> Any:
        """The image, active, that holds *body*."""
        answer = self.post({**RAW, **OCTETS, **{META + name: value for name, value in fields.items()}}, body)
        assert answer.status == 201, answer.text
        return answer.image

    def status_of(self, image_id: str) -> str:
        return self.ask("HEAD", f"/v1/images/{image_id}", caller="admin").meta["status"]

    def names(self) -> list[str]:
        """The names of all images there are, killed ones too."""
        listed = self.ask("GET", "/v1/images?is_public=none&changes-since=2000&limit=1000", caller="admin")
        return [image["name"] for image in json.loads(listed.body)["images"]]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def wait_for(holds: Callable[[], bool]) -> None:
    """Returns when it holds; fails if it does not within half a minute."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
