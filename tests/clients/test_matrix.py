"""Every client logs in by every method it has, wherever its user thinks that identity is, and lists. docs/clients.md.

Those in Python share keystoneauth, and with it what they make of a slash at the end: one such URL each is enough.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fog import Fog
from logins import Everybody, Login
from programs import Clients, asked

import servers
from servers import Server

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()

#: Where identity may be said to be, behind scheme, host and port.
PLAIN = ("/v3", "/identity", "/identity/v3")
SLASHED = ("/v3/", "/identity/", "/identity/v3/")
ROOT = ("", "/")
FEW = ("/identity", "/v3")

#: The method where nobody has an account, which is so with this option.
ANYBODY = "--auth none"

#: Client, method, URLs.
MATRIX = (
    ("openstack", "password, names", (*PLAIN, "/identity/")),
    ("openstack", "password, ids", FEW),
    ("openstack", "token", FEW),
    ("openstack", "application credential", FEW),
    ("openstack", ANYBODY, FEW),
    ("openstacksdk", "password, names", (*PLAIN, "/identity/")),
    ("openstacksdk", "password, ids", FEW),
    ("openstacksdk", "token", FEW),
    ("openstacksdk", "application credential", FEW),
    ("openstacksdk", ANYBODY, FEW),
    ("glance", "password, names", PLAIN + SLASHED),
    ("glance", "token", FEW[:1]),
    ("glance", ANYBODY, FEW),
    ("python-glanceclient", "password, names", (*PLAIN, "/identity/")),
    ("python-glanceclient", "password, ids", FEW),
    ("python-glanceclient", "token", FEW),
    ("python-glanceclient", "application credential", FEW),
    ("python-glanceclient", ANYBODY, FEW),
    ("fog", "password, names", ("", *PLAIN)),
    ("fog", "password, ids", ("", *PLAIN)),
    ("fog", "token", ("", *PLAIN)),
    ("fog", ANYBODY, FEW),
    ("gophercloud", "password, names", PLAIN + SLASHED),
    ("gophercloud", "password, ids", PLAIN + SLASHED),
    ("gophercloud", "token", PLAIN + SLASHED),
    ("gophercloud", "application credential", PLAIN + SLASHED),
    ("gophercloud", ANYBODY, FEW),
)

#: Client, URLs at which it cannot log in, and what it says.
NOT_THERE = (
    ("openstack", ROOT, "Could not find versioned identity endpoints"),
    ("glance", ROOT, "An auth plugin is required to determine endpoint URL"),
    ("fog", ("/", *SLASHED), "Excon::Error::"),
    ("gophercloud", ROOT, "json: cannot unmarshal array"),
)


@pytest.fixture(scope="module")
def everybody(clients: Clients, fog: Fog, gophercloud: Any) -> Everybody:
    return Everybody(clients, fog, gophercloud)


@pytest.fixture(scope="module")
def everybody_of_nobody(
    tmp_path_factory: pytest.TempPathFactory, clients_of: Callable[[Server], Clients], gophercloud: Path, fog: Fog
) -> Iterator[Everybody]:
    """The clients, told of a service with `--auth none` that has one image."""
    running = servers.start(tmp_path_factory.mktemp("open") / "log", "--ephemeral", "--auth", "none")
    headers = {"x-image-meta-name": "nobody's"}
    assert running.request("POST", "/v1/images", headers=headers, token=None).status == 201
    yield Everybody(clients_of(running), replace(fog, server=running), gophercloud)
    running.stop()


@pytest.fixture(scope="module")
def listed(server: Server, queue: Callable[..., str]) -> str:
    """The name of an image that is there."""
    name = "to be listed"
    queue(server, name)
    return name


@pytest.fixture(scope="module")
def methods(server: Server) -> dict[str, Login]:
    """What proves the ordinary user, by the method's name."""
    known = server.credentials()
    token = server.log_in(**known)
    said = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": token}, token=token).json["token"]
    user = {"username": known["username"], "user_domain_name": "Default"}
    project = {"project_name": known["project_name"], "project_domain_name": "Default"}
    password = {"password": known["password"]}
    return {
        "password, names": Login("password", {**user, **password, **project}),
        "password, ids": Login(
            "password", {"user_id": said["user"]["id"], **password, "project_id": said["project"]["id"]}
        ),
        "token": Login("token", {"token": token, **project}),
        "application credential": Login("v3applicationcredential", application_credential(server, said["user"]["id"])),
    }


def application_credential(server: Server, user_id: str) -> dict[str, str]:
    """A new one of the ordinary user, as keystoneauth's plug-in wants it."""
    path, wanted = f"/v3/users/{user_id}/application_credentials", {"application_credential": {"name": "matrix"}}
    made = server.request("POST", path, json.dumps(wanted).encode()).json["application_credential"]
    return {"application_credential_id": made["id"], "application_credential_secret": made["secret"]}


@pytest.mark.parametrize(
    ("client", "method", "shape"),
    [(client, method, shape) for client, method, shapes in MATRIX for shape in shapes if method != ANYBODY],
)
def test_a_client_logs_in_and_lists(everybody, methods, listed, client, method, shape):
    names = everybody.by_name[client](methods[method].at(everybody.clients.server.url + shape))

    assert names == ["calotype" if client == "gophercloud" else listed]


@pytest.mark.parametrize(
    ("client", "shape"),
    [(client, shape) for client, method, shapes in MATRIX for shape in shapes if method == ANYBODY],
)
def test_where_nobody_has_an_account_anybody_logs_in_and_lists(everybody_of_nobody, client, shape):
    user = {"username": "anybody", "password": "anything", "user_domain_name": "Default"}
    project = {"project_name": "anywhere", "project_domain_name": "Default"}
    login = Login("password", user | project).at(everybody_of_nobody.clients.server.url + shape)

    if client == "gophercloud":  # as an admin would: whom it logs in as is no user of the catalogue
        assert everybody_of_nobody.go(login, all="yes") == ["admin", "calotype"]
    else:
        assert everybody_of_nobody.by_name[client](login) == ["nobody's"]


@pytest.mark.parametrize(
    ("client", "shape", "words"), [(client, shape, words) for client, shapes, words in NOT_THERE for shape in shapes]
)
def test_where_identity_is_not_a_client_says_so(everybody, methods, client, shape, words):
    with pytest.raises(AssertionError, match=words):
        everybody.by_name[client](methods["password, names"].at(everybody.clients.server.url + shape))


def test_gophercloud_lists_all_projects_for_an_admin(everybody, server: Server):
    known = server.credentials("calotype-admin")
    user = {"username": known["username"], "password": known["password"], "user_domain_name": "Default"}
    project = {"project_name": known["project_name"], "project_domain_name": "Default"}

    names = everybody.go(Login("password", user | project).at(server.url + "/identity"), all="yes")

    assert names == ["admin", "calotype"]


def table(title: str) -> list[list[str]]:
    """The rows of the table below the heading *title* of the page, without its head."""
    section = re.split(rf"^## {re.escape(title)}$", PAGE, flags=re.MULTILINE)[1].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows[1:]]


def version_of(client: str, everybody: Everybody) -> str:
    """What the client says, or its package."""
    packages = {"openstack": "python-openstackclient", "glance": "python-glanceclient"}
    if client == "fog":
        said: str = everybody.fog.do("list")["version"]
        return said
    if client == "gophercloud":
        command = ["dpkg-query", "--show", "--showformat=${Version}", "golang-github-gophercloud-gophercloud-dev"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("-")[0]
    program = "from importlib.metadata import version; result = version(package)"
    found: str = everybody.clients.python(program, package=packages.get(client, client))
    return found


def test_the_page_has_every_client_with_its_methods_and_urls():
    said = [(client, method, tuple(urls.split(", "))) for client, method, urls in table("How they log in")]

    assert said == [(client, method, tuple(url or "none" for url in urls)) for client, method, urls in MATRIX]
    assert [client for client, *_ in table("What they are and ask")] == list(dict.fromkeys(row[0] for row in MATRIX))


@pytest.mark.parametrize("client", list(dict.fromkeys(row[0] for row in MATRIX)))
def test_the_page_has_the_version_of_a_client_and_what_it_asks(everybody, methods, client):
    login = methods["password, names"].at(everybody.clients.server.url + "/identity")

    calls = asked(everybody.clients.server, lambda: everybody.by_name[client](login))

    said = {name: (version, calls) for name, version, _, calls in table("What they are and ask")}
    assert said[client] == (version_of(client, everybody), ", ".join(calls))
