"""Members of an image: offered by its owner, accepted by the member."""

from collections.abc import Iterator
from typing import Any

from stories import Step, Story, a_raw_image, create, delete, get, patch, send, story

MEMBERS = "/v2/images/{image}/members"
BOB = MEMBERS + "/{bob}"
EVERYBODY = ("ada", "bob", "rita", "root", "una", "eve", None)


def offer(who: str | None = "ada", member: Any = "{bob}") -> Step:
    return send("POST", MEMBERS, {"member": member}, who)


def answer(status: Any, who: str | None = "bob", path: str = BOB) -> Step:
    return send("PUT", path, {"status": status}, who)


BODIES: dict[str, Any] = {
    "no object": [],
    "nothing": b"",
    "no JSON": b"{",
    "empty": {},
    "null": None,
    "a text": "{bob}",
    "of another name": {"member_id": "{bob}"},
    "an empty member": {"member": ""},
    "a number": {"member": 5},
    "a null member": {"member": None},
    "a list": {"member": ["{bob}"]},
    "a long member": {"member": "m" * 256},
    "the longest member": {"member": "m" * 255},
    "more than it needs": {"member": "{bob}", "status": "accepted"},
    "a member with a slash": {"member": "a/b"},
    "the owner's project": {"member": "{ada}"},
}
STATUSES: tuple[Any, ...] = ("accepted", "rejected", "pending", "nothing", "", "ACCEPTED", None, 5, ["accepted"])
STATUS_BODIES: dict[str, Any] = {
    "empty": {},
    "no object": [],
    "no JSON": b"{",
    "nothing": b"",
    "of another name": {"state": "accepted"},
}


def _by_each() -> Iterator[Story]:
    for who in EVERYBODY:
        yield story(f"members: offered by {who}", create(), offer(who))
        yield story(f"members: asked for by {who}", create(), offer(), get(MEMBERS, who), get(BOB, who))
        yield story(f"members: answered by {who}", create(), offer(), answer("accepted", who))
        yield story(f"members: withdrawn by {who}", create(), offer(), delete(BOB, who))
    for visibility in ("private", "community", "public"):
        yield story(
            f"members: of a {visibility} image",
            create("root", owner="{ada}", visibility=visibility),
            [
                offer(),
                offer("bob"),
                get(MEMBERS),
                get(MEMBERS, "bob"),
                get(BOB),
                answer("accepted"),
                answer("accepted", "root"),
                delete(BOB),
            ],
        )


STORIES = [
    *_by_each(),
    *(
        story(f"members: what is sent is {what}", create(), send("POST", MEMBERS, body))
        for what, body in BODIES.items()
    ),
    *(story(f"members: the status is {status!r}", create(), offer(), answer(status), get(BOB)) for status in STATUSES),
    *(
        story(f"members: a status is {what}", create(), offer(), send("PUT", BOB, body, "bob"))
        for what, body in STATUS_BODIES.items()
    ),
    story("members: one too many", create(), [offer(member=f"project-{number}") for number in range(129)]),
    story("members: none yet", create(), get(MEMBERS), get(BOB), answer("accepted"), delete(BOB)),
    story("members: one twice", create(), offer(), offer()),
    story(
        "members: another's",
        create(),
        offer(member="{root}"),
        get(MEMBERS + "/{root}", "bob"),
        answer("accepted", path=MEMBERS + "/{root}"),
    ),
    story(
        "members: two see themselves only",
        create(),
        offer(),
        offer(member="zzz"),
        get(MEMBERS),
        get(MEMBERS, "bob"),
    ),
    story(
        "members: one more time",
        create(),
        [offer(), answer("accepted"), delete(BOB), get(MEMBERS), get("/v2/images/{image}", "bob"), offer(), get(BOB)],
    ),
    story(
        "members: what one may do with the image",
        a_raw_image(),
        offer(),
        answer("accepted"),
        get("/v2/images/{image}", "bob"),
        patch([{"op": "replace", "path": "/name", "value": "x"}], "bob"),
        [
            delete(who="bob"),
            offer("bob", "another"),
            Step("PUT", "/v2/images/{image}/tags/t", "bob"),
            delete(BOB, "bob"),
        ],
        Step("POST", "/v2/images/{image}/actions/deactivate", "bob"),
    ),
    story(
        "members: they come back with the visibility",
        create(),
        offer(),
        answer("accepted"),
        patch([{"op": "replace", "path": "/visibility", "value": "private"}]),
        [get("/v2/images/{image}", "bob"), get(MEMBERS), get(MEMBERS, "bob")],
        patch([{"op": "replace", "path": "/visibility", "value": "shared"}]),
        [get("/v2/images/{image}", "bob"), get(MEMBERS)],
    ),
    story(
        "members: of no image",
        [get("/v2/images/nothing/members"), send("POST", "/v2/images/nothing/members", {"member": "a"})],
    ),
    story("members: lists with a body", create(), send("GET", MEMBERS, {}), send("DELETE", BOB, {})),
]
