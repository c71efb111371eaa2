"""Images made by POST, over the whole service. Source: docs/api/v1.md, "Create"."""

import hashlib
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import disks
import pytest
from servers import Answer, Server

RAW = {"x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare"}


def post(
    server: Server,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    *,
    prefix: str = "/v1",
    cloud: str = "calotype",
) -> Answer:
    sent = {"x-image-meta-name": "debian", **(RAW if headers is None else headers)}
    return server.request("POST", f"{prefix}/images", body, sent, token=server.token_of(cloud))


def head(server: Server, image_id: str) -> dict[str, str]:
    """The metadata headers of an image as an admin sees it, without prefix."""
    answer = server.request("HEAD", f"/v1/images/{image_id}", token=server.token_of("calotype-admin"))
    assert answer.status == 200
    start = "x-image-meta-"
    return {
        name.lower().removeprefix(start): value
        for name, value in answer.headers.items()
        if name.lower().startswith(start)
    }


def status_of(server: Server, image_id: str) -> str:
    return head(server, image_id)["status"]
