"""The Image API v1, v1.0 and v1.1: three prefixes, one dialect, told about in docs/api/v1.md.

Words: *metadata* are an image's fields and properties, *meta headers* carry them as `x-image-meta-…`.
"""

from collections.abc import Callable

from calotype.domain.callers import Caller
from calotype.domain.errors import Unauthenticated
from calotype.faces.v1 import changes, data, errors, images, members
from calotype.http.messages import Request, Response
from calotype.http.routes import METHODS, Face
from calotype.service.services import Services

PREFIXES = ("/v1", "/v1.0", "/v1.1")


def face(write_versions: Callable[[Request], Response]) -> Face:
    """v1 at its prefixes, and at the root (prefix '') for requests whose `Accept` names it.

    *write_versions* answers at a version's bare root whoever brings no token: there clients look round before login.
    """

    def write_error(error: Exception, request: Request) -> Response:
        if isinstance(error, Unauthenticated) and request.path == "/" and _proof(request) is None:
            return write_versions(request)
        return errors.write_error(error, request)

    # `Allow` names methods in the order of the table; v1 has always had them in this one.
    routes = sorted(
        [*images.routes(), *data.routes(), *changes.routes(), *members.routes()],
        key=lambda route: METHODS.index(route.method),
    )
    return Face(
        name="v1",
        prefixes=PREFIXES,
        routes=routes,
        write_error=write_error,
        authenticate=_authenticate,
    )


def _authenticate(services: Services, request: Request) -> Caller:
    return services.accounts.authenticate(_proof(request))


def _proof(request: Request) -> str | None:
    return request.header("x-auth-token")
