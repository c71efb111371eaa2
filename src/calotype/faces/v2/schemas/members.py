"""Schemas of a member and of an image's members. Source: docs/api/v2.md, "Schemas"."""

from calotype.domain.images import MemberStatus
from calotype.faces.v2.schemas.shapes import IMAGE_ID, Schema, read_only, text, whole_list

MEMBER: Schema = {
    "name": "member",
    "properties": {
        "member_id": text("The project the image is shared with."),
        "image_id": text("The image.", pattern=IMAGE_ID),
        "status": text("What the member has answered.", enum=[status.value for status in MemberStatus]),
        "created_at": text("When the image was first offered to the member, in UTC."),
        "updated_at": text("When the member answered last, in UTC."),
        "schema": read_only(text("What this is.")),
    },
}

MEMBERS = whole_list("members", MEMBER)
