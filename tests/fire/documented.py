"""What the OpenAPI document says each route may answer."""

from functools import cache

from calotype.faces import web
from calotype.service.options import ServiceOptions


@cache
def statuses(method: str, route: str) -> frozenset[int]:
    """The statuses of an operation, by its path as the document has it; 503 is one of all."""
    responses = web.document(ServiceOptions(), v1_enabled=True)["paths"][route][method.lower()]["responses"]
    return frozenset(int(status) for status in responses)
