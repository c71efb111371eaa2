"""python-openstackclient: logging in, and what of its version 1 of the Image API works. docs/api/v1-differences.md has the rest."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from programs import Clients

from servers import Server

V1 = ("--os-image-api-version", "1")


@pytest.fixture
def openstack(clients: Clients) -> Callable[..., str]:
    """Runs a command on a cloud of clouds.yaml, `calotype` unless told otherwise; gives what it prints."""

    def run(*command: str, cloud: str = "calotype", **how: Any) -> str:
        return clients.run("openstack", "--os-cloud", cloud, *command, **how, **clients.clouds)

    return run


@pytest.mark.parametrize("cloud", ["calotype", "calotype-admin"])
def test_a_cloud_of_clouds_yaml_gives_a_token_that_is_good(openstack, server: Server, cloud):
    issued = json.loads(openstack("token", "issue", "-f", "json", cloud=cloud))

    said = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": issued["id"]}, token=issued["id"])
    assert said.json["token"]["project"]["id"] == issued["project_id"]
    assert said.json["token"]["project"]["name"] == server.credentials(cloud)["project_name"]
    assert said.json["token"]["user"]["id"] == issued["user_id"]


def test_openrc_logs_in_the_ordinary_user(clients, server: Server):
    issued = json.loads(clients.after_openrc("openstack", "token", "issue", "-f", "json"))

    brief = server.request("GET", "/v3/auth/projects", token=issued["id"]).json["projects"]
    assert [project["name"] for project in brief] == [server.credentials()["project_name"]]


def test_openrc_is_obeyed_in_a_shell_that_was_told_of_another_cloud(clients):
    before = "export OS_CLOUD=elsewhere OS_TOKEN=stale OS_PROJECT_ID=another OS_USER_ID=another"
    command = ("bash", "-c", f'{before}; . "$0" && exec openstack token issue -f value -c id')

    said = clients.run(*command, clients.server.folder / "openrc")

    assert said.strip()


def test_a_revoked_token_is_worth_nothing(openstack, server: Server):
    token = openstack("token", "issue", "-f", "value", "-c", "id").strip()

    openstack("token", "revoke", token)

    assert server.request("GET", "/v1/images", token=token).status == 401


def test_the_catalogue_lists_each_service_with_its_interfaces(openstack, server: Server):
    listed = json.loads(openstack("catalog", "list", "-f", "json"))

    assert {service["Type"]: service["Name"] for service in listed} == {
        "identity": "keystone",
        "image": "glance",
        "imagev1": "glance-v1",
    }
    urls = {"identity": "/identity/v3", "image": "", "imagev1": ""}
    for service in listed:
        endpoints = {(each["interface"], each["region"], each["url"]) for each in service["Endpoints"]}
        assert endpoints == {
            (interface, "RegionOne", server.url + urls[service["Type"]])
            for interface in ("public", "internal", "admin")
        }


def test_a_wrong_password_is_refused_in_words(clients):
    said = clients.after_openrc("openstack", "token", "issue", before="export OS_PASSWORD=wrong", ends=1)

    assert "The request you have made requires authentication. (HTTP 401)" in said


def test_images_are_listed(openstack, server: Server, queue):
    made = {queue(server, name): name for name in ("listed-1", "listed-2")}

    listed = json.loads(openstack(*V1, "image", "list", "-f", "json"))

    assert {"ID", "Name", "Status"} == set(listed[0])
    assert made.items() <= {image["ID"]: image["Name"] for image in listed}.items()


def test_images_are_listed_without_naming_a_version(openstack, server: Server, queue):
    image_id = queue(server, "unversioned")

    assert image_id in openstack("image", "list", "-f", "value", "-c", "ID").split()


def test_a_long_list_shows_every_column_filled(openstack, server: Server, queue):
    image_id = queue(server, "long", disk_format="qcow2", container_format="bare", size="5", property_os="linux")

    listed = json.loads(openstack(*V1, "image", "list", "--long", "--property", "os=linux", "-f", "json"))

    (image,) = listed
    assert (image["ID"], image["Name"], image["Status"], image["Size"]) == (image_id, "long", "queued", 5)
    assert (image["Disk Format"], image["Container Format"], image["Checksum"]) == ("qcow2", "bare", None)
    assert (image["Visibility"], image["Protected"]) == (False, False)
    assert image["Properties"]["os"] == "linux"


def test_a_list_is_as_long_as_the_option_limit_default(start_server, clients_of, queue):
    server = start_server("--ephemeral", "--limit-default", "30")
    names = [f"many-{number:02}" for number in range(31)]
    for name in names:
        queue(server, name)
    clients = clients_of(server)

    listed = clients.after_openrc("openstack", *V1, "image", "list", "-f", "value", "-c", "Name").split()

    assert sorted(listed) == names[1:]


def test_an_image_is_shown_by_its_name(openstack, server: Server, queue):
    image_id = queue(server, "größe 1", disk_format="iso", container_format="bare", property_os="linux")

    image = json.loads(openstack(*V1, "image", "show", "größe 1", "-f", "json"))

    assert (image["id"], image["name"], image["disk_format"]) == (image_id, "größe 1", "iso")
    assert image["properties"]["os"] == "linux"


def test_an_unknown_name_is_said_to_be_unknown(openstack):
    assert "No Image found for nothing" in openstack(*V1, "image", "show", "nothing", ends=1)


def test_its_create_fails_before_anything_is_sent(openstack, server: Server, iso):
    command = ("image", "create", "never", "--disk-format", "iso", "--file", str(iso))

    said = openstack("--debug", *V1, *command, ends=1)

    requests = [line.split()[5] for line in said.splitlines() if line.startswith("REQ: curl -g -i -X")]
    assert requests == ["GET", "GET"]  # versions of identity, versions of the image service
    assert server.request("GET", "/v1/images?name=never").json == {"images": []}
