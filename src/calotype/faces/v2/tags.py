"""Tags of v2, put on an image and taken off one by one. Source: docs/api/v2.md, "Tags"."""

from calotype.domain.edits import AddTag, RemoveTag
from calotype.http.errors import not_found
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("PUT", "/images/{image_id}/tags/{tag}", add, Wants.NO_BODY),
        Route("DELETE", "/images/{image_id}/tags/{tag}", remove, Wants.NO_BODY),
    ]


def add(services: Services, request: Request) -> Response:
    """A tag the image has from now on, if it had not: 204."""
    services.edits.make(request.proven_caller, request.params["image_id"], (AddTag(_tag(request)),))
    return Response(status=204)


def remove(services: Services, request: Request) -> Response:
    """A tag the image has no more: 204."""
    services.edits.make(request.proven_caller, request.params["image_id"], (RemoveTag(_tag(request)),))
    return Response(status=204)


def _tag(request: Request) -> str:
    """The tag in the path. One with a slash is reached by PATCH alone: the routers before us would take it for two parts."""
    tag = request.params["tag"]
    if "/" in tag:
        raise not_found()
    return tag
