"""Application credentials of a user. Source: docs/api/identity.md, "Application credentials"."""

from calotype.faces.identity import credential_wire, wire
from calotype.faces.identity.proof import caller_of
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Pool, Route, Wants
from calotype.service.services import Services

COLLECTION = "/users/{user_id}/application_credentials"
ONE = f"{COLLECTION}/{{application_credential_id}}"


def create(services: Services, request: Request) -> Response:
    """A new one with its secret, which no other answer holds."""
    caller = caller_of(services, request)
    wanted = credential_wire.read_wanted(request.body)
    issued = services.accounts.application_credentials.create(caller, request.params["user_id"], wanted)
    body = credential_wire.write_issued(issued, _base(request))
    return json_response(body, 201, wire.VARY)


def list_all(services: Services, request: Request) -> Response:
    caller = caller_of(services, request)
    name = credential_wire.read_name_filter(request.raw_query)
    found = services.accounts.application_credentials.list_of(caller, request.params["user_id"], name)
    body = credential_wire.write_list(found, _base(request), request.base_url + request.prefix + request.path)
    return json_response(body, headers=wire.VARY)


def show(services: Services, request: Request) -> Response:
    found = services.accounts.application_credentials.show(caller_of(services, request), *_ids(request))
    return json_response(credential_wire.write_one(found, _base(request)), headers=wire.VARY)


def delete(services: Services, request: Request) -> Response:
    services.accounts.application_credentials.delete(caller_of(services, request), *_ids(request))
    return Response(status=204, headers=wire.VARY)


ROUTES = [
    Route("POST", COLLECTION, create, Wants.JSON, Pool.LOGINS),
    Route("GET", COLLECTION, list_all),
    Route("HEAD", COLLECTION, list_all),
    Route("GET", ONE, show),
    Route("HEAD", ONE, show),
    Route("DELETE", ONE, delete),
]


def _ids(request: Request) -> tuple[str, str]:
    return request.params["user_id"], request.params["application_credential_id"]


def _base(request: Request) -> str:
    return request.base_url + request.prefix
