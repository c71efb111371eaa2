"""PATCH: what is no list of operations, and what is no path."""

from typing import Any

from stories import OCTETS, V20, V21, create, patch, send, story

BODIES: dict[str, Any] = {
    "nothing": b"",
    "no JSON": b"[",
    "an object": {"op": "add", "path": "/a", "value": "b"},
    "null": None,
    "a text": "a",
    "an empty list": [],
    "a list of texts": ["add"],
    "a list of lists": [[]],
    "an empty operation": [{}],
    "an operation without op": [{"path": "/a", "value": "b"}],
    "an operation without path": [{"op": "add", "value": "b"}],
    "an operation without value": [{"op": "add", "path": "/a"}],
    "a replacement without value": [{"op": "replace", "path": "/name"}],
    "an unknown operation": [{"op": "set", "path": "/a", "value": "b"}],
    "a move": [{"op": "move", "path": "/a", "from": "/b"}],
    "a copy": [{"op": "copy", "path": "/a", "from": "/b"}],
    "a test": [{"op": "test", "path": "/name", "value": "x"}],
    "more keys than it needs": [{"op": "add", "path": "/a", "value": "b", "c": "d"}],
    "a number for a path": [{"op": "add", "path": 5, "value": "b"}],
    "a number for an operation": [{"op": 5, "path": "/a", "value": "b"}],
    "a removal with a value": [{"op": "remove", "path": "/a", "value": "b"}],
    "an operation of v2.0": [{"add": "/a", "value": "b"}],
}

OLD_BODIES: dict[str, Any] = {
    "an operation": [{"add": "/a", "value": "b"}],
    "an empty operation": [{}],
    "two operations at once": [{"add": "/a", "replace": "/name", "value": "b"}],
    "an operation without value": [{"add": "/a"}],
    "an unknown operation": [{"set": "/a", "value": "b"}],
    "an operation of v2.1": [{"op": "add", "path": "/a", "value": "b"}],
    "a number for a path": [{"add": 5, "value": "b"}],
    "an object": {"add": "/a", "value": "b"},
    "an empty list": [],
}

PATHS = (
    "",
    "/",
    "a",
    "//",
    "//a",
    "/a/",
    "/a/b",
    "/a/b/c",
    "/a~1b",
    "/a~0b",
    "/a~b",
    "/a~",
    "/a~2",
    "/ a ",
    "/a b",
    "/name/first",
    "/tags/0",
    "/tags/-",
    "/extra_properties",
    "/properties",
    "/properties/a",
    "/members",
    "/größe",
    "/%2F",
    "/Name",
    "/image_id",
    "/os_glance",
)

MEDIA_TYPES = (
    "application/json",
    "application/json-patch+json",
    "application/openstack-images-v2.2-json-patch",
    "application/openstack-images-v2.1-json-patch; charset=utf-8",
    "APPLICATION/OPENSTACK-IMAGES-V2.1-JSON-PATCH",
    "text/plain",
    OCTETS,
    "",
)

ADD = [{"op": "add", "path": "/a", "value": "b"}]

STORIES = [
    *(story(f"operations: the body is {what}", create(), patch(body)) for what, body in BODIES.items()),
    *(
        story(f"operations: in v2.0 the body is {what}", create(), patch(body, media_type=V20))
        for what, body in OLD_BODIES.items()
    ),
    *(
        story(
            f"operations: the path is '{path}'",
            create(name="x"),
            [patch([{"op": op, "path": path, "value": "v"}]) for op in ("add", "replace", "remove")],
        )
        for path in PATHS
    ),
    *(
        story(f"operations: the media type is '{media}'", create(), patch(ADD, media_type=media))
        for media in MEDIA_TYPES
    ),
    story("operations: no media type", create(), send("PATCH", "/v2/images/{image}", ADD)),
    story(
        "operations: judged before the image is looked for",
        patch(ADD, path="/v2/images/nothing", media_type="text/plain"),
        patch([{}], path="/v2/images/nothing"),
        patch([{"op": "replace", "path": "/status", "value": "active"}], path="/v2/images/nothing"),
        patch(ADD, path="/v2/images/nothing", media_type=V21),
    ),
]
