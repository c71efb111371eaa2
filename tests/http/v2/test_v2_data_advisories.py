"""What has gone wrong elsewhere with the data of images: one test for each advisory that touches them.

Sources: openstack/ossa:ossa/, openstack/security-doc:security-notes/; docs/api/v2.md, "Upload" and "Download".
"""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keeping
import pytest
from asking_v2 import OCTETS, RAW, V2
from connecting import wait_for
from keeping import Kept

import disks

Tell = Callable[[Any], AbstractContextManager[int]]

MIB = 1 << 20
DATA = b"some data"


@dataclass(frozen=True)
class Place:
    """An application, and what it keeps of image data."""

    v2: V2
    behind: Kept

    @property
    def folder(self) -> Path:
        return self.behind.folder

    @property
    def kept(self) -> list[str]:
        """The key of all image data, finished or not."""
        return self.behind.keys()


@pytest.fixture
def at(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`with at(story) as place`: an application of the test's own."""
    behind = keeping.noting(monkeypatch)

    @contextmanager
    def run(**story: Any) -> Iterator[Place]:
        with tell(story) as port:
            yield Place(V2(port), behind)

    return run


@pytest.fixture
def place(at: Callable[..., Any]) -> Iterator[Place]:
    with at() as place:
        yield place


class Arriving:
    """An upload of *me* that has begun, a chunk at a time."""

    def __init__(self, v2: V2, image_id: str, first: bytes) -> None:
        head = [f"PUT /v2/images/{image_id}/file HTTP/1.1", "Host: a", "X-Auth-Token: me", "Connection: close"]
        head += ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked", "", ""]
        self._connection = socket.create_connection(("127.0.0.1", v2.port), timeout=30)
        self._connection.sendall("\r\n".join(head).encode())
        self.send(first)
        wait_for(lambda: v2.ask("GET", f"/v2/images/{image_id}", caller="admin").json["status"] == "saving")

    def send(self, data: bytes) -> None:
        self._connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> int:
        """The status of the answer once all has come."""
        self._connection.sendall(b"0\r\n\r\n")
        answer = self._connection.recv(1000)
        self._connection.close()
        return int(answer.split(b" ")[1])


@pytest.mark.parametrize("fields", [{"visibility": "private"}, {"visibility": "community"}, {"protected": True}])
def test_ossa_2012_017_nothing_is_removed_for_who_may_not_delete_the_image(
    place: Place, fields: dict[str, Any]
) -> None:
    """CVE-2012-4573, CVE-2012-5482: data were given to the broom before anybody asked whose they were."""
    v2, image_id = place.v2, place.v2.active(DATA, **fields)["id"]
    callers = ("other", "reader", "nobody", *(("me", "admin") if "protected" in fields else ()))

    statuses = {v2.ask("DELETE", f"/v2/images/{image_id}", caller=caller).status for caller in callers}

    assert statuses <= {403, 404}
    assert v2.show(image_id)["status"] == "active"
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == DATA


@pytest.mark.on_files("a folder that is gone; what S3 says of itself is in tests/contract")
def test_ossa_2013_002_no_error_names_a_place_or_a_failure_of_the_store(place: Place) -> None:
    """CVE-2013-0212: the store's URL, with the password in it, was part of an error."""
    v2, made, waiting = place.v2, place.v2.active(DATA)["id"], place.v2.create(**RAW)["id"]
    place.behind.lose()
    missing = v2.ask("GET", f"/v2/images/{made}/file")
    blobs = place.folder / "blobs"
    blobs.rename(place.folder / "elsewhere")
    blobs.write_bytes(b"no folder")
    broken = [
        v2.upload(waiting, DATA),
        v2.ask("GET", f"/v2/images/{made}/file"),
        v2.ask("GET", f"/v2/images/{made}/file", {"accept": "application/json", "range": "bytes=0-1"}),
        v2.ask("DELETE", f"/v2/images/{made}"),
    ]

    assert (missing.status, broken[0].status) == (204, 503)
    for answer in (missing, *broken):
        said = answer.text + str(answer.headers)
        assert [word for word in (str(place.folder), "blobs", "Errno", "Traceback") if word in said] == []


def test_ossa_2013_007_an_answer_with_data_says_nothing_of_where_they_are(place: Place) -> None:
    """CVE-2013-1840: a cached image came with the URL and the password of its store in a header."""
    v2, image_id = place.v2, place.v2.active(DATA)["id"]
    keys = place.kept
    path = f"/v2/images/{image_id}/file"
    etag = v2.ask("GET", path).headers["etag"]
    answers = [
        v2.ask("GET", path),
        v2.ask("HEAD", path),
        v2.ask("GET", path, {"range": "bytes=1-3"}),
        v2.ask("GET", path, {"if-none-match": etag}),
        v2.ask("GET", f"/v2/images/{image_id}"),
        v2.ask("GET", "/v2/images"),
        v2.ask("GET", f"/v1/images/{image_id}"),
    ]

    assert keys != []
    assert [answer.status for answer in answers] == [200, 200, 206, 304, 200, 200, 200]
    said = "".join(str(answer.headers) + answer.text for answer in answers)
    assert [
        word for word in (*keys, str(place.folder), "file:", "s3:", "direct_url", "locations") if word in said
    ] == []


@pytest.mark.parametrize(("caller", "status"), [("reader", 403), ("stranger", 404), ("nobody", 404)])
def test_ossa_2013_027_no_way_round_the_right_to_download_gives_a_byte_or_tells_of_one(
    place: Place, caller: str, status: int
) -> None:
    """CVE-2013-4428: what was cached was handed out before the right to have it was looked at."""
    v2, image_id = place.v2, place.v2.active(DATA)["id"]
    path = f"/v2/images/{image_id}/file"
    etag = v2.ask("GET", path).headers["etag"]
    ways = [
        *({}, {"range": "bytes=0-3"}, {"range": "bytes=99-"}, {"content-range": "bytes 0-3/9"}),
        *(
            {"if-none-match": etag},
            {"if-none-match": "*"},
            {"if-match": '"other"'},
            {"range": "bytes=0-3", "if-range": etag},
        ),
    ]

    for headers in ways:
        answers = [v2.ask(method, path, headers, caller=caller) for method in ("GET", "HEAD")]
        assert [answer.status for answer in answers] == [status] * 2, headers
        assert not any(DATA in answer.body or etag in str(answer.headers) for answer in answers)


def test_ossa_2013_027_a_deactivated_image_is_kept_from_everybody_by_every_way(place: Place) -> None:
    v2, image_id = place.v2, place.v2.active(DATA)["id"]
    path = f"/v2/images/{image_id}/file"
    etag = v2.ask("GET", path).headers["etag"]
    v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate")

    for headers in ({}, {"range": "bytes=0-3"}, {"if-none-match": etag}):
        assert v2.ask("GET", path, headers).status == 403
    assert v2.ask("GET", f"/v1/images/{image_id}").status in (403, 404)


def test_ossa_2013_029_what_a_small_upload_expands_to_is_told(place: Place) -> None:
    """CVE-2013-4463, CVE-2013-4469: a few bytes expanded until the disk of the host was full."""
    image = place.v2.active(disks.qcow2(virtual_size=1 << 40), disk_format="qcow2")

    assert (image["size"], image["virtual_size"]) == (1024, 1 << 40)


def test_ossa_2014_028_the_size_cap_holds_for_data_of_unknown_size(at: Callable[..., Any]) -> None:
    """CVE-2014-5356: the cap was compared with a header that need not be there."""
    with at(options={"image_size_cap_bytes": MIB}, quotas={"mine": {"bytes": 2 * MIB}}) as place:
        image_id = place.v2.create(**RAW)["id"]
        upload = Arriving(place.v2, image_id, bytes(MIB))
        upload.send(b"1")

        assert upload.end() == 413
        assert place.kept == []
        assert place.v2.show(image_id)["status"] == "queued"
        assert place.v2.upload(image_id, bytes(MIB)).status == 204


def test_ossa_2015_003_and_2015_004_data_of_an_image_that_is_deleted_meanwhile_are_gone_and_free_their_room(
    at: Callable[..., Any],
) -> None:
    """CVE-2014-9623, CVE-2014-9684, CVE-2015-1881: they stayed, counted for nobody, and filled the store."""
    with at(quotas={"mine": {"bytes": 2 * MIB}}) as place:
        for _ in range(3):
            image_id = place.v2.create(**RAW)["id"]
            upload = Arriving(place.v2, image_id, bytes(MIB))
            assert place.v2.ask("DELETE", f"/v2/images/{image_id}").status == 204
            upload.send(b"more")
            assert upload.end() == 410
            assert place.kept == []

        place.v2.active(bytes(2 * MIB))


@pytest.mark.parametrize(("is_deleted", "status"), [(False, 204), (True, 410)])
def test_ossa_2015_020_data_are_finished_or_cleaned_up_though_the_token_ended(
    place: Place, is_deleted: bool, status: int
) -> None:
    """CVE-2015-5286: the clean-up was done with the user's token, which was not good any more."""
    v2, image_id = place.v2, place.v2.create(**RAW)["id"]
    upload = Arriving(v2, image_id, b"some ")
    v2.ask("DELETE", "/v3/auth/tokens", {"x-subject-token": "me"})
    assert v2.ask("GET", "/v2/images").status == 401
    if is_deleted:
        v2.ask("DELETE", f"/v2/images/{image_id}", caller="admin")
    upload.send(b"data")

    assert upload.end() == status
    assert len(place.kept) == (0 if is_deleted else 1)
    if not is_deleted:
        assert v2.ask("GET", f"/v2/images/{image_id}/file", caller="admin").body == DATA


FLAT = disks.SAFE_DESCRIPTOR.replace("monolithicSparse", "{kind}").replace(
    'SPARSE "disk.vmdk"', '{extent} "/etc/passwd"'
)
DATA_FILE = disks.extension(0x44415441, b"/etc/passwd")
WICKED = {
    "ossa_2015_014": [disks.qcow2(backing=b"/etc/passwd"), disks.qcow2(backing=b"json:{}", version=2)],
    "ossa_2023_002": [
        disks.vmdk(FLAT.format(kind=kind, extent=extent))
        for kind in ("monolithicFlat", "twoGbMaxExtentFlat", "vmfs", "monolithicSparse", "streamOptimized")
        for extent in ("FLAT", "SPARSE")
    ],
    "ossa_2024_001": [disks.qcow2(features=4, extensions=DATA_FILE), disks.qcow2(features=4)],
    "ossa_2024_003": [disks.qed(), disks.luks(), disks.mbr(disks.LINUX) + b"QFI\xfb"],
}


def refused(place: Place, data: bytes, disk_format: str) -> None:
    """Fails unless *data* are refused as what *disk_format* calls them, and nothing of them is left."""
    image_id = place.v2.create(disk_format=disk_format, container_format="bare")["id"]

    answer = place.v2.upload(image_id, data)

    assert answer.status == 415, (disk_format, data[:8], answer.text)
    image = place.v2.show(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("queued", None, None)
    assert place.kept == []


def test_ossa_2015_014_a_disk_that_names_another_file_behind_it_is_refused(place: Place) -> None:
    """CVE-2015-5163: a backing file on the host was read into the image."""
    for data in WICKED["ossa_2015_014"]:
        for disk_format in ("qcow2", "raw", "vmdk"):
            refused(place, data, disk_format)


def test_ossa_2023_002_a_vmdk_whose_extents_are_files_is_refused(place: Place) -> None:
    """CVE-2022-47951: a flat extent was any file of the host."""
    for data in WICKED["ossa_2023_002"]:
        for disk_format in ("vmdk", "raw"):
            refused(place, data, disk_format)
    refused(place, FLAT.format(kind="monolithicFlat", extent="FLAT").encode(), "vmdk")


def test_ossa_2024_001_a_qcow2_whose_data_are_in_another_file_is_refused_whatever_it_is_called(place: Place) -> None:
    """CVE-2024-32498: the data file was any file of the host, and a wrong disk_format hid it from who looked."""
    for data in WICKED["ossa_2024_001"]:
        for disk_format in ("qcow2", "raw", "iso", "vhd"):
            refused(place, data, disk_format)


@pytest.mark.parametrize("disk_format", ["iso", "vhd", "vmdk", "vdi"])
def test_ossa_2024_003_data_are_of_the_format_that_is_declared(place: Place, disk_format: str) -> None:
    """CVE-2024-44082: what declared itself harmless was something else to the program that converted it."""
    for data in (disks.qcow2(), *WICKED["ossa_2024_003"]):
        refused(place, data, disk_format)


def test_ossa_2015_019_only_an_image_that_waits_takes_data(place: Place) -> None:
    """CVE-2015-5251: an image was made to wait again by a header, and took other data under its id."""
    v2, image_id = place.v2, place.v2.active(DATA)["id"]
    headers = {**OCTETS, "x-image-meta-status": "queued", "x-openstack-image-status": "queued"}

    for caller in ("me", "admin"):
        assert v2.ask("PUT", f"/v2/images/{image_id}/file", headers, b"others", caller).status == 409
        v2.ask("PUT", f"/v1/images/{image_id}", headers, b"others", caller)
        v2.ask("POST", f"/v2/images/{image_id}/actions/deactivate", caller=caller)
        assert v2.ask("PUT", f"/v2/images/{image_id}/file", headers, b"others", caller).status == 409
        v2.ask("POST", f"/v2/images/{image_id}/actions/reactivate", caller=caller)
    assert v2.ask("GET", f"/v2/images/{image_id}/file").body == DATA
    assert len(place.kept) == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("disk_format", "data"),
    [
        ("qcow2", disks.qcow2(virtual_size=(1 << 64) - 1)),
        ("vmdk", disks.vmdk(sectors=(1 << 64) - 1)),
        ("vmdk", struct.pack("<4sIIQQQQIQQ", b"KDMV", 1, 3, 1, 128, 1, 1 << 60, 512, 0, 21).ljust(4096, b"\0")),
        ("vhdx", b"vhdxfile".ljust(200_000, b"\xff")),
        ("iso", disks.iso(blocks=(1 << 32) - 1)),
    ],
)
def test_ossa_2016_012_a_crafted_header_costs_no_more_than_it_is_long(
    place: Place, disk_format: str, data: bytes
) -> None:
    """CVE-2015-5162: numbers in a header made a program of the service take all memory and time."""
    image_id = place.v2.create(disk_format=disk_format, container_format="bare")["id"]

    assert place.v2.upload(image_id, data).status in (204, 415)
    assert place.v2.active(DATA)["status"] == "active"


def test_a_body_of_json_is_bounded_before_it_is_read(place: Place) -> None:
    """What no route streams is held in memory: 1 MiB at most. Source: docs/api/v2.md, "Errors"."""
    image_id = place.v2.create()["id"]
    body = json.dumps({"member": "a" * MIB}).encode()
    for method, path in (("POST", "/v2/images"), ("POST", f"/v2/images/{image_id}/members")):
        assert place.v2.ask(method, path, body=body).status == 413
        assert place.v2.ask(method, path, body=[body]).status == 413
