"""Requests to v2 from Python, for what a story cannot say."""

import json
from collections.abc import Iterable
from typing import Any

from connecting import Answer, Client

OCTETS = {"content-type": "application/octet-stream"}

#: What an image needs before it takes data.
RAW = {"disk_format": "raw", "container_format": "bare"}

PATCH_TYPES = {
    "2.1": "application/openstack-images-v2.1-json-patch",
    "2.0": "application/openstack-images-v2.0-json-patch",
}


class V2(Client):
    def create(self, caller: str = "me", **fields: Any) -> Any:
        """An image made of *fields*."""
        answer = self.ask("POST", "/v2/images", body=json.dumps(fields).encode(), caller=caller)
        assert answer.status == 201, answer.text
        return answer.json

    def patch(self, image_id: str, *operations: Any, syntax: str = "2.1", caller: str = "me") -> Answer:
        return self.ask(
            "PATCH",
            f"/v2/images/{image_id}",
            {"content-type": PATCH_TYPES[syntax]},
            json.dumps(operations).encode(),
            caller,
        )

    def upload(self, image_id: str, body: bytes | Iterable[bytes], caller: str = "me") -> Answer:
        return self.ask("PUT", f"/v2/images/{image_id}/file", OCTETS, body, caller)

    def show(self, image_id: str, caller: str = "me") -> Any:
        """The image as *caller* is shown it."""
        answer = self.ask("GET", f"/v2/images/{image_id}", caller=caller)
        assert answer.status == 200, answer.text
        return answer.json

    def active(self, body: bytes = b"data", caller: str = "me", **fields: Any) -> Any:
        """An image that holds *body*, raw unless *fields* say otherwise."""
        made = self.create(caller, **{**RAW, **fields})
        answer = self.upload(made["id"], body, caller)
        assert answer.status == 204, answer.text
        return self.show(made["id"], caller)
