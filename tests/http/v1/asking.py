"""Requests to v1 from Python, for what a story cannot say: bodies of any kind, and what is left when they were refused."""

import json
from collections.abc import Iterable
from typing import Any

import connecting
from connecting import Client, md5, wait_for

__all__ = ["META", "OCTETS", "RAW", "V1", "Answer", "md5", "wait_for"]

META = "x-image-meta-"

#: What data need to be taken at all.
RAW = {"x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare"}
OCTETS = {"content-type": "application/octet-stream"}


class Answer(connecting.Answer):
    @property
    def image(self) -> Any:
        return self.json["image"]

    @property
    def meta(self) -> dict[str, str]:
        """The metadata headers without their prefix."""
        sent = {name.lower(): value for name, value in self.headers.items()}
        return {name.removeprefix(META): value for name, value in sent.items() if name.startswith(META)}


class V1(Client):
    answers = Answer

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
