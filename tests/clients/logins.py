"""How each client is told who its user is, and what it then lists.

A login is the name of keystoneauth's plug-in for it and the plug-in's options; the other clients have words of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fog import Fog
from programs import Clients, Gophercloud, rows

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
    """All clients, each with its one way to log in and list: a method gives the names of the images it lists.

    Those without a number in their name speak version 2 of the Image API, most of them because they find it.
    """

    clients: Clients
    fog: Fog
    gophercloud: Gophercloud

    def openstack(self, login: Login, *version: str) -> list[str]:
        command = ("openstack", *version, "image", "list", "-f", "value", "-c", "Name")
        return self.clients.run(*command, **_in_shell(login)).splitlines()

    def openstack_v1(self, login: Login) -> list[str]:
        return self.openstack(login, "--os-image-api-version", "1")

    def glance(self, login: Login, *version: str) -> list[str]:
        """The command wants a token to come with the address of the image service, and then asks no identity."""
        env = {name: value for name, value in _in_shell(login).items() if name != "OS_AUTH_TYPE"}
        if token := env.pop("OS_TOKEN", ""):
            env = {"OS_AUTH_TOKEN": token, "OS_IMAGE_URL": self.clients.server.url}
        return [row["Name"] for row in rows(self.clients.run("glance", *version, "image-list", **env))]

    def glance_v1(self, login: Login) -> list[str]:
        return self.glance(login, "--os-image-api-version", "1")

    def glanceclient(self, login: Login, version: str = "2") -> list[str]:
        return self._in_python(
            """
from glanceclient import Client
from keystoneauth1 import loading, session
plugin = loading.get_plugin_loader(kind).load_from_options(**options)
result = [image.name for image in Client(version, session=session.Session(plugin)).images.list()]
""",
            login,
            version=version,
        )

    def glanceclient_v1(self, login: Login) -> list[str]:
        return self.glanceclient(login, "1")

    def openstacksdk(self, login: Login, version: str | None = None) -> list[str]:
        return self._in_python(
            """
import openstack
connection = openstack.connect(load_yaml_config=False, load_envvars=False, auth_type=kind, auth=options,
                               image_api_version=version)
result = [image.name for image in connection.image.images()]
""",
            login,
            version=version,
        )

    def openstacksdk_v1(self, login: Login) -> list[str]:
        return self.openstacksdk(login, "1")

    def fog_v2(self, login: Login, version: int = 2) -> list[str]:
        options = {_IN_FOG[name]: value for name, value in login.options.items()}
        names: list[str] = replace(self.fog, version=version).do("list", options)["names"]
        return names

    def fog_v1(self, login: Login) -> list[str]:
        return self.fog_v2(login, 1)

    def go(self, login: Login, task: str = "images", **more: str) -> list[str]:
        names: list[str] = self.gophercloud.do(task, **in_go(login), **more)
        return names

    def libcloud(self, login: Login) -> list[str]:
        """It knows names, each with a password or a secret, and projects by name."""
        return self._in_python(
            """
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider
name, secret = [options.get(each) or options.get("application_credential_" + other)
                for each, other in (("username", "id"), ("password", "secret"))]
kind = {"password": "3.x_password", "v3applicationcredential": "3.x_appcred"}[kind]
driver = get_driver(Provider.OPENSTACK)(
    name, secret, ex_force_auth_url=options["auth_url"], ex_force_auth_version=kind,
    ex_tenant_name=options.get("project_name"), ex_force_service_region="RegionOne", api_version="2.2")
result = [image.name for image in driver.list_images()]
""",
            login,
        )

    def _in_python(self, program: str, login: Login, **given: Any) -> list[str]:
        names: list[str] = self.clients.python(program, kind=login.plugin, options=dict(login.options), **given)
        return names

    @property
    def by_name(self) -> dict[str, Callable[[Login], list[str]]]:
        return {
            "openstack": self.openstack,
            "openstacksdk": self.openstacksdk,
            "glance": self.glance,
            "python-glanceclient": self.glanceclient,
            "fog": self.fog_v2,
            "gophercloud": self.go,
            "libcloud": self.libcloud,
        }

    @property
    def v1_by_name(self) -> dict[str, Callable[[Login], list[str]]]:
        """Those that know version 1 of the Image API, told to take it."""
        return {
            "openstack": self.openstack_v1,
            "openstacksdk": self.openstacksdk_v1,
            "glance": self.glance_v1,
            "python-glanceclient": self.glanceclient_v1,
            "fog": self.fog_v1,
        }


def in_go(login: Login) -> dict[str, str]:
    """*login* as logIn in gophercloud/main.go reads it."""
    return {_IN_GO[name]: value for name, value in login.options.items()}


def _in_shell(login: Login) -> dict[str, Any]:
    """The environment variables that openstackclient and glance read."""
    options = {f"OS_{name.upper()}": value for name, value in login.options.items()}
    return options | {"OS_AUTH_TYPE": login.plugin}
