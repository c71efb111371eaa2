"""Images withheld and handed out again. Source: docs/api/v2.md, "Deactivate and reactivate"."""

from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("POST", "/images/{image_id}/actions/deactivate", deactivate, Wants.NO_BODY),
        Route("POST", "/images/{image_id}/actions/reactivate", reactivate, Wants.NO_BODY),
    ]


def deactivate(services: Services, request: Request) -> Response:
    """An image whose data nobody but admins may download from now on: 204."""
    services.edits.deactivate(request.proven_caller, request.params["image_id"])
    return Response(status=204)


def reactivate(services: Services, request: Request) -> Response:
    """An image whose data may be downloaded again: 204."""
    services.edits.reactivate(request.proven_caller, request.params["image_id"])
    return Response(status=204)
