"""Tags of an image."""

from stories import Step, create, delete, get, send, shortened, story


def tag(text: str, who: str | None = "ada", image: str = "{image}") -> Step:
    return Step("PUT", f"/v2/images/{image}/tags/{text}", who)


def untag(text: str, who: str | None = "ada", image: str = "{image}") -> Step:
    return Step("DELETE", f"/v2/images/{image}/tags/{text}", who)


SHOW = get("/v2/images/{image}")
TEXTS = (
    "a",
    "t" * 255,
    "t" * 256,
    "a%2Fb",
    "a/b",
    "",
    "%C3%A4",
    "a%20b",
    "a+b",
    "%FF",
    "%00",
    "a,b",
    "a%3Fb",
    "%F0%9F%98%80",
)

STORIES = [
    *(story(f"tags: '{shortened(text)}'", create(), tag(text), SHOW, untag(text), SHOW) for text in TEXTS),
    story("tags: one twice", create(), tag("a"), tag("a"), SHOW),
    story("tags: one that is not there", create(), untag("a")),
    story("tags: of no image", tag("a", image="nothing"), untag("a", image="nothing")),
    story(
        "tags: by others",
        create(tags=["b"]),
        [tag("a", who) for who in ("bob", "rita", "una", "eve", None)],
        [untag("b", who) for who in ("bob", "rita")],
    ),
    story(
        "tags: by others on a community image",
        create(visibility="community", tags=["b"]),
        tag("a", "bob"),
        untag("b", "bob"),
    ),
    story("tags: by an admin", create(), tag("a", "root"), SHOW, untag("a", "root")),
    story(
        "tags: one too many",
        create(tags=[f"t{number}" for number in range(128)]),
        tag("more"),
        tag("t1"),
        untag("t1"),
        tag("more"),
    ),
    story(
        "tags: asked for",
        create(tags=["a"]),
        get("/v2/images/{image}/tags/a"),
        get("/v2/images/{image}/tags"),
        get("/v2/images/{image}/tags/"),
    ),
    story(
        "tags: with a body",
        create(),
        send("PUT", "/v2/images/{image}/tags/a", {}),
        SHOW,
        send("DELETE", "/v2/images/{image}/tags/a", {}),
    ),
    story("tags: of a deleted image", create(tags=["a"]), delete(), tag("b"), untag("a")),
    story("tags: of a protected image", create(protected=True), tag("a"), untag("a")),
]
