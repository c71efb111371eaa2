"""The Image API v2, all minor versions as one dialect, told about in docs/api/v2.md.

Words: *base attributes* are an image's own fields, *custom properties* stand beside them in the same flat object.
"""

from collections.abc import Sequence

from calotype.domain.callers import Caller
from calotype.faces.v2 import (
    actions,
    creation,
    data,
    errors,
    images,
    info,
    locations,
    members,
    patches,
    schemas,
    stores,
    tags,
)
from calotype.http.messages import Request
from calotype.http.routes import Face, Route
from calotype.service.services import Services

#: The first segments of paths that are v2's without its prefix: some clients are given an endpoint without version.
AT_ROOT = ("images", "schemas")


def face(minors: Sequence[str]) -> Face:
    """v2 below `/v2` and below each of *minors* (`v2.0` and the like), which never makes a difference."""
    return _face("v2", ("/v2", *(f"/{minor}" for minor in minors)), routes())


def root_face() -> Face:
    """What of v2 is reached without a prefix."""
    at_root = [route for route in routes() if route.path.split("/")[1] in AT_ROOT]
    return _face("v2-root", ("",), at_root)


def routes() -> list[Route]:
    """The whole table."""
    return [
        *images.routes(),
        *creation.routes(),
        *patches.routes(),
        *tags.routes(),
        *actions.routes(),
        *data.routes(),
        *members.routes(),
        *locations.routes(),
        *stores.routes(),
        *info.routes(),
        *schemas.routes(),
    ]


def _face(name: str, prefixes: tuple[str, ...], its_routes: Sequence[Route]) -> Face:
    return Face(
        name=name, prefixes=prefixes, routes=its_routes, write_error=errors.write_error, authenticate=_authenticate
    )


def _authenticate(services: Services, request: Request) -> Caller:
    return services.accounts.authenticate(request.header("x-auth-token"))
