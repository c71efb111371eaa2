"""Projects, users, domains, roles and role assignments as Keystone writes them, alone and in lists.

*base_url* is the address of version 3, as the client used it. Source: docs/api/identity.md, "Shapes".
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from calotype.domain.accounts import DOMAIN_ID, DOMAIN_NAME, Named, Project, User
from calotype.domain.directory import Assignment
from calotype.http import queries
from calotype.http.messages import Request

Entry = dict[str, Any]


def base_url(request: Request) -> str:
    return request.base_url + request.prefix


def write_list(kind: str, entries: Sequence[Entry], request: Request, *, is_cut: bool = False) -> Entry:
    """*entries* as the answer to *request*; of a page that *is_cut* the link `next` asks for the rest."""
    url = base_url(request) + request.path
    own_url = f"{url}?{request.raw_query}" if request.raw_query else url
    following = f"{url}?{_next_query(request.raw_query, entries[-1]['id'])}" if is_cut else None
    listed: Entry = {kind: list(entries), "links": {"next": following, "self": own_url, "previous": None}}
    return listed | {"truncated": True} if is_cut else listed


def write_project(project: Project, base_url: str) -> Entry:
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": DOMAIN_ID,
        "parent_id": DOMAIN_ID,
        "description": project.description,
        "enabled": project.is_enabled,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": _links(base_url, "projects", project.id),
    }


def write_user(user: User, base_url: str) -> Entry:
    """What is not kept of a user is left out, as Keystone does."""
    optional = {
        "default_project_id": user.default_project_id,
        "description": user.description,
        "email": user.email,
    }
    return {
        "id": user.id,
        "name": user.name,
        "domain_id": DOMAIN_ID,
        "enabled": user.is_enabled,
        **{name: value for name, value in optional.items() if value},
        "password_expires_at": None,
        "options": {},
        "links": _links(base_url, "users", user.id),
    }


def write_domain(base_url: str) -> Entry:
    """The one domain there is."""
    return {
        "id": DOMAIN_ID,
        "name": DOMAIN_NAME,
        "description": "The default domain",
        "enabled": True,
        "tags": [],
        "options": {},
        "links": _links(base_url, "domains", DOMAIN_ID),
    }


def write_role(role: str, base_url: str) -> Entry:
    """A role's id is its name."""
    return {
        "id": role,
        "name": role,
        "domain_id": None,
        "description": None,
        "options": {},
        "links": _links(base_url, "roles", role),
    }


def write_assignment(assignment: Assignment, base_url: str, *, with_names: bool) -> Entry:
    user, project, role = assignment.user, assignment.project, assignment.role
    link = f"{base_url}/projects/{quote(project.id)}/users/{quote(user.id)}/roles/{quote(role)}"
    return {
        "scope": {"project": _write_named(project) if with_names else {"id": project.id}},
        "user": _write_named(user) if with_names else {"id": user.id},
        "role": {"id": role, "name": role} if with_names else {"id": role},
        "links": {"assignment": link},
    }


def _write_named(named: Named) -> Entry:
    return {"id": named.id, "name": named.name, "domain": {"id": DOMAIN_ID, "name": DOMAIN_NAME}}


def _links(base_url: str, kind: str, its_id: str) -> dict[str, str]:
    return {"self": f"{base_url}/{kind}/{quote(its_id)}"}


def _next_query(raw_query: str, last_id: str) -> str:
    kept = [(name, value) for name, value in queries.parse(raw_query) if name != "marker"]
    return urlencode([*kept, ("marker", last_id)])
