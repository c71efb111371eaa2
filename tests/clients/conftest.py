"""A running service, the clients of `.venv-clients`, and images that boot."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fog import Fog
from programs import Clients, Gophercloud

import servers
from servers import Server

PROGRAMS = Path(__file__).parents[2] / ".venv-clients" / "bin"
GO_SOURCES = Path("/usr/share/gocode")
IPXE = Path("/usr/lib/ipxe/ipxe.iso")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running service of the module's own: lists show what its tests have made, and nothing else."""
    running = servers.start(tmp_path_factory.mktemp("server") / "log", "--ephemeral")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def clients_of(
    tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Callable[[Server], Clients]:
    """The clients, told of a service."""
    if not (PROGRAMS / "glance").exists():
        missing(".venv-clients, which `make clients` makes,")
    return lambda server: Clients(PROGRAMS, tmp_path_factory.mktemp("home"), server)


@pytest.fixture(scope="session")
def automation(missing: Callable[[str], NoReturn]) -> None:
    """Ansible with its collection for OpenStack, and libcloud, are beside the other clients."""
    if not (PROGRAMS.parent / ".automation").exists():
        missing("what `make test` adds to .venv-clients")


@pytest.fixture(scope="module")
def clients(clients_of: Callable[[Server], Clients], server: Server) -> Clients:
    """The clients, told of the module's own service."""
    return clients_of(server)


@pytest.fixture(scope="module")
def friends_project(server: Server) -> str:
    """The id of a project of others."""
    project_id: str = as_admin(server, "POST", "/v3/projects", {"project": {"name": "friends"}})["project"]["id"]
    return project_id


@pytest.fixture(scope="module")
def friend(server: Server, friends_project: str) -> dict[str, str]:
    """How an ordinary user of that project logs in."""
    login = {"name": "friend", "password": "a friend of yours"}
    user_id = as_admin(server, "POST", "/v3/users", {"user": login})["user"]["id"]
    (role,) = as_admin(server, "GET", "/v3/roles?name=member")["roles"]
    as_admin(server, "PUT", f"/v3/projects/{friends_project}/users/{user_id}/roles/{role['id']}")
    return {"username": login["name"], "password": login["password"], "project_name": "friends"}


def as_admin(server: Server, method: str, path: str, body: Any = None) -> Any:
    """What identity answers the admin."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    answer = server.request(method, path, sent, headers, token=server.token_of("calotype-admin"))
    assert answer.status < 300, answer.body
    return answer.json if answer.body else None


@pytest.fixture(scope="session")
def ruby_with_fog(missing: Callable[[str], NoReturn]) -> None:
    """Ruby and Debian's fog are there."""
    if shutil.which("ruby") is None or subprocess.run(["ruby", "-e", "require 'fog/openstack'"]).returncode:
        missing("Debian's package ruby-fog-openstack")


@pytest.fixture(scope="module")
def fog(ruby_with_fog: None, tmp_path_factory: pytest.TempPathFactory, server: Server) -> Fog:
    """fog, told of the module's own service."""
    return Fog(tmp_path_factory.mktemp("home"), server)


@pytest.fixture(scope="module")
def fog_v2(fog: Fog) -> Fog:
    """The same, with version 2 of the Image API."""
    return replace(fog, version=2)


@pytest.fixture(scope="session")
def gophercloud(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Gophercloud:
    """Our program with Debian's gophercloud, compiled once for all its tests."""
    if shutil.which("go") is None or not (GO_SOURCES / "src/github.com/gophercloud/gophercloud").is_dir():
        missing("Debian's package golang-go or golang-github-gophercloud-gophercloud-dev")
    folder = tmp_path_factory.mktemp("go")
    env = {"GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOFLAGS": "", "GOCACHE": str(folder / "cache")}
    command = ["go", "build", "-o", folder / "program", *(Path(__file__).parent / "gophercloud").glob("*.go")]
    subprocess.run(command, check=True, env=servers.environment(**env), timeout=300)
    shutil.rmtree(folder / "cache")
    return Gophercloud(folder / "program")


@pytest.fixture(scope="session")
def iso(missing: Callable[[str], NoReturn]) -> Path:
    """A real image that boots, of 2 MiB."""
    if not IPXE.exists():
        missing(f"{IPXE} of Debian's package ipxe")
    return IPXE


@pytest.fixture(scope="session")
def qcow2(iso: Path, tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Path:
    """The same disk, as `qemu-img` writes it."""
    if shutil.which("qemu-img") is None:
        missing("qemu-img of Debian's package qemu-utils")
    converted = tmp_path_factory.mktemp("images") / "ipxe.qcow2"
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", iso, converted], check=True)
    return converted


@pytest.fixture(scope="session")
def queue() -> Callable[..., str]:
    """Makes an image without data at a service, of this name and with `x-image-meta-…` as given; its id."""

    def make(server: Server, name: str, **meta: str) -> str:
        meta["name"] = name.encode().decode("latin-1")  # as which urllib sends text, so that UTF-8 arrives
        headers = {f"x-image-meta-{key.replace('_', '-')}": value for key, value in meta.items()}
        answer = server.request("POST", "/v1/images", headers=headers)
        assert answer.status == 201, answer.body
        image_id: str = answer.json["image"]["id"]
        return image_id

    return make


@pytest.fixture(scope="session")
def upload() -> Callable[..., str]:
    """Makes an active image at a service by version 2, of this name, format and data, and with attributes as given; its id."""

    def make(server: Server, name: str, data: Path, disk_format: str = "qcow2", **attributes: Any) -> str:
        wanted = {"name": name, "disk_format": disk_format, "container_format": "bare", **attributes}
        headers = {"Content-Type": "application/json"}
        made = server.request("POST", "/v2/images", json.dumps(wanted).encode(), headers)
        assert made.status == 201, made.body
        image_id: str = made.json["id"]
        sent = server.request("PUT", f"/v2/images/{image_id}/file", data.read_bytes())
        assert sent.status == 204, sent.body
        return image_id

    return make
