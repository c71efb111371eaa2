"""What v2 tells of itself beside its versions: import methods and quotas. Source: openstack/glance:glance/api/v2/discovery.py."""

from typing import Any

from calotype.domain.quotas import Holding, Holdings
from calotype.faces.v2 import wire
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("GET", "/info/import", show_import_methods, Wants.NO_BODY),
        Route("GET", "/info/usage", show_usage),
    ]


def show_import_methods(_services: Services, _request: Request) -> Response:
    """The ways to import an image, of which there are none yet. Source: docs/api/v2.md, "Information"."""
    methods = {"description": "Import methods available.", "type": "array", "value": []}
    return wire.answer({"import-methods": methods})


def show_usage(services: Services, request: Request) -> Response:
    """What the caller's project has of what it may have. Source: docs/api/v2.md, "Information"."""
    return wire.answer({"usage": write_usage(services.quotas.of_caller(request.proven_caller))})


_MIB = 1 << 20


def write_usage(holdings: Holdings | None) -> dict[str, Any]:
    """*holdings* by the names of the field's registered limits, bytes in MiB: used ones rounded up, allowed ones down."""
    if holdings is None:
        return {}
    size = holdings.bytes
    most_mib = None if size.most is None else size.most // _MIB
    return {
        "image_size_total": _write(Holding(-(-size.used // _MIB), most_mib)),
        "image_count_total": _write(holdings.images),
    }


#: What registered limits say where there is no limit.
_NO_LIMIT = -1


def _write(holding: Holding) -> dict[str, int]:
    return {"usage": holding.used, "limit": _NO_LIMIT if holding.most is None else holding.most}
