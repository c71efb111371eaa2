"""openstacksdk, told of the service by clouds.yaml, with version 2 of the Image API, which it takes by itself."""

import hashlib
from typing import Any

import pytest
from programs import Clients, asked

from servers import Server

BEGIN = """
import openstack
connection = openstack.connect(cloud="calotype")
images = connection.image
"""


def in_python(clients: Clients, program: str, **given: Any) -> Any:
    return clients.python(BEGIN + program, **given)


@pytest.fixture(scope="module")
def life(clients: Clients, qcow2: Any) -> dict[str, Any]:
    """What openstacksdk saw of an image from its creation to its deletion."""
    found: dict[str, Any] = in_python(
        clients,
        """
import hashlib

plain = lambda image: image.to_dict(computed=False)
made = images.create_image("from-sdk", filename=path, disk_format="qcow2", container_format="bare", wait=True,
                           tags=["boot"], validate_checksum=True, min_ram=64, meta={"os_distro": "ipxe"})
first, found = plain(made), plain(images.find_image("from-sdk"))
updated = images.update_image(made, name="renamed", hw_disk_bus="virtio", is_protected=True, min_disk=1)
images.update_image_properties(made, os_version="1.21", os_distro="ipxe 2")
images.add_tag(made, "tested")
images.remove_tag(made, "boot")
changed = images.get_image(made.id)
digest = hashlib.sha256(images.download_image(changed).content).hexdigest()
streamed = hashlib.sha256()
with images.download_image(changed, stream=True) as response:
    for step in response.iter_content(65536):
        streamed.update(step)
try:
    images.delete_image(changed, ignore_missing=False)
    protected = "deleted"
except openstack.exceptions.ForbiddenException as error:
    protected = error.details or str(error)
images.update_image(changed, is_protected=False)
images.delete_image(changed, ignore_missing=False)
result = {"version": images.api_version, "made": first, "found": found, "updated": plain(updated),
          "changed": plain(changed), "digests": [digest, streamed.hexdigest()], "protected": protected,
          "afterwards": images.find_image(changed.id)}
""",
        path=str(qcow2),
    )
    return found


def test_an_image_is_created_from_a_file_and_found_by_its_name(life, qcow2):
    made, found = life["made"], life["found"]

    assert (made["status"], made["size"], made["min_ram"]) == ("active", qcow2.stat().st_size, 64)
    assert (life["version"], found["id"], found["checksum"]) == ("2", made["id"], made["checksum"])
    digests = {algorithm: hashlib.new(algorithm, qcow2.read_bytes()).hexdigest() for algorithm in ("sha256", "sha512")}
    assert (found["hash_algo"], found["hash_value"]) == ("sha512", digests["sha512"])
    assert (found["os_distro"], found["tags"]) == ("ipxe", ["boot"])
    assert found["properties"]["owner_specified.openstack.sha256"] == digests["sha256"]


def test_it_is_changed_and_tagged(life):
    updated, changed = life["updated"], life["changed"]

    assert (updated["name"], updated["hw_disk_bus"], updated["is_protected"]) == ("renamed", "virtio", True)
    assert (changed["min_disk"], changed["os_version"], changed["os_distro"]) == (1, "1.21", "ipxe 2")
    assert changed["tags"] == ["tested"]


def test_its_data_come_back_the_same_at_once_and_in_steps(life, qcow2):
    assert life["digests"] == [hashlib.sha256(qcow2.read_bytes()).hexdigest()] * 2


def test_it_is_deleted_once_it_is_not_protected(life):
    assert "protected" in life["protected"]
    assert life["afterwards"] is None


def test_data_that_are_there_are_not_sent_again(clients, server: Server, qcow2):
    create = """
made = [images.create_image("sent-once", filename=path, disk_format="qcow2", validate_checksum=True, wait=True).id
        for _ in range(2)]
result = made
"""
    given: dict[str, Any] = {}
    calls = asked(server, lambda: given.update(made=in_python(clients, create, path=str(qcow2))))

    assert len(set(given["made"])) == 1
    assert len([call for call in calls if call.startswith("PUT /v2/images/")]) == 1


def test_an_image_is_shared_with_another_project_which_accepts_it(clients, server: Server, friend, upload, qcow2):
    image_id = upload(server, "for a friend", qcow2, visibility="shared")

    said = in_python(
        clients,
        """
theirs = openstack.connect(load_yaml_config=False, load_envvars=False,
                           auth={"auth_url": url + "/identity", **friend, "user_domain_id": "default",
                                 "project_domain_id": "default"})
listed = lambda **how: image_id in [image.id for image in theirs.image.images(**how)]
project = theirs.current_project_id
offered = images.add_member(image_id, member_id=project)
before = [listed(), listed(member_status="pending", visibility="shared")]
accepted = theirs.image.update_member(project, image_id, status="accepted")
during = [listed(), images.find_member(project, image_id).status, [each.member_id for each in images.members(image_id)]]
images.remove_member(project, image=image_id, ignore_missing=False)
result = {"offered": offered.status, "before": before, "accepted": accepted.status, "during": during,
          "project": project, "after": [listed(), [each.member_id for each in images.members(image_id)]]}
""",
        friend=friend,
        image_id=image_id,
    )

    assert (said["offered"], said["accepted"]) == ("pending", "accepted")
    assert said["before"] == [False, True]
    assert said["during"] == [True, "accepted", [said["project"]]]
    assert said["after"] == [False, []]


def test_lists_are_filtered_sorted_and_walked_in_pages(clients, server: Server):
    said = in_python(
        clients,
        """
for number in range(7):
    images.create_image(f"walked-{number}", allow_duplicates=True, tags=["walk", "even" if number % 2 == 0 else "odd"])
names = lambda **how: [image.name for image in images.images(**how)]
result = {"pages": names(limit=3, sort="name:asc", tag="walk"), "tagged": names(tag="odd", sort_key="name", sort_dir="desc"),
          "named": names(name="in:walked-1,walked-5", sort="name:asc"), "hidden": names(is_hidden=True),
          "queued": len(names(status="queued", visibility="all", tag="walk"))}
""",
    )

    assert said == {
        "pages": [f"walked-{number}" for number in range(7)],
        "tagged": ["walked-5", "walked-3", "walked-1"],
        "named": ["walked-1", "walked-5"],
        "hidden": [],
        "queued": 7,
    }


def test_what_the_service_tells_about_itself_is_read(clients):
    said = in_python(
        clients,
        """
result = {"import": images.get_import_info().import_methods.get("value"),
          "statuses": images.get_image_schema().properties["status"]["enum"],
          "members": images.get_members_schema().name}
""",
    )

    assert said["import"] == []
    assert "active" in said["statuses"]
    assert said["members"] == "members"


def test_its_errors_are_those_its_users_catch(clients, iso):
    said = in_python(
        clients,
        """
def refused(call, *given, **how):
    try:
        call(*given, **how)
    except openstack.exceptions.SDKException as error:
        return [type(error).__name__, str(error)]

queued = images.create_image("queued", allow_duplicates=True)
result = {
    "unknown": refused(images.get_image, "3c3d1d01-b48a-4639-8a88-08be3b9b5d78"),
    "used id": refused(images.create_image, "again", id=queued.id, allow_duplicates=True),
    "format": refused(images.create_image, "odd", disk_format="floppy", allow_duplicates=True),
    "public": refused(images.create_image, "for-all", visibility="public", allow_duplicates=True),
    "mistaken": refused(images.create_image, "mistaken", filename=path, disk_format="qcow2", allow_duplicates=True),
    "twice": [refused(images.add_member, queued.id, member_id="a"), refused(images.add_member, queued.id, member_id="a")][1],
    "left": [image.name for image in images.images(name="mistaken")],
}
""",
        path=str(iso),
    )

    assert said.pop("left") == []
    assert {what: kind for what, (kind, _) in said.items()} == {
        "unknown": "NotFoundException",
        "used id": "ConflictException",
        "format": "BadRequestException",
        "public": "ForbiddenException",
        "mistaken": "HttpException",
        "twice": "ConflictException",
    }
    assert "floppy" in said["format"][1]
