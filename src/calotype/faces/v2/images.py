"""Image records of v2: listed, shown, deleted."""

from calotype.faces.v2 import links, list_query, wire
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("GET", "/images", list_images),
        Route("GET", "/images/{image_id}", show, Wants.NO_BODY),
        Route("DELETE", "/images/{image_id}", delete, Wants.NO_BODY),
    ]


def list_images(services: Services, request: Request) -> Response:
    """A page of the images the caller may see. Source: docs/api/v2.md, "Lists"."""
    query = list_query.read(request.raw_query, services.options)
    images = services.images.page(request.proven_caller, query, with_stores=True)
    body = {
        "images": [wire.write_image(image) for image in images],
        **links.write(request.raw_query, images, query.limit),
        "schema": "/v2/schemas/images",
    }
    return wire.answer(body)


def show(services: Services, request: Request) -> Response:
    """One image. Source: docs/api/v2.md, "Show"."""
    image_id = request.params["image_id"]
    image = services.images.show(request.proven_caller, image_id, image_first=True, with_stores=True)
    return wire.answer(wire.write_image(image))


def delete(services: Services, request: Request) -> Response:
    """An image deleted with its data: 204. Source: docs/api/v2.md, "Delete"."""
    services.deletions.delete(request.proven_caller, request.params["image_id"], image_first=True)
    return Response(status=204)
