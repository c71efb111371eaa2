"""Images changed by a list of operations in JSON, in either of two media types. Source: docs/api/v2.md, "Update"."""

from calotype.domain.edits import Edit, RemoveField, RemoveProperty, SetField, SetProperty
from calotype.domain.errors import Invalid, Refused
from calotype.domain.location_edits import AddLocation, RemoveLocation, ReplaceLocations
from calotype.faces.v2 import attributes, location_values, operations, values, wire
from calotype.faces.v2.operations import Operation, Verb
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [Route("PATCH", "/images/{image_id}", update, Wants.JSON)]


def update(services: Services, request: Request) -> Response:
    """The whole image after all operations. What can be said of them without the image is said before it is looked for."""
    edits = tuple(read_edit(operation) for operation in operations.read(request))
    image = services.edits.make(request.proven_caller, request.params["image_id"], edits)
    return wire.answer(wire.write_image(image))


def read_edit(operation: Operation) -> Edit:
    """What *operation* asks for. Raises Refused for what no client may set, and Invalid for a path or value that is none."""
    name, *rest = operation.path
    if name == "locations":
        return _edit_of_locations(operation, rest)
    if rest:
        raise Invalid("path", operation.pointer, "it leads into something that has no parts")
    attributes.check_not_forbidden(name)
    if name == "id":
        raise Refused("The attribute 'id' is read-only.")
    return _edit_of_attribute(operation, name) if name in attributes.FIELDS else _edit_of_property(operation, name)


def _edit_of_attribute(operation: Operation, name: str) -> Edit:
    if operation.verb is Verb.REMOVE:
        return RemoveField(name)
    return SetField(attributes.FIELDS[name], name, values.READERS[name](name, operation.value), operation.premise)


def _edit_of_property(operation: Operation, name: str) -> Edit:
    if operation.verb is Verb.REMOVE:
        return RemoveProperty(name)
    return SetProperty(name, values.property_value(name, operation.value), operation.premise)


def _edit_of_locations(operation: Operation, rest: list[str]) -> Edit:
    """Only these paths lead into something: `/locations/N` and `/locations/-` to add or remove one, `/locations` to replace all."""
    if len(rest) != (0 if operation.verb is Verb.REPLACE else 1):
        raise Invalid(
            "path", operation.pointer, "it names the list of locations, or one of them, where the other is meant"
        )
    if operation.verb is Verb.REPLACE:
        return ReplaceLocations(location_values.wanted_list(operation.value))
    position = location_values.position(operation.pointer, rest[0])
    if operation.verb is Verb.REMOVE:
        return RemoveLocation(position)
    return AddLocation(location_values.wanted(operation.value), position)
