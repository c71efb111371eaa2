"""Locations of v2's own calls: where an image's data are, named once and told to programs of the cloud's own.

Source: openstack/glance:api-ref/source/v2/images-images-v2.inc, "Add location" and "Show locations".
"""

from calotype.faces.v2 import location_values, wire
from calotype.http import bodies
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("POST", "/images/{image_id}/locations", add, Wants.JSON),
        Route("GET", "/images/{image_id}/locations", list_locations, Wants.NO_BODY),
    ]


def add(services: Services, request: Request) -> Response:
    """The place of a queued image's data, taken: 202. Source: docs/api/v2.md, "Locations"."""
    url, said = location_values.first(bodies.read_object(request.body))
    services.locations.add_first(request.proven_caller, request.params["image_id"], url, said)
    return Response(status=202)


def list_locations(services: Services, request: Request) -> Response:
    """Where the data of an image are. Source: docs/api/v2.md, "Locations"."""
    found = services.locations.of_image(request.proven_caller, request.params["image_id"])
    return wire.answer(wire.write_locations(found))
