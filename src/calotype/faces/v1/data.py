"""Data of v1: images made, with their data or without, and data fetched."""

from calotype.domain.images import Image, Status
from calotype.faces.v1 import bodies, headers, wire
from calotype.http import parts
from calotype.http.messages import OCTETS, Receive, Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services
from calotype.service.upload import Declared


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("POST", "/images", create, Wants.STREAM),
        Route("GET", "/images/{image_id}", download),
    ]


def create(services: Services, request: Request) -> Response | Receive:
    """A new image, with the data in the body or, without one, to wait for them. Source: docs/api/v1.md, "Create"."""
    caller = request.proven_caller
    creation = headers.read_creation(request.headers, caller, services.options, services.uploads.store_names)
    bodies.check_length(request, services.options)
    if not request.has_body:
        return _created(request, services.images.create(caller, creation.new, is_complete=creation.is_complete))
    new = creation.new
    declared = Declared(size_bytes=new.size_bytes, checksum=new.checksum, body_bytes=request.declared_length)
    upload = services.uploads.begin_new(caller, new, declared, on_failure=Status.KILLED, store=creation.store)
    bodies.check_type(request, upload)
    return Receive(upload, lambda image: _created(request, image))


def download(services: Services, request: Request) -> Response:
    """The data of an image or a part of them, its metadata in the headers. Source: docs/api/v1.md, "Download"."""
    image, blob = services.downloads.open(request.proven_caller, request.params["image_id"])
    return parts.answer(request, blob, (*_DATA_TYPE, *wire.write_headers(image)), image.checksum)


_DATA_TYPE = (("Content-Type", OCTETS),)


def _created(request: Request, image: Image) -> Response:
    """201 with the image; its address begins with /v1/ under whichever prefix it was made, as it always did."""
    return bodies.whole_image(image, 201, (("Location", f"{request.base_url}/v1/images/{image.id}"),))
