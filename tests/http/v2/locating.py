"""An application whose images may have their data at URLs, and the origin there."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asking_v2 import RAW, V2
from connecting import wait_for

import origins
from origins import Origin

DATA = bytes(range(256)) * 5

#: The tests' origin is on the machine itself, which an operator would have to name too.
OPTIONS = {"http_locations": True, "fetch_allowed_hosts": ("127.0.0.1",), "fetch_allowed_ports": ()}


@contextmanager
def located(tell: Callable[[dict[str, Any]], Any], **options: Any) -> Iterator[tuple[V2, Origin]]:
    with origins.running() as origin, tell({"options": {**OPTIONS, **options}}) as port:
        yield V2(port), origin


def queued(v2: V2, **fields: Any) -> str:
    """The id of an image that waits for data, its formats set."""
    made: str = v2.create(**{**RAW, **fields})["id"]
    return made


def validation(data: bytes = DATA, algorithm: str = "sha512") -> dict[str, str]:
    return {"os_hash_algo": algorithm, "os_hash_value": hashlib.new(algorithm, data).hexdigest()}


def when(v2: V2, image_id: str, **fields: Any) -> Any:
    """The image as it is shown once its *fields* are these."""
    shown: dict[str, Any] = {}

    def holds() -> bool:
        shown.update(v2.show(image_id))
        return {name: shown[name] for name in fields} == fields

    wait_for(holds)
    return shown
