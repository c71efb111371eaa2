"""GET and DELETE of one image, and who may."""

from collections.abc import Iterator

from stories import Story, a_raw_image, create, delete, get, patch, send, story, upload

EVERYBODY = ("ada", "bob", "rita", "root", "una", "eve", None)
VISIBILITIES = ("private", "shared", "community", "public")


def _shown() -> Iterator[Story]:
    for visibility in VISIBILITIES:
        yield story(
            f"showing: a {visibility} image to each",
            create("root", owner="{ada}", visibility=visibility),
            [get("/v2/images/{image}", who) for who in EVERYBODY],
        )
        yield story(
            f"deletion: of a {visibility} image by who may not",
            create("root", owner="{ada}", visibility=visibility),
            [delete(who=who) for who in EVERYBODY if who not in ("ada", "root")],
        )
        yield story(
            f"changes: of a {visibility} image by who may not",
            create("root", owner="{ada}", visibility=visibility),
            [
                patch([{"op": "add", "path": "/name", "value": "x"}], who)
                for who in EVERYBODY
                if who not in ("ada", "root")
            ],
        )


STORIES = [
    *_shown(),
    story("showing: no such image", get("/v2/images/00000000-0000-4000-8000-000000000000"), get("/v2/images/image")),
    story("showing: a hidden image", create(os_hidden=True), get("/v2/images/{image}")),
    story("showing: with a body", create(), send("GET", "/v2/images/{image}", {})),
    story("showing: with parameters nobody knows", create(), get("/v2/images/{image}?fields=id")),
    story("showing: an image with data", a_raw_image(), upload(), get("/v2/images/{image}")),
    story(
        "deletion: of one's own",
        create(),
        delete(),
        get("/v2/images/{image}"),
        delete(),
        get("/v2/images/{image}", "root"),
    ),
    story("deletion: by an admin", create(), delete(who="root")),
    story("deletion: of an image with data", a_raw_image(), upload(), delete(), get("/v2/images/{image}/file")),
    story("deletion: of a protected image", create(protected=True), delete(), delete(who="root")),
    story("deletion: with a body", create(), send("DELETE", "/v2/images/{image}", {})),
    story("deletion: no such image", delete("/v2/images/00000000-0000-4000-8000-000000000000")),
    story(
        "deletion: the id is not given again",
        create(),
        delete(),
        create("ada", "second", id="{image}"),
        create("root", "third", id="{image}"),
    ),
]
