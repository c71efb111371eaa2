"""Who asks: accounts at Calotype's identity service, which Glance's keystonemiddleware asks too, so that both get the same tokens.

Roles are given one by one, so that they are the same where a token lists no role that another includes.
"""

import json
import secrets
from dataclasses import dataclass

from servers import Server

ROLES = {
    "ada": ("member", "reader"),
    "bob": ("member", "reader"),
    "rita": ("reader",),
    "root": ("admin", "member", "reader"),
}

#: Who works in another's project.
PROJECTS = {"rita": "ada"}


@dataclass(frozen=True)
class Accounts:
    """*tokens* by who asks; "una" has no project, "eve" no account. *projects*: ids by their names, which owners and members are."""

    tokens: dict[str, str]
    projects: dict[str, str]


def make(server: Server) -> Accounts:
    """New accounts at *server*."""
    projects = {name: _make_project(server, name) for name in ROLES if name not in PROJECTS}
    tokens = {"eve": "no-token-of-ours"}
    for name, roles in ROLES.items():
        project = PROJECTS.get(name, name)
        password = secrets.token_urlsafe()
        user = _make_user(server, name, password)
        for role in roles:
            _give(server, f"/v3/projects/{projects[project]}/users/{user}/roles/{role}")
        tokens[name] = server.log_in(f"{name}-of-the-corpus", password, f"{project}-of-the-corpus")
        if name == "ada":
            tokens["una"] = _unscoped(server, user, password)
    return Accounts(tokens, projects)


def _make_project(server: Server, name: str) -> str:
    project: str = _post(server, "/v3/projects", {"project": {"name": f"{name}-of-the-corpus"}})["project"]["id"]
    return project


def _make_user(server: Server, name: str, password: str) -> str:
    asked = {"user": {"name": f"{name}-of-the-corpus", "password": password}}
    user: str = _post(server, "/v3/users", asked)["user"]["id"]
    return user


def _unscoped(server: Server, user: str, password: str) -> str:
    identity = {"methods": ["password"], "password": {"user": {"id": user, "password": password}}}
    asked = {"auth": {"identity": identity, "scope": "unscoped"}}
    answer = server.request("POST", "/v3/auth/tokens", json.dumps(asked).encode(), token=None)
    token: str = answer.headers["X-Subject-Token"]
    return token


def _post(server: Server, path: str, value: dict[str, object]) -> dict[str, dict[str, str]]:
    answer = server.request("POST", path, json.dumps(value).encode(), token=server.token_of("calotype-admin"))
    assert answer.status == 201, answer.body
    made: dict[str, dict[str, str]] = answer.json
    return made


def _give(server: Server, path: str) -> None:
    assert server.request("PUT", path, token=server.token_of("calotype-admin")).status == 204
