"""PUT and GET of an image's data."""

from collections.abc import Iterator

from stories import OCTETS, Step, Story, a_raw_image, create, delete, download, get, patch, send, story, upload

import disks

SOME = b"0123456789"
SHOW = get("/v2/images/{image}")
NOTHING = "00000000-0000-4000-8000-000000000000"

RANGES = (
    "bytes=0-4",
    "bytes=5-9",
    "bytes=5-",
    "bytes=-3",
    "bytes=-10",
    "bytes=-100",
    "bytes=0-0",
    "bytes=9-9",
    "bytes=0-100",
    "bytes=10-",
    "bytes=10-20",
    "bytes=100-200",
    "bytes=5-4",
    "bytes=-0",
    "bytes=",
    "bytes=a-b",
    "bytes=0-1,3-4",
    "bytes=0-1,20-30",
    "bytes 0-4",
    "items=0-4",
    "garbage",
    "",
    "BYTES=0-4",
    "bytes = 0-4",
)

CONTENT_RANGES = (
    "bytes 0-4/10",
    "bytes 5-9/10",
    "bytes 5-20/10",
    "bytes 10-20/10",
    "bytes 0-4/*",
    "garbage",
    "bytes 4-0/10",
)

MEDIA_TYPES = ("application/octet-stream; charset=x", "application/json", "text/plain", "", "APPLICATION/OCTET-STREAM")
SIZES = ("10", "9", "11", "ten", "", "-1", "10.0", "99999999999999999999")

CONTENTS = {
    "bytes": SOME,
    "nothing": b"",
    "a qcow2": disks.qcow2(),
    "a qcow2 with a backing file": disks.qcow2(backing=b"/etc/passwd"),
    "a qcow2 of unknown features": disks.qcow2(features=1 << 20),
    "a vmdk": disks.vmdk(),
    "a vmdk of another kind": disks.vmdk(disks.SAFE_DESCRIPTOR.replace("monolithicSparse", "monolithicFlat")),
    "a qed": disks.qed(),
    "an iso": disks.iso(),
    "a partition table": disks.mbr(disks.partition(0x83)),
    "a partition table without partitions": disks.mbr(),
    "a luks volume": disks.luks(),
    "a luks volume of version 2": disks.luks(2),
}
FORMATS = ("raw", "qcow2", "vmdk", "vhd", "iso", "ami", "ploop")


def _refused() -> Iterator[Story]:
    for media_type in MEDIA_TYPES:
        yield story(
            f"uploads: as '{media_type}'",
            a_raw_image(),
            Step("PUT", "/v2/images/{image}/file", "ada", {"Content-Type": media_type}, SOME),
            SHOW,
        )
    for size in SIZES:
        yield story(
            f"uploads: of 10 bytes announced as '{size}'",
            a_raw_image(),
            upload(SOME, x_openstack_image_size=size),
            SHOW,
        )
        yield story(
            f"uploads: in parts, of 10 bytes announced as '{size}'",
            a_raw_image(),
            upload(SOME, chunked=True, x_openstack_image_size=size),
            SHOW,
        )
    for who in ("bob", "rita", "root", "una", "eve", None):
        yield story(f"uploads: to ada's by {who}", a_raw_image(), upload(SOME, who), SHOW)
        yield story(
            f"uploads: to ada's community image by {who}", a_raw_image(visibility="community"), upload(SOME, who), SHOW
        )


def _contents() -> Iterator[Story]:
    for disk_format in FORMATS:
        for what, data in CONTENTS.items():
            yield story(
                f"uploads: {what} as {disk_format}",
                create(disk_format=disk_format, container_format="bare"),
                upload(data),
                SHOW,
            )
    yield story(
        "uploads: bytes in another container", create(disk_format="qcow2", container_format="ovf"), upload(SOME), SHOW
    )


def _downloads() -> Iterator[Story]:
    asked = [download(Range=text) for text in RANGES]
    yield story("downloads: ranges", a_raw_image(), upload(SOME), asked)
    yield story(
        "downloads: ranges as Content-Range",
        a_raw_image(),
        upload(SOME),
        [download(Content_Range=text) for text in CONTENT_RANGES],
    )
    yield story(
        "downloads: ranges of an empty image",
        a_raw_image(),
        upload(b""),
        [download(Range=text) for text in ("bytes=0-", "bytes=-1", "x")],
    )
    yield story("downloads: a range of no data", a_raw_image(), download(Range="bytes=0-4"))
    for visibility in ("private", "shared", "community", "public"):
        yield story(
            f"downloads: a {visibility} image by each",
            a_raw_image("root", owner="{ada}", visibility=visibility),
            upload(SOME),
            [download(who) for who in ("ada", "bob", "rita", "root", "una", "eve", None)],
        )


STORIES = [
    *_refused(),
    *_contents(),
    *_downloads(),
    story("uploads: with a length", a_raw_image(), upload(SOME), SHOW, download()),
    story("uploads: in parts", a_raw_image(), upload(SOME, chunked=True), SHOW, download()),
    story("uploads: nothing", a_raw_image(), upload(b""), SHOW, download()),
    story("uploads: nothing, in parts", a_raw_image(), upload(b"", chunked=True), SHOW, download()),
    story("uploads: twice", a_raw_image(), upload(SOME), upload(b"other"), SHOW),
    story(
        "uploads: once more after a refusal",
        create(disk_format="qcow2", container_format="bare"),
        upload(SOME),
        SHOW,
        download(),
    ),
    story("uploads: without formats", create(), upload(SOME), SHOW),
    story("uploads: without a container format", create(disk_format="raw"), upload(SOME), SHOW),
    story("uploads: to no image", upload(SOME, path=f"/v2/images/{NOTHING}/file")),
    story("uploads: to a deleted image", a_raw_image(), delete(), upload(SOME)),
    story(
        "uploads: to a store where there is one only", a_raw_image(), upload(SOME, X_Image_Meta_Store="nothing"), SHOW
    ),
    story(
        "uploads: the size counts the next time too",
        a_raw_image(),
        upload(SOME, x_openstack_image_size="9"),
        upload(SOME),
        SHOW,
    ),
    story("downloads: nothing yet", create(), download()),
    story("downloads: no image", download(path=f"/v2/images/{NOTHING}/file")),
    story(
        "downloads: more than a few bytes",
        a_raw_image(),
        upload(bytes(range(256)) * 256),
        download(),
        download(Range="bytes=65000-65010"),
    ),
    story("downloads: with a body", a_raw_image(), upload(SOME), send("GET", "/v2/images/{image}/file", {})),
    story("downloads: JSON was asked for", a_raw_image(), upload(SOME), download(Accept="application/json")),
    story(
        "downloads: from a store where there is one only",
        a_raw_image(),
        upload(SOME),
        get("/v2/images/{image}/file?prefer=a"),
    ),
    story(
        "downloads: by a member",
        a_raw_image(),
        upload(SOME),
        send("POST", "/v2/images/{image}/members", {"member": "{bob}"}),
        download("bob"),
    ),
    story(
        "uploads: large parts", a_raw_image(), upload(b"x" * 300_000, chunked=True), SHOW, patch([], media_type=OCTETS)
    ),
]
