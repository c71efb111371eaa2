"""Members of v2: the projects an image is offered to, and what they answer.

Source: openstack/glance:glance/api/v2/image_members.py.
"""

from calotype.faces.v2 import memberships, wire
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("GET", "/images/{image_id}/members", list_members, Wants.NO_BODY),
        Route("POST", "/images/{image_id}/members", add, Wants.JSON),
        Route("GET", "/images/{image_id}/members/{member_id}", show, Wants.NO_BODY),
        Route("PUT", "/images/{image_id}/members/{member_id}", answer, Wants.JSON),
        Route("DELETE", "/images/{image_id}/members/{member_id}", remove, Wants.NO_BODY),
    ]


def list_members(services: Services, request: Request) -> Response:
    """The members of an image that the caller may know of. Source: docs/api/v2.md, "Members"."""
    image_id = request.params["image_id"]
    members = services.offers.of_image(request.proven_caller, image_id)
    return wire.answer(memberships.write_members(image_id, members))


def add(services: Services, request: Request) -> Response:
    """An image offered to one more project: 200 and the new member."""
    image_id = request.params["image_id"]
    member = services.offers.add(request.proven_caller, image_id, memberships.read_new(request.body))
    return wire.answer(memberships.write_member(image_id, member))


def show(services: Services, request: Request) -> Response:
    """One member of an image."""
    image_id = request.params["image_id"]
    member = services.offers.show(request.proven_caller, image_id, request.params["member_id"])
    return wire.answer(memberships.write_member(image_id, member))


def answer(services: Services, request: Request) -> Response:
    """A member that has answered whether it wants the image listed."""
    status = memberships.read_answer(request.body)
    image_id = request.params["image_id"]
    member = services.offers.answer(request.proven_caller, image_id, request.params["member_id"], status)
    return wire.answer(memberships.write_member(image_id, member))


def remove(services: Services, request: Request) -> Response:
    """An image offered to a project no longer: 204."""
    services.offers.remove(request.proven_caller, request.params["image_id"], request.params["member_id"])
    return Response(status=204)
