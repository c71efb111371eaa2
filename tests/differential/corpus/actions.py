"""Deactivate and reactivate."""

from stories import Step, a_raw_image, create, delete, download, get, patch, send, story, upload

NOTHING = "00000000-0000-4000-8000-000000000000"
EVERYBODY = ("bob", "rita", "una", "eve", None)


def deactivate(who: str | None = "ada", image: str = "{image}") -> Step:
    return Step("POST", f"/v2/images/{image}/actions/deactivate", who)


def reactivate(who: str | None = "ada", image: str = "{image}") -> Step:
    return Step("POST", f"/v2/images/{image}/actions/reactivate", who)


SHOW = get("/v2/images/{image}")

STORIES = [
    story(
        "actions: an image is closed and opened",
        a_raw_image(),
        upload(),
        [deactivate(), SHOW, download(), download("root"), deactivate(), reactivate(), SHOW, download(), reactivate()],
    ),
    story("actions: an image without data", create(), deactivate(), reactivate(), SHOW),
    story("actions: by an admin", a_raw_image(), upload(), deactivate("root"), SHOW, reactivate("root"), SHOW),
    story(
        "actions: by others",
        a_raw_image(),
        upload(),
        [deactivate(who) for who in EVERYBODY],
        [reactivate(who) for who in EVERYBODY],
    ),
    story(
        "actions: by others on a community image",
        a_raw_image(visibility="community"),
        upload(),
        [deactivate(who) for who in EVERYBODY],
        [reactivate(who) for who in EVERYBODY],
    ),
    story("actions: no image", deactivate(image=NOTHING), reactivate(image=NOTHING), deactivate(image="image")),
    story("actions: an unknown one", a_raw_image(), Step("POST", "/v2/images/{image}/actions/activate")),
    story(
        "actions: with a body", a_raw_image(), upload(), send("POST", "/v2/images/{image}/actions/deactivate", {}), SHOW
    ),
    story(
        "actions: a closed image is changed and deleted",
        a_raw_image(),
        upload(),
        deactivate(),
        patch([{"op": "replace", "path": "/name", "value": "x"}]),
        send("POST", "/v2/images/{image}/members", {"member": "{bob}"}),
        download("bob"),
        upload(),
        delete(),
    ),
    story("actions: a protected image", a_raw_image(protected=True), upload(), deactivate(), reactivate()),
]
