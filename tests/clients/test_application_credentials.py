"""Application credentials by their usual clients: keystoneauth1, openstackclient and openstacksdk."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from programs import Clients

from servers import Server


@pytest.fixture
def openstack(clients: Clients) -> Callable[..., str]:
    """Runs a command on the cloud `calotype`; gives what it prints."""

    def run(*command: str, **how: Any) -> str:
        return clients.run("openstack", "--os-cloud", "calotype", *command, **how, **clients.clouds)

    return run


@pytest.fixture
def made(openstack) -> Callable[..., dict[str, Any]]:
    """Makes one with openstackclient; gives what it prints."""

    def make(name: str, *options: str) -> dict[str, Any]:
        printed = openstack("application", "credential", "create", name, *options, "-f", "json")
        described: dict[str, Any] = json.loads(printed)
        return described

    return make


def test_openstackclient_makes_lists_shows_and_deletes_one(openstack, made):
    options = ("--description", "of the nightly build", "--role", "member", "--expiration", "2999-01-31T12:00:00")

    created = made("nightly", *options, "--unrestricted")

    assert (created["Name"], created["Description"]) == ("nightly", "of the nightly build")
    assert created["Expires At"].startswith("2999-01-31T12:00:00")
    assert created["Unrestricted"] is True
    assert len(created["Secret"]) >= 32
    listed = json.loads(openstack("application", "credential", "list", "-f", "json"))
    assert [each["ID"] for each in listed if each["Name"] == "nightly"] == [created["ID"]]
    assert created["Secret"] not in json.dumps(listed)
    shown = json.loads(openstack("application", "credential", "show", "nightly", "-f", "json"))
    assert (shown["ID"], shown["Project ID"]) == (created["ID"], created["Project ID"])
    assert shown.get("Secret") is None
    openstack("application", "credential", "delete", "nightly")
    assert "nightly" not in openstack("application", "credential", "list", "-f", "json")


def test_keystoneauth_logs_in_by_one(clients: Clients, made):
    created = made("session", "--secret", "chosen by its user")

    said = clients.python(
        """
from keystoneauth1.identity import v3
from keystoneauth1.session import Session

def told(**by):
    auth = v3.ApplicationCredential(url + "/v3", application_credential_secret="chosen by its user", **by)
    session = Session(auth)
    access = auth.get_access(session)
    images = session.get("/v1/images", endpoint_filter={"service_type": "image"})
    return [access.project_name, access.role_names, access.application_credential_id, images.status_code]

result = [told(application_credential_id=made["ID"]),
          told(application_credential_name="session", username=login["username"], user_domain_name="Default")]
""",
        made=created,
    )

    assert said == [["calotype", ["member"], created["ID"], 200]] * 2


def test_openstackclient_logs_in_by_one_and_makes_no_other(clients: Clients, server: Server, made):
    created = made("login")
    env = {
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_AUTH_URL": server.url + "/v3",
        "OS_APPLICATION_CREDENTIAL_ID": created["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": created["Secret"],
    }

    issued = json.loads(clients.run("openstack", "token", "issue", "-f", "json", **env))
    refused = clients.run("openstack", "application", "credential", "create", "another", ends=1, **env)

    assert issued["project_id"] == created["Project ID"]
    assert "403" in refused


def test_openstacksdk_keeps_them(clients: Clients):
    said = clients.python("""
import openstack
cloud = openstack.connect(cloud="calotype")
user = cloud.session.get_user_id()
made = cloud.identity.create_application_credential(user, "sdk", roles=[{"name": "reader"}])
names = [each.name for each in cloud.identity.application_credentials(user)]
found = cloud.identity.find_application_credential(user, "sdk").id == made.id
cloud.identity.delete_application_credential(user, made)
gone = cloud.identity.find_application_credential(user, "sdk")
result = ["sdk" in names, found, bool(made.secret), [role["name"] for role in made.roles], gone]
""")

    assert said == [True, True, True, ["reader"], None]
