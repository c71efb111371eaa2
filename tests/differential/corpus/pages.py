"""GET /v2/images: sorting, and pages one after another."""

from collections.abc import Iterator

from stories import Story, a_raw_image, create, delete, get, send, story, upload

#: Made one after another within the same second or not: their names tell them apart, and sorting never asks for times alone.
SOME = (
    a_raw_image(_saves="first", name="b", run="{run}", disk_format="raw", min_disk=1),
    a_raw_image(_saves="second", name="a", run="{run}", disk_format="iso", container_format="ovf"),
    create(_saves="third", name="c", run="{run}", disk_format="qcow2"),
    create(_saves="fourth", name="B", run="{run}", tags=["t", "u"]),
)
DATA = (upload(b"123", path="/v2/images/{first}/file"),)

SORTS = (
    "sort=name",
    "sort=name:asc",
    "sort=name:desc",
    "sort=name:up",
    "sort=name:",
    "sort=:asc",
    "sort=",
    "sort=nothing",
    "sort=name:asc,",
    "sort=name:asc,id:desc",
    "sort=name:asc:desc",
    "sort=status:asc,name:asc",
    "sort=disk_format:asc,name:asc",
    "sort=container_format:desc,name:desc",
    "sort=size:asc,name:asc",
    "sort=size:desc,name:asc",
    "sort=created_at:asc,name:asc",
    "sort=updated_at:desc,name:asc",
    "sort=min_disk:asc",
    "sort=owner:asc",
    "sort=NAME:asc",
    "sort=name:ASC",
    "sort=name:asc&sort=id:desc",
    "sort_key=name",
    "sort_key=name&sort_dir=asc",
    "sort_key=name&sort_dir=desc",
    "sort_key=name&sort_dir=up",
    "sort_key=nothing",
    "sort_key=",
    "sort_key=name&sort_dir=",
    "sort_dir=asc&sort_key=name",
    "sort_key=status&sort_key=name&sort_dir=asc&sort_dir=desc",
    "sort_key=status&sort_key=name&sort_dir=asc",
    "sort_key=name&sort_dir=asc&sort_dir=desc",
    "sort=name&sort_key=name",
    "sort=name&sort_dir=asc",
    "sort_key=name,id&sort_dir=asc",
)

LIMITS = (
    "limit=0",
    "limit=1",
    "limit=2",
    "limit=4",
    "limit=5",
    "limit=1000",
    "limit=1001",
    "limit=-1",
    "limit=many",
    "limit=",
    "limit=1.5",
    "limit=2&limit=1",
    "limit=%201",
    "limit=99999999999999999999",
    "marker={second}",
    "marker={first}&limit=1",
    "marker={third}",
    "marker=",
    "marker=nothing",
    "marker=00000000-0000-4000-8000-000000000000",
    "marker={first}&limit=0",
    "marker={fourth}&name=in:a,b&limit=1",
    "limit=1&tag=t&tag=u",
    "limit=1&name=a%26b",
)


def _asked() -> Iterator[Story]:
    yield story("pages: every sort", SOME, DATA, [get(f"/v2/images?run={{run}}&{query}") for query in SORTS])
    yield story(
        "pages: every limit and marker",
        SOME,
        [get(f"/v2/images?run={{run}}&sort=name:asc&{query}") for query in LIMITS],
    )


STORIES = [
    *_asked(),
    story("pages: nothing asked for", get("/v2/images"), create(), get("/v2/images"), get("/v2/images/")),
    story(
        "pages: a marker of another project's", create(visibility="private"), get("/v2/images?marker={image}", "bob")
    ),
    story("pages: a marker that is deleted", create(), delete(), get("/v2/images?marker={image}")),
    story(
        "pages: a marker that the filters leave out",
        SOME,
        get("/v2/images?run={run}&sort=name:asc&name=c&marker={second}"),
    ),
    story("pages: a list with a body", send("GET", "/v2/images?name=nothing", {})),
    story("pages: what lists ask for is found as it was spelt", get("/v2/images?limit=1&name=a+b%20c&x=%C3%A4")),
]
