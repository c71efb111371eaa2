"""openstacksdk, told of the service by clouds.yaml: how it connects, and version 1. test_v2_openstacksdk.py has version 2."""

import pytest

from servers import Server


@pytest.mark.parametrize(("cloud", "name"), [("calotype", "calotype"), ("calotype-admin", "admin")])
def test_a_cloud_of_clouds_yaml_connects_to_its_project(clients, server: Server, cloud, name):
    said = clients.python(
        """
import openstack
connection = openstack.connect(cloud=cloud)
token = connection.authorize()
projects = connection.identity.get("/auth/projects").json()["projects"]
result = {"token": token, "project": connection.current_project.name, "region": connection.config.region_name,
          "is listed": connection.current_project_id in [each["id"] for each in projects],
          "endpoints": [connection.endpoint_for(kind) for kind in ("identity", "image")]}
""",
        cloud=cloud,
    )

    assert server.request("GET", "/v3/auth/projects", token=said.pop("token")).status == 200
    assert said == {
        "project": name,
        "region": "RegionOne",
        "is listed": True,
        "endpoints": [server.url + "/identity/v3", server.url],
    }


def test_version_1_is_taken_if_asked_for_and_its_list_is_walked_to_the_end_where_a_limit_is_given(
    clients, server: Server, queue
):
    names = [f"walked-{number:02}" for number in range(30)]
    for name in names:
        queue(server, name)

    said = clients.python("""
import openstack
images = openstack.connect(cloud="calotype", image_api_version="1").image
walked = [image.name for image in images.images(limit=8)]
result = {"version": images.api_version, "walked": walked, "first page": len(list(images.images())),
          "found": images.find_image("walked-07").name, "unknown": images.find_image("walked-99")}
""")

    assert said == {
        "version": "1",
        "walked": names[::-1],
        "first page": 25,
        "found": "walked-07",
        "unknown": None,
    }


def test_a_wrong_password_is_refused(clients):
    said = clients.python("""
import openstack
from keystoneauth1.exceptions import Unauthorized
auth = {"auth_url": url + "/v3", **login, "password": "wrong", "user_domain_id": "default", "project_domain_id": "default"}
try:
    openstack.connect(auth=auth).authorize()
except (openstack.exceptions.SDKException, Unauthorized) as error:
    result = str(error)
""")

    assert "The request you have made requires authentication." in said
