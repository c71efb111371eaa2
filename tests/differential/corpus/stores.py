"""Two stores: where data go, what an image says of it, and copies that are deleted one by one."""

from stories import Step, a_raw_image, create, create_from, delete, download, get, patch, story, upload

SOME = b"0123456789"
SHOW = get("/v2/images/{image}")
EVERYBODY = ("ada", "bob", "rita", "una", "eve", None)
NOTHING = "00000000-0000-4000-8000-000000000000"

STORIES = [
    story("stores: the versions", get("/versions", None)),
    story("stores: what there is", [get("/v2/info/stores", who) for who in ("ada", "rita", "una", None)]),
    story(
        "stores: what there is in detail", [get("/v2/info/stores/detail", who) for who in ("ada", "root", "una", None)]
    ),
    story("stores: creation names them", create()),
    story("stores: data go to the default one", a_raw_image(), SHOW, upload(SOME), SHOW, download()),
    story(
        "stores: data go where they are told", a_raw_image(), upload(SOME, X_Image_Meta_Store="two"), SHOW, download()
    ),
    story("stores: the default one by its name", a_raw_image(), upload(SOME, X_Image_Meta_Store="one"), SHOW),
    story("stores: an unknown one", a_raw_image(), upload(SOME, X_Image_Meta_Store="three"), SHOW, upload(SOME), SHOW),
    story("stores: an empty name", a_raw_image(), upload(SOME, X_Image_Meta_Store=""), SHOW),
    story("stores: another case", a_raw_image(), upload(SOME, X_Image_Meta_Store="TWO"), SHOW),
    story(
        "stores: the last copy", a_raw_image(), upload(SOME), delete("/v2/stores/one/{image}", "root"), SHOW, download()
    ),
    story("stores: one without a copy", a_raw_image(), upload(SOME), delete("/v2/stores/two/{image}", "root"), SHOW),
    story("stores: one that is not there", a_raw_image(), upload(SOME), delete("/v2/stores/three/{image}", "root")),
    story("stores: an image without data", create(), delete("/v2/stores/one/{image}", "root")),
    story(
        "stores: no image", delete(f"/v2/stores/one/{NOTHING}", "root"), delete(f"/v2/stores/three/{NOTHING}", "root")
    ),
    story(
        "stores: copies are for admins to delete",
        a_raw_image(),
        upload(SOME),
        [delete("/v2/stores/one/{image}", who) for who in EVERYBODY],
    ),
    story(
        "stores: copies of a closed image",
        a_raw_image(),
        upload(SOME),
        Step("POST", "/v2/images/{image}/actions/deactivate"),
        [SHOW, get("/v2/images/{image}", "root"), delete("/v2/stores/one/{image}", "root")],
    ),
    story(
        "stores: one that is preferred",
        a_raw_image(),
        upload(SOME),
        [get(f"/v2/images/{{image}}/file?prefer={names}") for names in ("one", "two", "two,one", "three", "")],
    ),
    story(
        "stores: they are the service's own",
        create_from({"stores": "one"}),
        create(),
        patch([{"op": "add", "path": "/stores", "value": "one"}]),
    ),
    story(
        "stores: a list shows them",
        a_raw_image(run="{run}"),
        upload(SOME),
        get("/v2/images?run={run}&stores=one"),
        get("/v2/images?run={run}"),
    ),
]
