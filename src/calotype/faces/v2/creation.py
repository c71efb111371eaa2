"""Images made in v2: records that wait for their data. Source: docs/api/v2.md, "Create"."""

from typing import Any

from calotype.faces.v2 import attributes, values, wire
from calotype.http.bodies import read_object
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.images import NewImage
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [Route("POST", "/images", create, Wants.JSON)]


def create(services: Services, request: Request) -> Response:
    """A new image, queued: 201 with all of it and where it is. Source: docs/api/v2.md, "Create"."""
    caller = request.proven_caller
    image = services.images.create(caller, read_new(read_object(request.body), caller.project), with_stores=True)
    location = f"{request.base_url}{wire.IMAGES}/{image.id}"
    headers = (("Location", location), *wire.write_choice(services.stores.choice))
    return wire.answer(wire.write_image(image), 201, headers)


#: What of the read-only attributes is left aside and not refused: it always was.
_IGNORED = frozenset({"os_hash_algo", "os_hash_value"})


def read_new(said: dict[str, Any], project: str | None) -> NewImage:
    """The image that a body describes, *project*'s own unless it names an owner.

    Raises Refused for a name that no client may set, and only then Invalid for a value.
    """
    given = {name: value for name, value in said.items() if name not in _IGNORED}
    for name in given:
        attributes.check_not_forbidden(name)
    fields: dict[str, Any] = {"owner": project}
    properties: dict[str, str | None] = {}
    for name, value in given.items():
        if name == "id":
            fields["id"] = values.image_id(name, value)
        elif name in attributes.FIELDS:
            fields[attributes.FIELDS[name]] = values.READERS[name](name, value)
        else:
            properties[name] = values.property_value(name, value)
    return NewImage(**fields, properties=properties)
