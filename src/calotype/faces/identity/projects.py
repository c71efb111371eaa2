"""Projects: everybody's own, and all of them for admins. Source: openstack/keystone:keystone/api/projects.py."""

from calotype.domain.accounts import Project
from calotype.faces.identity import bodies, entries, filters, wire
from calotype.faces.identity.proof import caller_of
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def list_all(services: Services, request: Request) -> Response:
    """One page of the projects, by name; all of them without a limit."""
    caller = caller_of(services, request)
    page, is_cut = services.directory.projects(caller, filters.read_project_query(request.raw_query))
    return _listed(page, request, is_cut=is_cut)


def create(services: Services, request: Request) -> Response:
    caller = caller_of(services, request)
    project = services.directory.create_project(caller, bodies.read_project(request.body))
    return _one(project, request, status=201)


def show(services: Services, request: Request) -> Response:
    project = services.directory.project(caller_of(services, request), request.params["project"])
    return _one(project, request)


def change(services: Services, request: Request) -> Response:
    caller, project_id = caller_of(services, request), request.params["project"]
    change = bodies.read_project(request.body, project_id)
    return _one(services.directory.change_project(caller, project_id, change), request)


def delete(services: Services, request: Request) -> Response:
    services.directory.delete_project(caller_of(services, request), request.params["project"])
    return Response(status=204, headers=wire.VARY)


def list_of_user(services: Services, request: Request) -> Response:
    """All projects in which the user has a role, by name; limit and marker do not count here."""
    caller = caller_of(services, request)
    query = filters.read_project_query(request.raw_query)
    projects = services.directory.projects_of(caller, request.params["user"], query)
    return _listed(projects, request)


ROUTES = [
    Route("GET", "/projects", list_all),
    Route("HEAD", "/projects", list_all),
    Route("POST", "/projects", create, Wants.JSON),
    Route("GET", "/projects/{project}", show),
    Route("HEAD", "/projects/{project}", show),
    Route("PATCH", "/projects/{project}", change, Wants.JSON),
    Route("DELETE", "/projects/{project}", delete),
    Route("GET", "/users/{user}/projects", list_of_user),
    Route("HEAD", "/users/{user}/projects", list_of_user),
]


def _one(project: Project, request: Request, status: int = 200) -> Response:
    body = {"project": entries.write_project(project, entries.base_url(request))}
    return json_response(body, status, wire.VARY)


def _listed(projects: list[Project], request: Request, *, is_cut: bool = False) -> Response:
    written = [entries.write_project(project, entries.base_url(request)) for project in projects]
    return json_response(entries.write_list("projects", written, request, is_cut=is_cut), headers=wire.VARY)
