"""Locations by PATCH, where they are shown, and the locations API.

No URL here leads anywhere: those on this machine are refused before anything is asked of them.
"""

from collections.abc import Iterator
from typing import Any

from stories import Story, a_raw_image, create, get, patch, send, story, upload

SHOW = get("/v2/images/{image}")
LOCATIONS = "/v2/images/{image}/locations"
HERE = "http://127.0.0.1:9/data"
HASH = {"os_hash_algo": "sha512", "os_hash_value": "0" * 128}

#: What a queued image is told to be at.
VALUES: dict[str, Any] = {
    "this machine": {"url": HERE, "metadata": {}},
    "a name of this machine": {"url": "http://localhost/data", "metadata": {}},
    "a link-local address": {"url": "http://169.254.169.254/latest", "metadata": {}},
    "a file": {"url": "file:///etc/passwd", "metadata": {}},
    "a file in capitals": {"url": "FILE:///etc/passwd", "metadata": {}},
    "a folder": {"url": "filesystem:///etc/passwd", "metadata": {}},
    "swift's configuration": {"url": "swift+config://a/b/c", "metadata": {}},
    "gopher": {"url": "gopher://example.org/data", "metadata": {}},
    "no scheme": {"url": "data", "metadata": {}},
    "nothing": {"url": "", "metadata": {}},
    "no URL": {"metadata": {}},
    "no metadata": {"url": HERE},
    "metadata that are no object": {"url": HERE, "metadata": "a"},
    "a number": {"url": 5, "metadata": {}},
    "a text": HERE,
    "a list": [HERE],
    "null": None,
    "a long URL": {"url": "http://127.0.0.1/" + "a" * 300, "metadata": {}},
    "decimal": {"url": "http://2130706433/data", "metadata": {}},
    "hashed": {"url": HERE, "metadata": {}, "validation_data": HASH},
    "hashed by half": {"url": HERE, "metadata": {}, "validation_data": {"os_hash_algo": "sha512"}},
    "hashed by what is unknown": {"url": HERE, "metadata": {}, "validation_data": {**HASH, "os_hash_algo": "rot13"}},
}

INDICES = ("-", "0", "1", "5", "-1", "a", "01", "")


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def _added() -> Iterator[Story]:
    for what, value in VALUES.items():
        yield story(
            f"locations: {what} is added",
            create(disk_format="raw", container_format="bare"),
            patch([add("/locations/-", value)]),
            SHOW,
        )
    for index in INDICES:
        yield story(
            f"locations: at '{index}'",
            a_raw_image(),
            upload(),
            patch([add(f"/locations/{index}", VALUES["this machine"])]),
            SHOW,
        )


def _removed() -> Iterator[Story]:
    for who in ("ada", "root"):
        asked = [patch([{"op": "remove", "path": f"/locations/{index}"}], who) for index in ("1", "-", "a", "0")]
        yield story(f"locations: removed by {who}", a_raw_image(), upload(), asked, SHOW)


def _posted() -> Iterator[Story]:
    bodies: dict[str, Any] = {
        "nothing": b"",
        "no JSON": b"{",
        "a list": [],
        "empty": {},
        "a number": {"url": 5},
        "empty hashes": {"url": HERE, "validation_data": {}},
        **{
            what: {"url": value["url"], **_hashes(value)}
            for what, value in VALUES.items()
            if isinstance(value, dict) and "url" in value
        },
    }
    for what, body in bodies.items():
        for who in ("ada", "root"):
            yield story(
                f"locations API: {what} is posted by {who}",
                create(disk_format="raw", container_format="bare"),
                send("POST", LOCATIONS, body, who),
                SHOW,
            )


def _hashes(value: Any) -> dict[str, Any]:
    return {"validation_data": value["validation_data"]} if "validation_data" in value else {}


SHOWN = [
    *_added(),
    *_removed(),
    story(
        "locations: before and after an upload", a_raw_image(), SHOW, upload(), SHOW, get("/v2/images/{image}", "root")
    ),
    story(
        "locations: all of them are replaced",
        a_raw_image(),
        upload(),
        [
            patch([{"op": "replace", "path": "/locations", "value": value}])
            for value in ([], [VALUES["this machine"]], "a", None)
        ],
        SHOW,
    ),
    story(
        "locations: all of them are removed",
        a_raw_image(),
        upload(),
        patch([{"op": "remove", "path": "/locations"}], "root"),
        SHOW,
    ),
    story(
        "locations: of a closed image",
        a_raw_image(),
        upload(),
        send("POST", "/v2/images/{image}/actions/deactivate", b""),
        SHOW,
        get("/v2/images/{image}", "root"),
    ),
    story(
        "locations: by who may not",
        create(visibility="community"),
        patch([add("/locations/-", VALUES["this machine"])], "bob"),
    ),
    story("locations: of no image", patch([add("/locations/-", VALUES["this machine"])], path="/v2/images/nothing")),
]

POSTED = [
    *_posted(),
    story(
        "locations API: asked for",
        create(),
        [get(LOCATIONS, who) for who in ("ada", "bob", "rita", "root", "una", None)],
    ),
    story(
        "locations API: of an image with data",
        a_raw_image(),
        upload(),
        send("POST", LOCATIONS, {"url": HERE}),
        send("POST", LOCATIONS, {"url": HERE}, "root"),
    ),
    story(
        "locations API: of no image",
        [send("POST", "/v2/images/nothing/locations", {"url": HERE}, who) for who in ("ada", "root")],
        get("/v2/images/nothing/locations", "root"),
    ),
    story(
        "locations API: of another's image",
        create(),
        send("POST", LOCATIONS, {"url": HERE}, "bob"),
        get(LOCATIONS, "bob"),
    ),
]
