"""Custom properties that have a meaning beyond us, and so rules of their own.

Source: openstack/glance:etc/schema-image.json.
"""

from calotype.faces.v2.schemas.shapes import UUID, Schema, text, text_or_null


def _custom(schema: Schema) -> Schema:
    """*schema*, marked as one that clients count among the custom properties."""
    return {**schema, "is_base": False}


CUSTOM: dict[str, Schema] = {
    "kernel_id": _custom(text_or_null("The image of the kernel to start this one with.", pattern=UUID)),
    "ramdisk_id": _custom(text_or_null("The image of the ramdisk to start this one with.", pattern=UUID)),
    "instance_uuid": _custom(text("The machine this image was taken of.")),
    "architecture": _custom(text("The processors it runs on, as nova names them.")),
    "os_distro": _custom(text("The distribution, in lower case.")),
    "os_version": _custom(text("The version of the distribution, as its makers write it.")),
    "description": _custom(text("What people should know about the image.")),
    "cinder_encryption_key_id": _custom(text("The key, in the key manager, that a volume's data are encrypted with.")),
    "cinder_encryption_key_deletion_policy": _custom(
        text("What becomes of that key with the image.", enum=["on_image_deletion", "do_not_delete"])
    ),
}
