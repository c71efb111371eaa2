"""Clients that are told where the image service is, in any of the forms that are in use, find version 2 there."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from programs import rows

pytestmark = pytest.mark.proof

#: Behind scheme, host and port; version 2's minor versions never make a difference.
ENDPOINTS = ("", "/", "/v2", "/v2/", "/v2.9")


@pytest.fixture(scope="module")
def listed(server, upload, qcow2) -> str:
    """The name of an image with data."""
    upload(server, "to be listed", qcow2)
    return "to be listed"


def with_openstack(clients: Any, fog: Any, endpoint: str) -> list[str]:
    said = clients.run(
        *("openstack", "--os-cloud", "calotype", "image", "list", "-f", "json"),
        **clients.clouds,
        OS_IMAGE_ENDPOINT_OVERRIDE=endpoint,
    )
    return [image["Name"] for image in json.loads(said)]


def with_openstacksdk(clients: Any, fog: Any, endpoint: str) -> list[str]:
    names: list[str] = clients.python(
        """
import openstack
images = openstack.connect(cloud="calotype", image_endpoint_override=endpoint).image
result = [image.name for image in images.images()]
""",
        endpoint=endpoint,
    )
    return names


def with_glance(clients: Any, fog: Any, endpoint: str) -> list[str]:
    return [row["Name"] for row in rows(clients.after_openrc("glance", "--os-image-url", endpoint, "image-list"))]


def with_glanceclient(clients: Any, fog: Any, endpoint: str) -> list[str]:
    names: list[str] = clients.python(
        """
from glanceclient import Client
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
session = Session(Password(url + "/v3", user_domain_id="default", project_domain_id="default", **login))
result = [image.name for image in Client(endpoint=endpoint, token=session.get_token()).images.list()]
""",
        endpoint=endpoint,
    )
    return names


def with_libcloud(clients: Any, fog: Any, endpoint: str) -> list[str]:
    names: list[str] = clients.python(
        """
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider
driver = get_driver(Provider.OPENSTACK)(
    login["username"], login["password"], ex_force_auth_url=url, ex_force_auth_version="3.x_password",
    ex_tenant_name=login["project_name"], api_version="2.2", ex_force_image_url=endpoint)
result = [image.name for image in driver.list_images()]
""",
        endpoint=endpoint,
    )
    return names


def with_fog(clients: Any, fog: Any, endpoint: str) -> list[str]:
    token = {"openstack_auth_token": fog.server.token_of(), "openstack_management_url": endpoint}
    names: list[str] = fog.do("list", fog.options | token)["names"]
    return names


#: glance, fog and libcloud add `/v2` to whatever they are told; `glanceclient.Client` reads the version there.
TOLD = [
    *((client, endpoint) for client in (with_openstack, with_openstacksdk) for endpoint in ENDPOINTS),
    *((client, endpoint) for client in (with_glance, with_libcloud, with_fog) for endpoint in ENDPOINTS[:2]),
    *((with_glanceclient, endpoint) for endpoint in ENDPOINTS[2:]),
]


@pytest.mark.parametrize(("client", "endpoint"), TOLD)
def test_it_lists(automation, clients, fog_v2, listed, client: Callable[..., list[str]], endpoint):
    assert client(clients, fog_v2, clients.server.url + endpoint) == [listed]
