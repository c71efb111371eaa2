"""What a service says of itself: schemas, import methods, stores, usage."""

from stories import get, send, story

SCHEMAS = ("image", "images", "member", "members")

STORIES = [
    *(story(f"schemas: {name}", get(f"/v2/schemas/{name}")) for name in SCHEMAS),
    story("schemas: an unknown one", get("/v2/schemas/nothing"), get("/v2/schemas/"), get("/v2/schemas")),
    story("schemas: to each", [get("/v2/schemas/member", who) for who in ("rita", "una", "eve", None)]),
    story("schemas: with a body", send("GET", "/v2/schemas/image", {})),
    story(
        "discovery: import methods", get("/v2/info/import"), get("/v2/info/import", "una"), get("/v2/info/import", None)
    ),
    story("discovery: stores", get("/v2/info/stores"), get("/v2/info/stores", None)),
    story("discovery: stores in detail", [get("/v2/info/stores/detail", who) for who in ("ada", "root", None)]),
    story("discovery: usage", [get("/v2/info/usage", who) for who in ("ada", "rita", "una", None)]),
    story("discovery: an unknown word", get("/v2/info/nothing"), get("/v2/info"), get("/v2/info/")),
    story(
        "discovery: with a body",
        [send("GET", f"/v2/info/{what}", {}) for what in ("import", "stores", "stores/detail", "usage")],
    ),
]
