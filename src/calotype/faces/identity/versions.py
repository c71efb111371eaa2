"""Which versions there are, for clients that look round before they log in. Source: docs/api/identity.md, "Versions"."""

from typing import Any

from calotype.faces.identity import wire
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Route
from calotype.service.services import Services


def list_versions(_services: Services, request: Request) -> Response:
    version = _version(f"{request.base_url}{request.prefix}/v3/")
    return json_response({"versions": {"values": [version]}}, status=300, headers=wire.VARY)


def show_version(_services: Services, request: Request) -> Response:
    return json_response({"version": _version(f"{request.base_url}{request.prefix}/")}, headers=wire.VARY)


ROOT_ROUTES = [Route(method, path, list_versions) for method in ("GET", "HEAD") for path in ("", "/")]
ROUTES = [Route(method, path, show_version) for method in ("GET", "HEAD") for path in ("", "/")]


def _version(url: str) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": url}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
