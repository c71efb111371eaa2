"""python-glanceclient, told to use version 1: its commands after `. openrc`, and its Python API."""

import filecmp
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from programs import Clients, rows, shown

from servers import Server

V1 = ("glance", "--os-image-api-version", "1")


@pytest.fixture
def glance(clients: Clients) -> Callable[..., str]:
    """Runs a command of glance; gives what it prints."""
    return lambda *command, **how: clients.after_openrc(*V1, *command, **how)


@pytest.mark.parametrize("disk_format", ["iso", "qcow2"])
def test_a_real_image_is_created_from_a_file_and_comes_back_the_same(glance, iso, qcow2, disk_format, tmp_path):
    sent, again = {"iso": iso, "qcow2": qcow2}[disk_format], tmp_path / "again"
    formats = ("--disk-format", disk_format, "--container-format", "bare")

    created = shown(glance("image-create", "--name", f"ipxe-{disk_format}", *formats, "--file", sent))
    glance("image-download", "--file", again, f"ipxe-{disk_format}")

    assert (created["status"], created["size"]) == ("active", str(sent.stat().st_size))
    assert created["virtual_size"] == str(iso.stat().st_size)
    assert filecmp.cmp(sent, again, shallow=False)
    compared = subprocess.run(["qemu-img", "compare", iso, again], capture_output=True, text=True)
    assert (compared.returncode, compared.stdout) == (0, "Images are identical.\n")


def test_data_may_come_through_a_pipe_without_a_known_length(glance, iso):
    said = glance("image-create", "--name", "piped", "--disk-format", "iso", "--container-format", "bare", stdin=iso)

    assert (shown(said)["status"], shown(said)["size"]) == ("active", str(iso.stat().st_size))


def test_data_of_another_format_than_declared_are_refused_and_glance_says_why(glance, iso):
    formats = ("--disk-format", "qcow2", "--container-format", "bare")

    said = glance("image-create", "--name", "mistaken", *formats, "--file", iso, ends=1)

    assert "400" in said
    assert "qcow2" in said
    assert rows(glance("image-list", "--name", "mistaken")) == []


def test_pages_are_walked_to_the_end_and_every_image_comes_once(glance, server: Server, queue):
    names = [f"paged-{number:02}" for number in range(12)]
    for name in names:
        queue(server, name, property_walk="yes")

    listed = rows(glance("image-list", "--page-size", "5", "--property-filter", "walk=yes"))

    assert [image["Name"] for image in listed] == names


@pytest.fixture(scope="module")
def assortment(server: Server, queue: Callable[..., str]) -> dict[str, str]:
    """Three images with the property `set`; their ids by name."""
    fields: dict[str, dict[str, str]] = {
        "small": {"disk_format": "raw", "container_format": "bare", "size": "0"},
        "middle": {"disk_format": "iso", "container_format": "bare", "size": "10", "property_os": "debian"},
        "large": {"disk_format": "raw", "container_format": "ovf", "size": "20"},
    }
    return {name: queue(server, name, property_set="yes", **more) for name, more in fields.items()}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--name", "middle"], ["middle"]),
        (["--status", "active"], ["small"]),
        (["--status", "queued", "--container-format", "bare"], ["middle"]),
        (["--disk-format", "raw", "--sort-key", "size", "--sort-dir", "desc"], ["large", "small"]),
        (["--size-min", "10", "--size-max", "19"], ["middle"]),
        (["--property-filter", "os=debian"], ["middle"]),
        (["--changes-since", "2000-01-01T00:00:00"], ["large", "middle", "small"]),
        (["--changes-since", "2999-01-01T00:00:00"], []),
    ],
)
def test_a_list_keeps_what_its_filters_name(glance, assortment, filters, names):
    listed = rows(glance("image-list", "--property-filter", "set=yes", *filters))

    assert [image["Name"] for image in listed] == names


def test_an_image_is_shown_by_its_id_and_by_its_name_alike(glance, assortment):
    by_name, by_id = glance("image-show", "middle"), glance("image-show", assortment["middle"])

    assert by_name == by_id
    assert shown(by_id)["id"] == assortment["middle"]
    assert shown(by_id)["Property 'os'"] == "debian"
    assert "No image" in glance("image-show", str(uuid4()), ends=1)


def test_a_name_is_stored_percent_encoded_because_glance_sends_it_so(glance, iso):
    formats = ("--disk-format", "iso", "--container-format", "bare")

    glance("image-create", "--name", "My größe", *formats, "--file", iso)

    assert shown(glance("image-show", "My%20gr%C3%B6%C3%9Fe"))["name"] == "My%20gr%C3%B6%C3%9Fe"
    assert "No image" in glance("image-show", "My größe", ends=1)


def test_a_wrong_password_is_refused_in_words(glance):
    said = glance("image-list", before="export OS_PASSWORD=wrong", ends=1)

    assert "The request you have made requires authentication. (HTTP 401)" in said


PYTHON = """
from glanceclient import exc, v1
from keystoneauth1 import session
from keystoneauth1.identity.v3 import Password

login = Password(url + "/identity/v3", user_domain_id="default", project_domain_id="default", **login)
images = v1.Client(session=session.Session(login)).images
"""


def in_python(clients: Clients, program: str, **given: Any) -> Any:
    return clients.python(PYTHON + program, **given)


def test_its_python_api_creates_gets_and_reads_back_an_image(clients, qcow2: Path):
    said = in_python(
        clients,
        """
import hashlib
with open(path, "rb") as file:
    made = images.create(name="from-python", disk_format="qcow2", container_format="bare", data=file,
                         min_ram=64, properties={"os": "linux"})
got = images.get(made.id)
digest = hashlib.sha256(b"".join(images.data(got))).hexdigest()
result = {"made": made.to_dict(), "got": got.to_dict(), "digest": digest}
""",
        path=str(qcow2),
    )
    made, got = said["made"], said["got"]

    assert said["digest"] == hashlib.sha256(qcow2.read_bytes()).hexdigest()
    assert (made["status"], made["size"], made["min_ram"]) == ("active", qcow2.stat().st_size, 64)
    # What is null has no header, and numbers that this client does not know stay text.
    assert got == {key: value for key, value in made.items() if value is not None} | {
        "virtual_size": str(made["virtual_size"])
    }


def test_its_python_api_lists_in_pages_up_to_a_limit_and_for_an_owner(clients, server: Server, queue):
    names = [f"counted-{number}" for number in range(7)]
    for name in names:
        queue(server, name, property_of="python")

    said = in_python(
        clients,
        """
of = lambda **how: [image.name for image in images.list(
    filters={"properties": {"of": "python"}}, sort_key="name", sort_dir="asc", **how)]
owner = next(images.list(filters={"name": "counted-0"})).owner
requests = []
result = {"all": of(page_size=2, return_req_id=requests), "requests": len(set(requests)),
          "some": of(page_size=2, limit=3), "mine": of(owner=owner), "theirs": of(owner="x")}
""",
    )

    assert said["all"] == said["mine"] == names
    assert said["some"] == names[:3]
    assert said["theirs"] == []
    assert said["requests"] == 4


def test_its_python_api_raises_its_own_errors(clients):
    said = in_python(
        clients,
        """
def refused(call, *given, **how):
    try:
        call(*given, **how)
    except exc.HTTPException as error:
        return [type(error).__name__, str(error)]

queued = images.create(name="queued")
result = {
    "unknown": refused(images.get, "3c3d1d01-b48a-4639-8a88-08be3b9b5d78"),
    "no data yet": refused(images.data, queued.id),
    "used id": refused(images.create, id=queued.id, name="again"),
    "public": refused(images.create, name="for all", is_public=True),
    "format": refused(images.create, name="odd", disk_format="floppy", container_format="bare"),
}
""",
    )

    assert {what: kind for what, (kind, _) in said.items()} == {
        "unknown": "HTTPNotFound",
        "no data yet": "HTTPNotFound",
        "used id": "HTTPConflict",
        "public": "HTTPForbidden",
        "format": "HTTPBadRequest",
    }
    assert "floppy" in said["format"][1]


def test_its_python_api_changes_an_image_gives_it_data_and_deletes_it(clients, qcow2):
    said = in_python(
        clients,
        """
import hashlib

image = images.create(name="early", disk_format="qcow2", container_format="bare", properties={"os": "linux"})
changed = images.update(image.id, name="late", properties={"arch": "arm"})
purged = images.update(image.id, purge_props=True, properties={"of": "python"})
with open(path, "rb") as file:
    filled = images.update(image.id, data=file)
digest = hashlib.sha256(b"".join(images.data(image.id))).hexdigest()
images.delete(image.id)
try:
    images.get(image.id)
    after = "there"
except exc.HTTPNotFound:
    after = "gone"
result = {"changed": changed.to_dict(), "purged": purged.to_dict(), "filled": filled.to_dict(), "digest": digest,
          "after": after}
""",
        path=str(qcow2),
    )

    assert (said["changed"]["name"], said["changed"]["properties"]) == ("late", {"os": "linux", "arch": "arm"})
    assert said["purged"]["properties"] == said["filled"]["properties"] == {"of": "python"}
    assert (said["filled"]["status"], said["filled"]["size"]) == ("active", qcow2.stat().st_size)
    assert said["digest"] == hashlib.sha256(qcow2.read_bytes()).hexdigest()
    assert said["after"] == "gone"


def test_an_image_is_deleted_by_its_command(glance, server: Server, queue):
    image_id = queue(server, "short-lived")

    glance("image-delete", "short-lived")

    assert rows(glance("image-list", "--name", "short-lived")) == []
    assert server.request("HEAD", f"/v1/images/{image_id}").status == 404
