"""Stores of v2: which there are, and data removed from one. Source: openstack/glance:glance/api/v2/discovery.py."""

from typing import Any

from calotype.domain.stores import Store
from calotype.faces.v2 import wire
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("GET", "/info/stores", show_stores, Wants.NO_BODY),
        Route("GET", "/info/stores/detail", show_details, Wants.NO_BODY),
        Route("DELETE", "/stores/{store}/{image_id}", remove_data, Wants.NO_BODY),
    ]


def show_stores(services: Services, _request: Request) -> Response:
    """The stores there are, where there are several. Source: docs/api/v2.md, "Stores"."""
    return wire.answer({"stores": [write_store(store) for store in services.stores.listed()]})


def show_details(services: Services, request: Request) -> Response:
    """The same with what they are made of. Source: docs/api/v2.md, "Stores"."""
    stores = services.stores.listed_in_detail(request.proven_caller)
    return wire.answer({"stores": [write_detail(store) for store in stores]})


def remove_data(services: Services, request: Request) -> Response:
    """An image's data removed from one store: 204. Source: docs/api/v2.md, "Stores"."""
    services.stores.remove_data(request.proven_caller, request.params["store"], request.params["image_id"])
    return Response(status=204)


def write_store(store: Store) -> dict[str, Any]:
    """*store* in brief. A truth is the text "true", and stands there only where it holds; that is what clients look for."""
    written: dict[str, Any] = {"id": store.name}
    if store.description is not None:
        written["description"] = store.description
    if store.is_default:
        written["default"] = "true"
    if store.is_read_only:
        written["read-only"] = "true"
    return written


def write_detail(store: Store) -> dict[str, Any]:
    return {**write_store(store), "type": store.kind, "weight": store.weight, "properties": dict(store.properties)}
