"""The reading side of v1: both lists and the metadata of one image."""

from calotype.domain.images import Image
from calotype.faces.v1 import wire
from calotype.http.errors import HttpError
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import METHODS, Route
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("GET", "/images", list_brief),
        Route("GET", "/images/detail", list_detailed),
        Route("HEAD", "/images/detail", refuse_head_of_list),
        Route("HEAD", "/images/{image_id}", show_headers),
        # The root of a version takes any method for a question for its list, as it always did.
        *(Route(method, "/", list_brief) for method in METHODS),
    ]


def list_brief(services: Services, request: Request) -> Response:
    """Six fields of the images the caller may see. Source: docs/api/v1.md, "Lists"."""
    return json_response({"images": [wire.write_brief(image) for image in _page(services, request)]})


def list_detailed(services: Services, request: Request) -> Response:
    """Every field of the images the caller may see. Source: docs/api/v1.md, "Lists"."""
    return json_response({"images": [wire.write_detail(image) for image in _page(services, request)]})


def refuse_head_of_list(_services: Services, _request: Request) -> Response:
    """Always 405, naming GET. Source: docs/api/v1.md, "Routes"."""
    raise HttpError(405, "A list has no headers of its own to ask for.", (("Allow", "GET"),))


def show_headers(services: Services, request: Request) -> Response:
    """Everything about one image, as headers. Source: docs/api/v1.md, "Metadata in headers"."""
    image = services.images.show(request.proven_caller, request.params["image_id"])
    return Response(status=200, headers=(wire.NO_BODY_TYPE, *wire.write_headers(image)))


def _page(services: Services, request: Request) -> list[Image]:
    """The images the query asks for; who may not list learns that first, whatever else is wrong with the request."""
    caller = request.proven_caller
    services.images.check_may_list(caller)
    query = wire.read_list_query(request.raw_query, services.options, as_admin=caller.is_admin)
    return services.images.page(caller, query)
