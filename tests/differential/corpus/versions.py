"""Which versions there are, and whom a path without one meets."""

from stories import Step, get, story

PATHS = ("/", "/versions", "/versions/", "/v1", "/v3", "/v3x/images", "/v2.19/images", "/va.1/images", "/unknown")

STORIES = [
    *(story(f"versions: {path} without a token", get(path, None)) for path in PATHS),
    *(story(f"versions: {path} with a token", get(path)) for path in PATHS),
    story("versions: whatever Accept says it is JSON", get("/versions", None, Accept="text/html")),
    story("versions: v2 itself without a token", get("/v2", None), get("/v2/", None), get("/v2.5/", None)),
    story("versions: v2 itself with a token", get("/v2"), get("/v2/"), get("/v2.5/")),
    story(
        "versions: a minor is v2",
        get("/v2.0/schemas/member"),
        get("/v2.9/schemas/member"),
        get("/v2.17/images/nothing"),
    ),
    story("versions: a minor that is not listed", get("/v2.18/schemas/member"), get("/v2.99/images")),
    story(
        "versions: a path without one and the vendor's type",
        get("/images/nothing", Accept="application/vnd.openstack.images-v2.3"),
        get("/schemas/member", Accept="application/vnd.openstack.images-v2.17"),
        get("/schemas/member", Accept="application/vnd.openstack.images-v1"),
    ),
    story("versions: images without a version", get("/images", None), get("/images"), get("/schemas/member")),
    story("versions: is it well", get("/healthcheck", None), get("/healthcheck")),
    story(
        "versions: OPTIONS",
        Step("OPTIONS", "/v2/images", None),
        Step("OPTIONS", "/", None),
        Step("OPTIONS", "/v2/nothing"),
    ),
    story(
        "versions: other methods", Step("POST", "/versions", None), Step("DELETE", "/", None), Step("HEAD", "/", None)
    ),
]
