"""Tokens: to get one, to ask what one says, to give one back."""

from typing import Any

from calotype.domain.errors import Refused
from calotype.faces.identity import entries, wire
from calotype.faces.identity.proof import caller_of
from calotype.faces.identity.service_catalogue import write_services
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Pool, Route, Wants
from calotype.service.services import Services


def issue(services: Services, request: Request) -> Response:
    """A new token, its text in X-Subject-Token. Source: docs/api/identity.md, "Log in"."""
    told = _services_told(services, request)
    proofs, scope = wire.read_login(request.body)
    issued = services.accounts.logins.log_in(proofs, scope)
    body = wire.write_token(issued.token, told)
    return json_response(body, 201, (*wire.VARY, ("X-Subject-Token", issued.secret)))


def show(services: Services, request: Request) -> Response:
    """What the subject token says."""
    caller = caller_of(services, request)
    told = _services_told(services, request)
    subject = request.header("x-subject-token")
    token = services.accounts.tokens.show(caller, subject)
    body = wire.write_token(token, told)
    return json_response(body, headers=(*wire.VARY, ("X-Subject-Token", subject or "")))


def revoke(services: Services, request: Request) -> Response:
    services.accounts.tokens.revoke(caller_of(services, request), request.header("x-subject-token"))
    return Response(status=204, headers=wire.VARY)


def list_projects(services: Services, request: Request) -> Response:
    """The projects the caller may have a token for."""
    projects = services.accounts.projects_of(caller_of(services, request).user)
    written = [entries.write_project(project, entries.base_url(request)) for project in projects]
    return json_response(entries.write_list("projects", written, request), headers=wire.VARY)


def list_services(services: Services, request: Request) -> Response:
    """The service catalogue of the caller's token, which must be for a project."""
    if caller_of(services, request).project is None:
        raise Refused("A token for a project is needed to see the service catalogue.")
    self_url = f"{request.base_url}{request.prefix}/auth/catalog"
    offered = write_services(request.base_url, v1_enabled=services.v1_enabled)
    body = {"catalog": offered, "links": {"next": None, "self": self_url, "previous": None}}
    return json_response(body, headers=wire.VARY)


def _services_told(services: Services, request: Request) -> list[dict[str, Any]] | None:
    """What a token's body lists: what is offered, or None if the query does not want it. Raises Invalid like its reading."""
    if not wire.wants_services(request.raw_query):
        return None
    return write_services(request.base_url, v1_enabled=services.v1_enabled)


ROUTES = [
    Route("POST", "/auth/tokens", issue, Wants.JSON, Pool.LOGINS),
    Route("GET", "/auth/tokens", show),
    Route("HEAD", "/auth/tokens", show),
    Route("DELETE", "/auth/tokens", revoke),
    Route("GET", "/auth/projects", list_projects),
    Route("HEAD", "/auth/projects", list_projects),
    Route("GET", "/auth/catalog", list_services),
    Route("HEAD", "/auth/catalog", list_services),
]
