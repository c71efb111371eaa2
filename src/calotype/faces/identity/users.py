"""Users: everybody's own entry and password, and all of them for admins. Source: openstack/keystone:keystone/api/users.py."""

from calotype.domain.accounts import User
from calotype.faces.identity import bodies, entries, filters, wire
from calotype.faces.identity.proof import caller_of
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Pool, Route, Wants
from calotype.service.services import Services


def list_all(services: Services, request: Request) -> Response:
    """One page of the users, by name; all of them without a limit."""
    caller = caller_of(services, request)
    page, is_cut = services.directory.users(caller, filters.read_user_query(request.raw_query))
    written = [entries.write_user(user, entries.base_url(request)) for user in page]
    return json_response(entries.write_list("users", written, request, is_cut=is_cut), headers=wire.VARY)


def create(services: Services, request: Request) -> Response:
    caller = caller_of(services, request)
    return _one(services.directory.create_user(caller, bodies.read_user(request.body)), request, status=201)


def show(services: Services, request: Request) -> Response:
    return _one(services.directory.user(caller_of(services, request), request.params["user"]), request)


def change(services: Services, request: Request) -> Response:
    caller, user_id = caller_of(services, request), request.params["user"]
    change = bodies.read_user(request.body, user_id)
    return _one(services.directory.change_user(caller, user_id, change), request)


def delete(services: Services, request: Request) -> Response:
    services.directory.delete_user(caller_of(services, request), request.params["user"])
    return Response(status=204, headers=wire.VARY)


def change_password(services: Services, request: Request) -> Response:
    """A user's own new password; the old one is the proof, so no token is asked for, as in Keystone."""
    original, password = bodies.read_passwords(request.body)
    services.directory.change_own_password(request.params["user"], original, password)
    return Response(status=204, headers=wire.VARY)


ROUTES = [
    Route("GET", "/users", list_all),
    Route("HEAD", "/users", list_all),
    Route("POST", "/users", create, Wants.JSON, Pool.LOGINS),
    Route("GET", "/users/{user}", show),
    Route("HEAD", "/users/{user}", show),
    Route("PATCH", "/users/{user}", change, Wants.JSON, Pool.LOGINS),
    Route("DELETE", "/users/{user}", delete),
    Route("POST", "/users/{user}/password", change_password, Wants.JSON, Pool.LOGINS),
]


def _one(user: User, request: Request, status: int = 200) -> Response:
    return json_response({"user": entries.write_user(user, entries.base_url(request))}, status, wire.VARY)
