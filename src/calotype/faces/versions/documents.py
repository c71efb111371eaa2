"""Which versions there are, as the version lists show them. Source: docs/api/v1.md, "Versions"; docs/api/v2.md, "Versions"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from calotype.http.messages import Request, Response, json_bytes


@dataclass(frozen=True, slots=True)
class Version:
    """A version's id, the path of its root, and whether it is the newest of its kind or on its way out."""

    id: str
    root: str
    status: str


V1_1, V1_0 = Version("v1.1", "/v1/", "DEPRECATED"), Version("v1.0", "/v1/", "DEPRECATED")

#: Newest first, as clients take the first they know.
V1 = (V1_1, V1_0)

#: What a deployment without a cache announces; the second needs several stores. The order is the reference's, and some
#: clients go by it. Source: openstack/glance:glance/api/versions.py.
_ALWAYS = (15, 9, 17, 7, 6, 5, 4, 3, 2, 1, 0)
_WITH_SEVERAL_STORES = (15, 13, 12, 11, 10, 9, 8, 17, 7, 6, 5, 4, 3, 2, 1, 0)
_CURRENT = 17


def v2(*, has_several_stores: bool) -> tuple[Version, ...]:
    """The minor versions of v2. They announce features; what is answered is the same under each."""
    minors = _WITH_SEVERAL_STORES if has_several_stores else _ALWAYS
    return tuple(Version(f"v2.{minor}", "/v2/", "CURRENT" if minor == _CURRENT else "SUPPORTED") for minor in minors)


def bare(versions: Sequence[Version]) -> Iterator[tuple[str, Version]]:
    """The paths that name a version and nothing below it, with the version each lists.

    `/v1/` and its like are not among them: below v1 a path of nothing is its brief list.
    """
    for version in versions:
        yield f"/{version.id}", version
        if version.id.startswith("v2."):
            yield f"/{version.id}/", version
        if version.status == "CURRENT":
            yield from (("/v2", version), ("/v2/", version))
    if V1_1 in versions:
        yield "/v1", V1_1


def write(versions: Sequence[Version], request: Request, status: int) -> Response:
    """*versions* with links below the address under which the client reached us."""
    body = json_bytes({"versions": [_write_version(version, request.base_url) for version in versions]})
    return Response(status=status, headers=(("Content-Type", "application/json"),), body=body)


def _write_version(version: Version, base_url: str) -> dict[str, Any]:
    links = [{"rel": "self", "href": base_url + version.root}]
    return {"id": version.id, "status": version.status, "links": links}
