"""Roles, and who has them in which project. Source: openstack/keystone:keystone/api/{roles,projects,role_assignments}.py."""

from calotype.faces.identity import entries, filters, wire
from calotype.faces.identity.proof import caller_of
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Route
from calotype.service.services import Services


def list_all(services: Services, request: Request) -> Response:
    roles = services.grants.roles(caller_of(services, request))
    name = filters.read_role_name(request.raw_query)
    written = [entries.write_role(role, entries.base_url(request)) for role in roles if name in (None, role)]
    return json_response(entries.write_list("roles", written, request), headers=wire.VARY)


def show(services: Services, request: Request) -> Response:
    role = services.grants.role(caller_of(services, request), request.params["role"])
    return json_response({"role": entries.write_role(role, entries.base_url(request))}, headers=wire.VARY)


def list_assignments(services: Services, request: Request) -> Response:
    """Roles as they were given: those a role includes are not listed, not even as effective ones."""
    caller = caller_of(services, request)
    query, with_names = filters.read_assignment_query(request.raw_query)
    url = entries.base_url(request)
    written = [
        entries.write_assignment(assignment, url, with_names=with_names)
        for assignment in services.grants.assignments(caller, query)
    ]
    return json_response(entries.write_list("role_assignments", written, request), headers=wire.VARY)


def list_given(services: Services, request: Request) -> Response:
    """The roles the user has been given in the project."""
    caller = caller_of(services, request)
    roles = services.grants.roles_of(caller, request.params["project"], request.params["user"])
    written = [entries.write_role(role, entries.base_url(request)) for role in roles]
    return json_response(entries.write_list("roles", written, request), headers=wire.VARY)


def check(services: Services, request: Request) -> Response:
    services.grants.check(caller_of(services, request), **_grant(request))
    return Response(status=204, headers=wire.VARY)


def give(services: Services, request: Request) -> Response:
    services.grants.give(caller_of(services, request), **_grant(request))
    return Response(status=204, headers=wire.VARY)


def take(services: Services, request: Request) -> Response:
    services.grants.take(caller_of(services, request), **_grant(request))
    return Response(status=204, headers=wire.VARY)


_OF_USER = "/projects/{project}/users/{user}/roles"

ROUTES = [
    Route("GET", "/roles", list_all),
    Route("HEAD", "/roles", list_all),
    Route("GET", "/roles/{role}", show),
    Route("HEAD", "/roles/{role}", show),
    Route("GET", "/role_assignments", list_assignments),
    Route("HEAD", "/role_assignments", list_assignments),
    Route("GET", _OF_USER, list_given),
    Route("HEAD", _OF_USER, list_given),
    Route("GET", f"{_OF_USER}/{{role}}", check),
    Route("HEAD", f"{_OF_USER}/{{role}}", check),
    Route("PUT", f"{_OF_USER}/{{role}}", give),
    Route("DELETE", f"{_OF_USER}/{{role}}", take),
]


def _grant(request: Request) -> dict[str, str]:
    return {f"{part}_id": request.params[part] for part in ("project", "user", "role")}
