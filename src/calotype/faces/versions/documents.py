"""Which versions there are, as the version lists show them. Source: docs/api/v1.md, "Versions"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calotype.http.messages import Request, Response, json_bytes


@dataclass(frozen=True, slots=True)
class Version:
    """A version's id and the path of its root; every version of today is on its way out."""

    id: str
    root: str
    status: str = "DEPRECATED"


V1_1, V1_0 = Version("v1.1", "/v1/"), Version("v1.0", "/v1/")

#: Newest first, as clients take the first they know.
V1 = (V1_1, V1_0)

#: The version a prefix alone stands for.
NAMED_BY_PREFIX = {"/v1": V1_1, "/v1.0": V1_0, "/v1.1": V1_1}


def write(versions: Sequence[Version], request: Request, status: int) -> Response:
    """*versions* with links below the address under which the client reached us."""
    body = json_bytes({"versions": [_write_version(version, request.base_url) for version in versions]})
    return Response(status=status, headers=(("Content-Type", "application/json"),), body=body)


def _write_version(version: Version, base_url: str) -> dict[str, Any]:
    links = [{"rel": "self", "href": base_url + version.root}]
    return {"id": version.id, "status": version.status, "links": links}
