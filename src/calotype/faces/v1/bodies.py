"""Bodies with image data, and the answers to requests that may have one."""

from calotype.domain.errors import Invalid
from calotype.domain.images import Image
from calotype.faces.v1 import wire
from calotype.http.messages import OCTETS, Headers, Request, Response, json_bytes
from calotype.service.options import ServiceOptions
from calotype.service.upload import Upload


def check_length(request: Request, options: ServiceOptions) -> None:
    """Raises Invalid for a body that is announced as too large: in v1 that is a bad request, nothing is made yet."""
    length, most = request.declared_length, options.image_size_cap_bytes
    if length is not None and length > most:
        raise Invalid("Content-Length", length, f"image data may have {most} bytes at most")


def check_type(request: Request, upload: Upload) -> None:
    """Raises Invalid, the image killed, for a body of another type than data have."""
    if request.media_type != OCTETS:
        upload.give_up("not sent as image data")
        raise Invalid("Content-Type", request.header("content-type") or "", f"image data are sent as {OCTETS}")


def whole_image(image: Image, status: int = 200, headers: Headers = ()) -> Response:
    """*image* with all its fields, and its checksum as an unquoted `ETag`."""
    tag = () if image.checksum is None else (("ETag", image.checksum),)
    body = json_bytes({"image": wire.write_detail(image)})
    return Response(status=status, headers=(("Content-Type", "application/json"), *headers, *tag), body=body)
