"""Schemas of an image and of a page of images. Source: docs/api/v2.md, "Schemas"."""

from collections.abc import Sequence

from calotype.domain.images import Status, Visibility
from calotype.faces.v2.schemas.custom import CUSTOM
from calotype.faces.v2.schemas.shapes import (
    IMAGE_ID,
    Schema,
    array,
    flag,
    links,
    number,
    page,
    read_only,
    text,
    text_or_null,
)
from calotype.service.options import ServiceOptions


def image(options: ServiceOptions) -> Schema:
    """One image: base properties, the custom ones we know, and any other as text."""
    return {
        "name": "image",
        "properties": {**_base(options), **CUSTOM},
        "additionalProperties": {"type": "string"},
        "links": links(self="self", enclosure="file", describedby="schema"),
    }


def images(options: ServiceOptions) -> Schema:
    """A page of images."""
    return page("images", image(options))


def _base(options: ServiceOptions) -> Schema:
    return {
        "id": text("Names the image, for ever.", pattern=IMAGE_ID),
        "name": text_or_null("What people call the image; several may have one name.", maxLength=255),
        "status": read_only(text("Where the image is in its life.", enum=[status.value for status in Status])),
        "visibility": text("Who may see the image.", enum=[visibility.value for visibility in Visibility]),
        "protected": flag("While true, the image cannot be deleted."),
        "os_hidden": flag("While true, lists leave the image out unless they are asked for hidden ones."),
        "owner": text_or_null("The project the image belongs to.", maxLength=255),
        "container_format": _one_of(options.container_formats, "What the disk is wrapped in."),
        "disk_format": _one_of(options.disk_formats, "How the disk is written down."),
        "min_disk": number("GiB of disk that a machine needs to start from the image."),
        "min_ram": number("MiB of memory that a machine needs to start from the image."),
        "tags": array({"type": "string", "maxLength": 255}, "Words to find the image by."),
        **_DATA,
        "created_at": read_only(text("When the image was made, in UTC.")),
        "updated_at": read_only(text("When the image was changed last, in UTC.")),
        "self": read_only(text("Where this image is.")),
        "file": read_only(text("Where its data are.")),
        "schema": read_only(text("What this is.")),
        "locations": array(_LOCATION, "Where the data are kept, the preferred place first."),
    }


def _one_of(formats: Sequence[str], description: str) -> Schema:
    return text_or_null(description, enum=[None, *formats])


_DATA: Schema = {
    "size": read_only({"type": ["null", "integer"], "description": "Bytes of data; null until there are some."}),
    "virtual_size": read_only(
        {"type": ["null", "integer"], "description": "Bytes of the disk that the data unfold to; null if not known."}
    ),
    "checksum": read_only(text_or_null("MD5 of the data, in hex.", maxLength=32)),
    "os_hash_algo": read_only(text_or_null("The algorithm of os_hash_value.", maxLength=64)),
    "os_hash_value": read_only(text_or_null("Hash of the data, in hex.", maxLength=128)),
    "stores": read_only(text("The stores that hold the data, with commas between.")),
    "direct_url": read_only(text("Where the store itself keeps the data.")),
}

_VALIDATION_DATA: Schema = {
    "type": "object",
    "description": "What the data are promised to be.",
    "writeOnly": True,
    "additionalProperties": False,
    "required": ["os_hash_algo", "os_hash_value"],
    "properties": {
        "checksum": text("MD5, in hex.", minLength=32, maxLength=32),
        "os_hash_algo": text("The algorithm of os_hash_value.", maxLength=64),
        "os_hash_value": text("Hash, in hex.", maxLength=128),
    },
}

_LOCATION: Schema = {
    "type": "object",
    "required": ["url", "metadata"],
    "properties": {
        # As long as it may be where it is not set by PATCH: a client holds what it is shown against this.
        "url": text("The place."),
        "metadata": {"type": "object", "description": "What is known of the place, the name of its store above all."},
        "validation_data": _VALIDATION_DATA,
    },
}
