"""How each client is told who its user is, and what it then lists.

A login is the name of keystoneauth's plug-in for it and the plug-in's options; the other clients have words of their own.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fog import Fog
from programs import Clients

import servers

#: keystoneauth's options in the words of fog.
_IN_FOG = {
    "auth_url": "openstack_auth_url",
    "username": "openstack_username",
    "user_id": "openstack_userid",
    "password": "openstack_api_key",
    "token": "openstack_auth_token",
    "user_domain_name": "openstack_user_domain_name",
    "project_name": "openstack_project_name",
    "project_id": "openstack_project_id",
    "project_domain_name": "openstack_project_domain_name",
}

#: And in the words of gophercloud, which knows one domain for both.
_IN_GO = {
    "auth_url": "url",
    "username": "username",
    "user_id": "user_id",
    "password": "password",
    "token": "token",
    "project_domain_name": "domain_name",
    "user_domain_name": "domain_name",
    "project_name": "project_name",
    "project_id": "project_id",
    "application_credential_id": "credential_id",
    "application_credential_secret": "credential_secret",
}


@dataclass(frozen=True)
class Login:
    """*plugin*: as keystoneauth calls it; *options*: in its words, without the URL."""

    plugin: str
    options: Mapping[str, str]

    def at(self, url: str) -> "Login":
        return replace(self, options={**self.options, "auth_url": url})


@dataclass(frozen=True)
class Everybody:
    """All clients, each with its one way to log in and list: a method gives the names of what it lists."""

    clients: Clients
    fog: Fog
    gophercloud: Path

    def openstack(self, login: Login) -> list[str]:
        said = self.clients.run("openstack", "image", "list", "-f", "value", "-c", "Name", **_in_shell(login))
        return said.splitlines()

    def glance(self, login: Login) -> list[str]:
        """The command wants a token to come with the address of the image service, and then asks no identity."""
        env = {name: value for name, value in _in_shell(login).items() if name != "OS_AUTH_TYPE"}
        if token := env.pop("OS_TOKEN", ""):
            env = {"OS_AUTH_TOKEN": token, "OS_IMAGE_URL": self.clients.server.url}
        said = self.clients.run("glance", "--os-image-api-version", "1", "image-list", **env)
        return [line.split("|")[2].strip() for line in said.splitlines() if line[:1] == "|"][1:]

    def glanceclient(self, login: Login) -> list[str]:
        return self._in_python(
            """
from glanceclient import v1
from keystoneauth1 import loading, session
plugin = loading.get_plugin_loader(kind).load_from_options(**options)
result = [image.name for image in v1.Client(session=session.Session(plugin)).images.list()]
""",
            login,
        )

    def openstacksdk(self, login: Login) -> list[str]:
        return self._in_python(
            """
import openstack
connection = openstack.connect(load_yaml_config=False, load_envvars=False, auth_type=kind, auth=options)
result = [image.name for image in connection.image.images()]
""",
            login,
        )

    def fog_v1(self, login: Login) -> list[str]:
        options = {_IN_FOG[name]: value for name, value in login.options.items()}
        names: list[str] = self.fog.do("list", options)["names"]
        return names

    def go(self, login: Login, **more: str) -> list[str]:
        """Names of projects: the user's own, or with *all* everybody's."""
        given = {_IN_GO[name]: value for name, value in login.options.items()} | more
        result = subprocess.run(
            [self.gophercloud],
            input=json.dumps(given),
            env=servers.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
        names: list[str] = json.loads(result.stdout)
        return names

    def _in_python(self, program: str, login: Login) -> list[str]:
        names: list[str] = self.clients.python(program, kind=login.plugin, options=dict(login.options))
        return names

    @property
    def by_name(self) -> dict[str, Callable[[Login], list[str]]]:
        return {
            "openstack": self.openstack,
            "openstacksdk": self.openstacksdk,
            "glance": self.glance,
            "python-glanceclient": self.glanceclient,
            "fog": self.fog_v1,
            "gophercloud": self.go,
        }


def _in_shell(login: Login) -> dict[str, Any]:
    """The environment variables that openstackclient and glance read."""
    options = {f"OS_{name.upper()}": value for name, value in login.options.items()}
    return options | {"OS_AUTH_TYPE": login.plugin}
