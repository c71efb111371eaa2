"""Every client logs in by every method it has, wherever its user thinks that identity is, and lists. docs/clients.md.

Those in Python share keystoneauth, and with it what they make of a slash at the end: one such URL each is enough for
`make test`. `make proof` has them all, and version 1 of the Image API too.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fog import Fog
from logins import Everybody, Login
from programs import Clients, Gophercloud, asked

import servers
from servers import Server

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()

#: Where identity may be said to be, behind scheme, host and port.
PLAIN = ("/v3", "/identity", "/identity/v3")
SLASHED = ("/v3/", "/identity/", "/identity/v3/")
ROOT = ("", "/")
FEW = ("/identity", "/v3")
NO_VERSION = ("", "/identity", "/identity/")

#: The method where nobody has an account, which is so with this option.
ANYBODY = "--auth none"

#: Client, method, URLs, and those that only `make proof` takes.
MATRIX = (
    ("openstack", "password, names", (*PLAIN, "/identity/"), ("/v3/", "/identity/v3/")),
    ("openstack", "password, ids", FEW, ("/identity/v3", *SLASHED)),
    ("openstack", "token", FEW, ("/identity/v3", *SLASHED)),
    ("openstack", "application credential", FEW, ("/identity/v3", *SLASHED)),
    ("openstack", ANYBODY, FEW, ()),
    ("openstacksdk", "password, names", (*PLAIN, "/identity/"), ("/v3/", "/identity/v3/")),
    ("openstacksdk", "password, ids", FEW, ("/identity/v3", *SLASHED)),
    ("openstacksdk", "token", FEW, ("/identity/v3", *SLASHED)),
    ("openstacksdk", "application credential", FEW, ("/identity/v3", *SLASHED)),
    ("openstacksdk", ANYBODY, FEW, ()),
    ("glance", "password, names", PLAIN + SLASHED, ()),
    ("glance", "token", FEW[:1], ()),
    ("glance", ANYBODY, FEW, ()),
    ("python-glanceclient", "password, names", (*PLAIN, "/identity/"), ("/v3/", "/identity/v3/")),
    ("python-glanceclient", "password, ids", FEW, ("/identity/v3", *SLASHED)),
    ("python-glanceclient", "token", FEW, ("/identity/v3", *SLASHED)),
    ("python-glanceclient", "application credential", FEW, ("/identity/v3", *SLASHED)),
    ("python-glanceclient", ANYBODY, FEW, ()),
    ("fog", "password, names", ("", *PLAIN), ()),
    ("fog", "password, ids", ("", *PLAIN), ()),
    ("fog", "token", ("", *PLAIN), ()),
    ("fog", ANYBODY, FEW, ()),
    ("gophercloud", "password, names", PLAIN + SLASHED, ()),
    ("gophercloud", "password, ids", PLAIN + SLASHED, ()),
    ("gophercloud", "token", PLAIN + SLASHED, ()),
    ("gophercloud", "application credential", PLAIN + SLASHED, ()),
    ("gophercloud", ANYBODY, FEW, ()),
    ("libcloud", "password, names", NO_VERSION, ()),
    ("libcloud", "application credential", NO_VERSION, ()),
    ("libcloud", ANYBODY, FEW[:1], ()),
)

#: Client, URLs at which it cannot log in, and what it says.
NOT_THERE = (
    ("openstack", ROOT, "Cannot use v2 authentication with domain scope"),
    ("glance", ROOT, "An auth plugin is required to determine endpoint URL"),
    ("fog", ("/", *SLASHED), "Excon::Error::"),
    ("gophercloud", ROOT, "json: cannot unmarshal array"),
    ("libcloud", ("/v3", "/identity/v3"), "The resource could not be found"),
)

#: Whom nobody knows.
ANYBODY_AT = Login(
    "password",
    {
        "username": "anybody",
        "password": "anything",
        "user_domain_name": "Default",
        "project_name": "anywhere",
        "project_domain_name": "Default",
    },
)

LOGINS = [
    pytest.param(client, method, shape, marks=[pytest.mark.proof] if shape in later else [])
    for client, method, shapes, later in MATRIX
    for shape in shapes + later
    if method != ANYBODY
]


@pytest.fixture(scope="module")
def everybody(automation: None, clients: Clients, fog: Fog, gophercloud: Gophercloud) -> Everybody:
    return Everybody(clients, fog, gophercloud)


@pytest.fixture(scope="module")
def everybody_of_nobody(
    tmp_path_factory: pytest.TempPathFactory,
    clients_of: Callable[[Server], Clients],
    gophercloud: Gophercloud,
    fog: Fog,
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


@pytest.mark.parametrize(("client", "method", "shape"), LOGINS)
def test_a_client_logs_in_and_lists(everybody, methods, listed, client, method, shape):
    names = everybody.by_name[client](methods[method].at(everybody.clients.server.url + shape))

    assert names == [listed]


@pytest.mark.proof
@pytest.mark.parametrize(
    ("client", "method", "shape"),
    [
        (client, method, shape)
        for client, method, shapes, later in MATRIX
        for shape in shapes + later
        if client not in ("gophercloud", "libcloud") and method != ANYBODY
    ],
)
def test_a_client_that_knows_version_1_lists_by_it(everybody, methods, listed, client, method, shape):
    names = everybody.v1_by_name[client](methods[method].at(everybody.clients.server.url + shape))

    assert names == [listed]


@pytest.mark.parametrize("method", ["password, names", "password, ids", "token", "application credential"])
def test_gophercloud_lists_the_projects_of_whom_it_logs_in_as(everybody, methods, method):
    login = methods[method].at(everybody.clients.server.url + "/identity")

    assert everybody.go(login, "projects") == ["calotype"]


@pytest.mark.parametrize(
    ("client", "shape"),
    [(client, shape) for client, method, shapes, _ in MATRIX for shape in shapes if method == ANYBODY],
)
def test_where_nobody_has_an_account_anybody_logs_in_and_lists(everybody_of_nobody, client, shape):
    names = everybody_of_nobody.by_name[client](ANYBODY_AT.at(everybody_of_nobody.clients.server.url + shape))

    assert names == ["nobody's"]


def test_where_nobody_has_an_account_gophercloud_lists_all_projects(everybody_of_nobody):
    login = ANYBODY_AT.at(everybody_of_nobody.clients.server.url + "/identity")

    # As an admin would: whom it logs in as is no user of the catalogue.
    assert everybody_of_nobody.go(login, "projects", all="yes") == ["admin", "calotype"]


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

    names = everybody.go(Login("password", user | project).at(server.url + "/identity"), "projects", all="yes")

    assert names == ["admin", "calotype"]


def table(title: str) -> list[list[str]]:
    """The rows of the table below the heading *title* of the page, without its head."""
    section = re.split(rf"^## {re.escape(title)}$", PAGE, flags=re.MULTILINE)[1].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows[1:]]


def version_of(client: str, everybody: Everybody) -> str:
    """What the client says, or its package."""
    packages = {
        "openstack": "python-openstackclient",
        "glance": "python-glanceclient",
        "libcloud": "apache-libcloud",
        "ansible": "ansible-core",
    }
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
    said = [(client, method, set(urls.split(", "))) for client, method, urls in table("How they log in")]

    tried = [
        (client, method, {url or "none" for url in shapes + later if url != "/"})
        for client, method, shapes, later in MATRIX
    ]
    assert said == tried
    assert [client for client, *_ in table("What they are and ask")] == list(dict.fromkeys(row[0] for row in MATRIX))


@pytest.mark.parametrize("client", list(dict.fromkeys(row[0] for row in MATRIX)))
def test_the_page_has_the_version_of_a_client_and_what_it_asks(everybody, methods, listed, client):
    login = methods["password, names"].at(everybody.clients.server.url + "/identity")
    if client == "glance":
        everybody.glance(login)  # at its first start in a home it fetches schemas to keep

    calls = asked(everybody.clients.server, lambda: everybody.by_name[client](login))

    said = {name: (version, calls) for name, version, _, calls in table("What they are and ask")}
    assert said[client] == (version_of(client, everybody), ", ".join(calls))


@pytest.mark.parametrize("client", ["openstack", "openstacksdk", "glance", "python-glanceclient", "fog"])
def test_the_page_has_what_a_client_asks_that_is_told_to_take_version_1(everybody, methods, listed, client):
    login = methods["password, names"].at(everybody.clients.server.url + "/identity")

    calls = asked(everybody.clients.server, lambda: everybody.v1_by_name[client](login))

    said = {name: calls for name, _, calls in table("Version 1")}
    assert said[client] == ", ".join(calls)
