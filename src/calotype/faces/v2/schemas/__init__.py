"""JSON schemas of what v2 says, by which clients build their models and check what they send and get.

Source: docs/api/v2.md, "Schemas"; openstack/glance:api-ref/source/v2/images-schemas.inc.
"""

from calotype.faces.v2 import wire
from calotype.faces.v2.schemas import images, members, metadefs, tasks
from calotype.faces.v2.schemas.shapes import Schema
from calotype.http.messages import Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services


def routes() -> list[Route]:
    """The table: images are as the operator's options have it, the others always the same."""
    fixed = {
        "member": members.MEMBER,
        "members": members.MEMBERS,
        "task": tasks.TASK,
        "tasks": tasks.TASKS,
        **{f"metadefs/{name}": schema for name, schema in metadefs.SCHEMAS.items()},
    }
    return [
        Route("GET", "/schemas/image", show_image, Wants.NO_BODY),
        Route("GET", "/schemas/images", show_images, Wants.NO_BODY),
        *(_fixed(name, schema) for name, schema in fixed.items()),
    ]


def show_image(services: Services, _request: Request) -> Response:
    """One image, with the formats that are offered here."""
    return wire.answer(images.image(services.options))


def show_images(services: Services, _request: Request) -> Response:
    """A page of images."""
    return wire.answer(images.images(services.options))


def _fixed(name: str, schema: Schema) -> Route:
    def show(_services: Services, _request: Request) -> Response:
        return wire.answer(schema)

    return Route("GET", f"/schemas/{name}", show, Wants.NO_BODY)
