"""Members of v1: with whom an image is shared, and what is shared with a project.

Source: openstack/glance@mitaka-eol:glance/api/v1/members.py.
"""

from calotype.faces.v1 import memberships
from calotype.http.errors import HttpError
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("GET", "/images/{image_id}/members", list_members),
        Route("PUT", "/images/{image_id}/members", replace, Wants.JSON),
        Route("GET", "/images/{image_id}/members/{member_id}", refuse_one),
        Route("PUT", "/images/{image_id}/members/{member_id}", add, Wants.JSON),
        Route("DELETE", "/images/{image_id}/members/{member_id}", remove),
        Route("GET", "/shared-images/{member_id}", list_shared),
    ]


def list_members(services: Services, request: Request) -> Response:
    """The members of an image that the caller may know of. Source: docs/api/v1.md, "Members"."""
    members = services.members.of_image(request.proven_caller, request.params["image_id"])
    return json_response(memberships.write_members(members))


def replace(services: Services, request: Request) -> Response:
    """An image shared with those that the body names and with nobody else."""
    wanted = memberships.read_replacement(request.body)
    services.members.replace(request.proven_caller, request.params["image_id"], wanted)
    return Response(status=204)


def refuse_one(_services: Services, _request: Request) -> Response:
    """Always 405, naming PUT and DELETE: v1 has never shown one member. Source: docs/api/v1.md, "Routes"."""
    raise HttpError(405, "One member cannot be asked for; the list of an image's members can.", (_ALLOW,))


_ALLOW = ("Allow", "PUT, DELETE")


def add(services: Services, request: Request) -> Response:
    """An image shared with one more project, or a member told whether it may share it further."""
    new = memberships.read_addition(request.params["member_id"], request.body)
    services.members.add(request.proven_caller, request.params["image_id"], new)
    return Response(status=204)


def remove(services: Services, request: Request) -> Response:
    """An image shared with a project no longer."""
    services.members.remove(request.proven_caller, request.params["image_id"], request.params["member_id"])
    return Response(status=204)


def list_shared(services: Services, request: Request) -> Response:
    """The images that are shared with a project, as far as the caller may know."""
    shared = services.members.of_project(request.proven_caller, request.params["member_id"])
    return json_response(memberships.write_shared(shared))
