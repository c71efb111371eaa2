"""apache-libcloud's OpenStack driver: it lists, gets, patches, shares and deletes images by version 2; it cannot create them."""

from typing import Any

import pytest

from servers import Server

#: It knows no such file as clouds.yaml. What it deletes it looks for at the compute service, which is why that has an address.
CONNECT = """
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

def connect(login):
    return get_driver(Provider.OPENSTACK)(
        login["username"], login["password"], ex_force_auth_url=url, ex_force_auth_version="3.x_password",
        ex_tenant_name=login["project_name"], ex_force_service_region="RegionOne", api_version="2.2",
        ex_force_image_url=url, ex_force_base_url=url + "/v2")

driver = connect(login)
"""


@pytest.fixture(scope="module")
def libcloud(automation, clients) -> Any:
    """Runs a program that has a `driver` connected as the ordinary user; gives what it left in `result`."""
    return lambda program, **given: clients.python(CONNECT + program, **given)


def test_an_image_is_listed_got_changed_and_deleted(libcloud, server: Server, upload, qcow2):
    image_id = upload(server, "seen by libcloud", qcow2, min_ram=64, os_distro="ipxe")

    said = libcloud(
        """
listed = [image.id for image in driver.list_images()]
got = driver.get_image(image_id)
patch = [{"op": "replace", "path": "/name", "value": "renamed"}]
changed = driver.ex_update_image(image_id, patch)
result = {"listed": listed, "name": got.name, "extra": got.extra, "renamed": changed.name,
          "deleted": driver.delete_image(got), "left": [image.id for image in driver.list_images()]}
""",
        image_id=image_id,
    )

    assert (said["listed"], said["name"], said["renamed"]) == ([image_id], "seen by libcloud", "renamed")
    assert (said["extra"]["status"], said["extra"]["minRam"], said["extra"]["os_distro"]) == ("active", 64, "ipxe")
    assert (said["deleted"], said["left"]) == (True, [])


def test_pages_are_walked_to_the_end(libcloud, server: Server, clients):
    names = [f"paged-{number:02}" for number in range(30)]
    clients.python(
        """
import openstack
images = openstack.connect(cloud="calotype").image
result = [images.create_image(name, allow_duplicates=True).name for name in names]
""",
        names=names,
    )

    said = libcloud("result = [image.name for image in driver.list_images()]")

    assert said == names[::-1]


def test_an_image_is_shared_and_accepted(libcloud, friend, friends_project, server: Server, upload, qcow2):
    image_id = upload(server, "passed on", qcow2, visibility="shared")

    said = libcloud(
        """
offered = driver.ex_create_image_member(image_id, project)
accepted = connect(friend).ex_accept_image_member(image_id, project)
result = {"offered": offered.state, "accepted": accepted.state,
          "members": [[member.id, member.state] for member in driver.ex_list_image_members(image_id)],
          "one": driver.ex_get_image_member(image_id, project).state}
""",
        image_id=image_id,
        friend=friend,
        project=friends_project,
    )

    assert said["members"] == [[friends_project, said["one"]]]
    assert (said["offered"], said["accepted"], said["one"]) == ("pending", "accepted", "accepted")
