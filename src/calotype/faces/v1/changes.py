"""Images of v1 that are there: changed, given their data, deleted."""

from calotype.domain.images import Status
from calotype.faces.v1 import bodies, headers, wire
from calotype.http.messages import Receive, Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services
from calotype.service.upload import Declared


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("PUT", "/images/{image_id}", update, Wants.STREAM),
        Route("DELETE", "/images/{image_id}", delete),
    ]


def update(services: Services, request: Request) -> Response | Receive:
    """An image's metadata changed and, if there is a body, its data taken in. Source: docs/api/v1.md, "Change".

    Both begin in one transaction: if the data are refused unseen, the metadata are as before.
    """
    caller, image_id = request.proven_caller, request.params["image_id"]
    said = headers.read_update(request.headers, caller, services.options, services.uploads.store_names)
    bodies.check_length(request, services.options)
    if not request.has_body:
        return bodies.whole_image(services.images.update(caller, image_id, said.change, purge=said.purge))
    declared = Declared(body_bytes=request.declared_length)
    upload = services.uploads.begin(
        caller, image_id, declared, on_failure=Status.KILLED, store=said.store, change=said.change
    )
    bodies.check_type(request, upload)
    return Receive(upload, bodies.whole_image)


def delete(services: Services, request: Request) -> Response:
    """An image deleted: 200 and nothing else. Source: docs/api/v1.md, "Delete"."""
    services.deletions.delete(request.proven_caller, request.params["image_id"])
    return Response(status=200, headers=(wire.NO_BODY_TYPE,))
