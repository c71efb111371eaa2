"""How errors look, methods a path does not know, and the id of a request."""

from collections.abc import Iterator

from stories import Step, Story, a_raw_image, create, get, patch, send, story, upload

ACCEPTS = (
    "application/json",
    "application/json, */*",
    "application/json;q=0.9, */*;q=0.1",
    "*/*",
    "text/html",
    "text/html, application/json",
    "application/json, text/html;q=0.5",
    "text/plain",
    "text/plain, application/json",
    "application/xml",
    "application/*",
    "image/png",
    "",
    "garbage",
)

PATHS = (
    "/v2/images",
    "/v2/images/{image}",
    "/v2/images/{image}/file",
    "/v2/images/{image}/members",
    "/v2/images/{image}/members/{bob}",
    "/v2/images/{image}/tags/a",
    "/v2/images/{image}/actions/deactivate",
    "/v2/images/{image}/locations",
    "/v2/schemas/image",
    "/v2/info/import",
    "/v2/info/stores",
    "/v2/info/stores/detail",
    "/v2/info/usage",
    "/v2/stores/a/{image}",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "PROPFIND", "NOTHING")

#: What a path takes, so that the others are asked for here.
TAKEN = {
    "/v2/images": ("GET", "POST"),
    "/v2/images/{image}": ("GET", "PATCH", "DELETE"),
    "/v2/images/{image}/file": ("GET", "PUT", "HEAD"),
    "/v2/images/{image}/members": ("GET", "POST"),
    "/v2/images/{image}/members/{bob}": ("GET", "PUT", "DELETE"),
    "/v2/images/{image}/tags/a": ("PUT", "DELETE"),
    "/v2/images/{image}/actions/deactivate": ("POST",),
    "/v2/images/{image}/locations": ("GET", "POST"),
    "/v2/stores/a/{image}": ("DELETE",),
}

UNKNOWN = (
    "/v2/nothing",
    "/v2/images/{image}/nothing",
    "/v2/images/{image}/",
    "/v2/images/{image}/file/",
    "/v2/images//file",
    "/v2//images",
    "/v2/images/a/b/c/d",
    "/v2/images/%2e%2e/images",
    "/v2/Images",
    "/v2/images;a=b",
)


def _methods() -> Iterator[Story]:
    for path in PATHS:
        asked = [method for method in METHODS if method not in TAKEN.get(path, ("GET",))]
        yield story(f"methods: {path}", create(), [Step(method, path) for method in asked])
        yield story(f"methods: {path} without a token", create(), [Step(method, path, None) for method in asked[:3]])


STORIES = [
    *(story(f"errors: Accept is '{text}'", get("/v2/images/nothing", Accept=text)) for text in ACCEPTS),
    *(story(f"errors: of 401 Accept is '{text}'", get("/v2/images", None, Accept=text)) for text in ACCEPTS[:5]),
    story("errors: without Accept", get("/v2/images/nothing")),
    story(
        "errors: each status in JSON",
        create(protected=True),
        get("/v2/images?limit=-1", Accept="application/json"),
        get("/v2/images", "una", Accept="application/json"),
        Step("DELETE", "/v2/images/{image}", "ada", {"Accept": "application/json"}),
        get("/v2/nothing", Accept="application/json"),
        Step("POST", "/v2/images/{image}", "ada", {"Accept": "application/json"}),
        Step(
            "PUT", "/v2/images/{image}/file", "ada", {"Accept": "application/json", "Content-Type": "text/plain"}, b"x"
        ),
        send("PATCH", "/v2/images/{image}", [], Accept="application/json"),
    ),
    story("errors: a conflict in JSON", a_raw_image(), upload(), upload(Accept="application/json")),
    story(
        "errors: a range in JSON",
        a_raw_image(),
        upload(),
        get("/v2/images/{image}/file", Range="bytes=100-", Accept="application/json"),
    ),
    story("errors: what is hostile is no HTML", get("/v2/images/%3Cscript%3E", Accept="text/html")),
    *(story(f"paths: {path}", create(), get(path), get(path, None)) for path in UNKNOWN),
    *_methods(),
    story(
        "requests: their id is taken",
        get("/v2/images/nothing", X_OpenStack_Request_ID="req-0123"),
        get("/v2/images/nothing", X_OpenStack_Request_ID="0123"),
    ),
    story(
        "requests: an id too long",
        get("/v2/schemas/image", X_OpenStack_Request_ID="r" * 64),
        get("/v2/schemas/image", X_OpenStack_Request_ID="r" * 65),
    ),
    story(
        "requests: identity headers from outside",
        get("/v2/images", None, X_Identity_Status="Confirmed", X_Roles="admin", X_Project_Id="a", X_User_Id="b"),
    ),
    story(
        "requests: identity headers beside a token",
        get("/v2/info/stores/detail", "ada", X_Roles="admin"),
        patch([], path="/v2/images/nothing"),
    ),
]
