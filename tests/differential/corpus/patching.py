"""PATCH: every path with every operation in both media types."""

from collections.abc import Iterator
from typing import Any

from stories import V20, V21, Story, a_raw_image, create, get, patch, shortened, story, upload

#: A path and a good value for it.
OPEN = {
    "/name": "changed",
    "/min_disk": 1,
    "/min_ram": 1,
    "/os_hidden": True,
    "/protected": True,
    "/tags": ["new"],
    "/visibility": "private",
    "/disk_format": "qcow2",
    "/container_format": "ovf",
}
READ_ONLY = {
    "/id": "0f0f0f0f-0000-4000-8000-00000000000c",
    "/status": "active",
    "/checksum": "0" * 32,
    "/size": 1,
    "/virtual_size": 1,
    "/direct_url": "file:///a",
    "/self": "/v2/images/a",
    "/file": "/v2/images/a/file",
    "/schema": "/v2/schemas/image",
    "/created_at": "2026-01-01T00:00:00Z",
    "/updated_at": "2026-01-01T00:00:00Z",
    "/os_hash_algo": "sha256",
    "/os_hash_value": "0" * 64,
    "/stores": "a",
}
RESERVED = {
    "/location": "file:///a",
    "/deleted": "true",
    "/deleted_at": "2026-01-01T00:00:00Z",
    "/os_glance_import_task": "a",
}
OTHERS = {
    "/owner": "{bob}",
    "/present": "changed",
    "/absent": "new",
    "/locations": [],
    "/locations/-": {"url": "http://a/b", "metadata": {}},
}

#: What an attribute does not take.
BAD_VALUES: list[tuple[str, Any]] = [
    ("/name", 5),
    ("/name", "n" * 256),
    ("/name", None),
    ("/min_disk", -1),
    ("/min_disk", "1"),
    ("/min_disk", None),
    ("/min_ram", 2147483648),
    ("/os_hidden", "true"),
    ("/protected", None),
    ("/tags", "new"),
    ("/tags", ["n" * 256]),
    ("/tags", ["a", "a"]),
    ("/tags", []),
    ("/visibility", "everybody"),
    ("/visibility", "public"),
    ("/visibility", "community"),
    ("/disk_format", "gpt"),
    ("/disk_format", None),
    ("/container_format", "zip"),
    ("/present", 5),
    ("/present", None),
    ("/present", {"a": "b"}),
    ("/present", ""),
    ("/" + "k" * 256, "v"),
]


def operation(media_type: str, op: str, path: Any, value: Any) -> dict[str, Any]:
    """In the words of *media_type*; a removal has no value."""
    words = {op: path} if media_type == V20 else {"op": op, "path": path}
    return words if op == "remove" else {**words, "value": value}


def _every_path() -> Iterator[Story]:
    """A removal comes last, but where the path is not there before."""
    for path, value in {**OPEN, **READ_ONLY, **RESERVED, **OTHERS}.items():
        order = ("replace", "remove", "add") if path == "/absent" else ("replace", "add", "remove")
        for minor, media_type in (("2.1", V21), ("2.0", V20)):
            yield story(
                f"changes: {path} in v{minor}",
                a_raw_image(present="here"),
                [patch([operation(media_type, op, path, value)], media_type=media_type) for op in order],
            )


def _bad_values() -> Iterator[Story]:
    for path, value in BAD_VALUES:
        for op in ("replace", "add"):
            yield story(
                f"changes: {op} {shortened(path)} with {shortened(repr(value))}",
                create(present="here"),
                patch([operation(V21, op, path, value)]),
            )


def _by_an_admin() -> Iterator[Story]:
    for path, value in {"/owner": "{bob}", "/visibility": "public", **READ_ONLY, **RESERVED}.items():
        yield story(f"changes: {path} by an admin", create(), patch([operation(V21, "replace", path, value)], "root"))


STORIES = [
    *_every_path(),
    *_bad_values(),
    *_by_an_admin(),
    story(
        "changes: formats of an image with data",
        a_raw_image(),
        upload(),
        [
            patch([operation(V21, "replace", path, value)])
            for path, value in (("/disk_format", "raw"), ("/container_format", "ovf"))
        ],
        patch([operation(V21, "replace", "/name", "x")]),
    ),
    story(
        "changes: one that fails leaves nothing",
        create(name="before"),
        patch([operation(V21, "replace", "/name", "after"), operation(V21, "replace", "/absent", "x")]),
        get("/v2/images/{image}"),
    ),
    story(
        "changes: they apply in order",
        create(),
        patch(
            [
                operation(V21, "add", "/a", "1"),
                operation(V21, "replace", "/a", "2"),
                operation(V21, "add", "/b", "1"),
                operation(V21, "remove", "/b", None),
            ]
        ),
    ),
    story(
        "changes: a property too many",
        create(**{f"p{number}": "v" for number in range(127)}),
        patch([operation(V21, "add", "/more", "v")]),
        patch([operation(V21, "add", "/most", "v")]),
        patch([operation(V21, "replace", "/p1", "w")]),
    ),
    story(
        "changes: a tag too many",
        create(),
        patch([operation(V21, "replace", "/tags", [f"t{number}" for number in range(129)])]),
    ),
    story("changes: null owner by an admin", create(), patch([operation(V21, "replace", "/owner", None)], "root")),
    story("changes: of no image", patch([], path="/v2/images/00000000-0000-4000-8000-000000000000")),
    story(
        "changes: the id is another's",
        create(visibility="private"),
        patch([], "bob"),
        patch([], "una"),
        patch([], None),
    ),
]
