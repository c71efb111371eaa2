"""A part of Keystone's Identity API v3, enough for clients to log in and find the image service. See docs/api/identity.md.

Words: the *subject token* is the one a request is about, beside the one it is made with; the *service catalogue* lists
where the services are, and has nothing to do with the catalogue of images.
"""

from calotype.faces.identity import application_credentials, domains, errors, projects, roles, tokens, users, versions
from calotype.http.routes import Face

#: Where the version list is; versions live below.
ROOT = "/identity"
PREFIXES = (f"{ROOT}/v3", "/v3")


def face() -> Face:
    """Version 3. It asks for proof of identity itself, route by route: logging in needs none."""
    return Face(
        name="identity",
        prefixes=PREFIXES,
        routes=[
            *versions.ROUTES,
            *tokens.ROUTES,
            *application_credentials.ROUTES,
            *projects.ROUTES,
            *users.ROUTES,
            *domains.ROUTES,
            *roles.ROUTES,
        ],
        write_error=errors.write_error,
    )


def root_face() -> Face:
    """The list of versions."""
    return Face(name="identity-root", prefixes=(ROOT,), routes=versions.ROOT_ROUTES, write_error=errors.write_error)
