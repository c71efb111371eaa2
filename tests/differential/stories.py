"""What is asked of both services: a story is a list of requests that build on each other.

In paths, header values and bodies `{ada}` and its like are projects, `{run}` is a word that no other story has, and a name that
an earlier request `saves` is the id that its answer held.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Step:
    """One request.

    *who*: a name of accounts.py, or None for no token. *saves*: what the `id` of a 201 is called from here on; such an image is
    deleted when the story is over. *chunked*: the body is sent without its length.
    """

    method: str
    path: str
    who: str | None = "ada"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    chunked: bool = False
    saves: str | None = None

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Story:
    """*title* is unique, begins with the subject and a colon, and is what differences are listed under."""

    title: str
    steps: tuple[Step, ...]


def story(title: str, *steps: Step | Iterable[Step]) -> Story:
    """A story of single steps and lists of them."""
    flat: list[Step] = []
    for step in steps:
        if isinstance(step, Step):
            flat.append(step)
        else:
            flat.extend(step)
    return Story(title, tuple(flat))


def get(path: str, who: str | None = "ada", **headers: str) -> Step:
    return Step("GET", path, who, _named(headers))


def delete(path: str = "/v2/images/{image}", who: str | None = "ada", **headers: str) -> Step:
    return Step("DELETE", path, who, _named(headers))


def send(method: str, path: str, value: Any, who: str | None = "ada", **headers: str) -> Step:
    """*value* as JSON; bytes as they are."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Step(method, path, who, {"Content-Type": "application/json", **_named(headers)}, body)


def create(_who: str | None = "ada", _saves: str = "image", **attributes: Any) -> Step:
    """A POST of an image with these attributes."""
    return create_from(attributes, _who, _saves)


def create_from(value: Any, who: str | None = "ada", saves: str = "image") -> Step:
    """The same for what is no keyword, and for what is no image."""
    asked = send("POST", "/v2/images", value, who)
    return Step(asked.method, asked.path, who, asked.headers, asked.body, saves=saves)


def a_raw_image(_who: str | None = "ada", _saves: str = "image", **attributes: Any) -> Step:
    """A POST of an image that can take any data."""
    return create(_who, _saves, **{"disk_format": "raw", "container_format": "bare", **attributes})


def upload(
    data: bytes = b"calotype",
    who: str | None = "ada",
    path: str = "/v2/images/{image}/file",
    *,
    chunked: bool = False,
    **headers: str,
) -> Step:
    return Step("PUT", path, who, {"Content-Type": OCTETS, **_named(headers)}, data, chunked)


def download(who: str | None = "ada", path: str = "/v2/images/{image}/file", **headers: str) -> Step:
    return get(path, who, **headers)


def patch(operations: Any, who: str | None = "ada", path: str = "/v2/images/{image}", media_type: str = V21) -> Step:
    return send("PATCH", path, operations, who, Content_Type=media_type)


def shortened(text: str) -> str:
    """Of long text its beginning and its length: for titles."""
    return text if len(text) <= 48 else f"{text[:8]}…({len(text)})"


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names as keywords spell them, with underscores."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
