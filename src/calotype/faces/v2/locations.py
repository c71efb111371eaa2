"""Locations of v2's own calls: where an image's data are, named once and told to programs of the cloud's own.

Source: openstack/glance:api-ref/source/v2/images-images-v2.inc, "Add location" and "Show locations".
"""

from typing import Any

from calotype.domain.errors import Invalid
from calotype.domain.locations import DIGEST_LENGTHS, Hash, digest
from calotype.faces.v2 import wire
from calotype.http import bodies
from calotype.http.messages import Request, Response, json_response
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
    url, said = read_location(bodies.read_json(request.body))
    services.locations.add_first(request.proven_caller, request.params["image_id"], url, said)
    return Response(status=202)


def list_locations(services: Services, request: Request) -> Response:
    """Where the data of an image are. Source: docs/api/v2.md, "Locations"."""
    found = services.locations.of_image(request.proven_caller, request.params["image_id"])
    return json_response(wire.write_locations(found))


def read_location(body: Any) -> tuple[str, Hash | None]:
    """URL and expected digest, of which there may be none; other keys say nothing. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid("body", body, "not an object")
    url = body.get("url")
    if not isinstance(url, str) or not url:
        raise Invalid("url", "***" if url else url, "not a text")
    return url, read_hash(body.get("validation_data", {}))


def read_hash(said: Any) -> Hash | None:
    """What `validation_data` says: nothing if it is empty, else both keys. Raises Invalid."""
    if not isinstance(said, dict) or not said.keys() <= {"os_hash_algo", "os_hash_value"}:
        raise Invalid("validation_data", said, "not an object of os_hash_algo and os_hash_value")
    if not said:
        return None
    algorithm, value = said.get("os_hash_algo"), said.get("os_hash_value")
    if algorithm not in tuple(DIGEST_LENGTHS):
        raise Invalid("os_hash_algo", algorithm, f"not one of {', '.join(DIGEST_LENGTHS)}")
    if not isinstance(value, str):
        raise Invalid("os_hash_value", value, "not a text")
    return Hash(algorithm=algorithm, value=digest("os_hash_value", value, algorithm))
