"""Image data of v2, taken in and handed out. Source: openstack/glance:glance/api/v2/image_data.py."""

from calotype.domain.errors import Invalid
from calotype.domain.images import Image, Status
from calotype.http import literals, parts, queries
from calotype.http.errors import HttpError
from calotype.http.messages import OCTETS, Headers, Receive, Request, Response
from calotype.http.routes import Route, Wants
from calotype.service.services import Services
from calotype.service.upload import Declared

_SIZE = "x-openstack-image-size"


def routes() -> list[Route]:
    """The table; a function, so that it can stand above what it names."""
    return [
        Route("PUT", "/images/{image_id}/file", upload, Wants.STREAM),
        Route("GET", "/images/{image_id}/file", download, Wants.NO_BODY),
        Route("HEAD", "/images/{image_id}/file", download, Wants.NO_BODY),
    ]


def upload(services: Services, request: Request) -> Receive:
    """The data of a queued image taken in: 204. Source: docs/api/v2.md, "Upload"."""
    check_type(request)
    upload = services.uploads.begin(
        request.proven_caller,
        request.params["image_id"],
        read_declared(request),
        on_failure=Status.QUEUED,
        store=request.header("x-image-meta-store") if services.stores.choice else None,
        image_first=True,
    )
    return Receive(upload, lambda _image: Response(status=204))


def download(services: Services, request: Request) -> Response:
    """The data of an image, or a part of them; HEAD is answered without any. Source: docs/api/v2.md, "Download"."""
    image, blob = services.downloads.open(
        request.proven_caller,
        request.params["image_id"],
        image_first=True,
        admins_get_deactivated=True,
        prefer=read_preferred(request.raw_query),
    )
    return parts.answer(request, blob, write_headers(image), image.checksum, refuses_odd_ranges=True)


def check_type(request: Request) -> None:
    """Raises HttpError 415 for a body of another type than data have, and for one that does not say its type."""
    if request.media_type != OCTETS:
        raise HttpError(415, f"Image data are sent as {OCTETS}.")


def read_declared(request: Request) -> Declared:
    """What the request says of the data. Raises Invalid for a size that is none, or is not the body's."""
    text, length = request.header(_SIZE), request.declared_length
    if text is None:
        return Declared(body_bytes=length)
    announced = literals.not_negative(_SIZE, text)
    if length not in (None, announced):
        raise Invalid(_SIZE, text, f"the body has {length} bytes")
    return Declared(announced_bytes=announced, body_bytes=length)


def read_preferred(raw_query: str) -> list[str]:
    """The stores to be asked first, as `prefer` names them; the last one said counts."""
    said = dict(queries.parse(raw_query)).get("prefer", "")
    return [name for one in said.split(",") if (name := one.strip())]


def write_headers(image: Image) -> Headers:
    """The headers of all of the data, which those of a part are too; an image without checksum has no validator."""
    media_type = ("Content-Type", OCTETS)
    if image.checksum is None:
        return (media_type,)
    return (media_type, ("Content-MD5", image.checksum), ("ETag", f'"{image.checksum}"'))
