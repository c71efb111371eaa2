"""What changes about an image, as the audit log tells it: in the words of v2, and nothing that its owner may mean to be private."""

from collections.abc import Sequence

from calotype.domain.audit import Changed, Said
from calotype.domain.images import Image, Status
from calotype.service import audit

#: Fields that are told with what they were and are.
_WORDS = {
    "name": "name",
    "owner": "owner",
    "visibility": "visibility",
    "status": "status",
    "disk_format": "disk_format",
    "container_format": "container_format",
    "size_bytes": "size",
    "checksum": "checksum",
    "min_disk_gib": "min_disk",
    "min_ram_mib": "min_ram",
    "is_protected": "protected",
    "is_hidden": "os_hidden",
}

#: What a new image has where nothing is said of it.
_ABSENT = (None, 0, False)


def tell_new(image: Image) -> None:
    """*image* is made by the use case that is under way."""
    said: dict[str, Said] = {}
    for name, word in _WORDS.items():
        value = getattr(image, name)
        if value not in _ABSENT:
            said[word] = (None, value)
    if image.tags:
        said["tags"] = ((), image.tags)
    said.update({f"properties.{name}": None for name in image.properties})
    audit.tell(image.id, owner=image.owner, changed=said)


def tell_change(image: Image, was: Image, dropped: Sequence[str] = ()) -> None:
    """It becomes *image*, whose copies in the stores *dropped* go. A new owner's project is the owner."""
    stores: Changed = {"stores": (tuple(dropped), ())} if dropped else {}
    audit.tell(image.id, owner=image.owner, changed={**differences(image, was), **stores})


def of_upload(image: Image) -> Changed:
    """What an upload settles about *image*, which has its data now."""
    return {
        "status": (Status.SAVING, image.status),
        "size": (None, image.size_bytes),
        "checksum": (None, image.checksum),
    }


def tell(image: Image, changed: Changed | None = None) -> None:
    """It is something that is done to *image*."""
    audit.tell(image.id, owner=image.owner, changed=changed)


def differences(image: Image, was: Image) -> Changed:
    """Properties and locations by their names alone: values of the one may be private, the other may be links that open."""
    said: dict[str, Said] = {}
    for name, word in _WORDS.items():
        before, after = getattr(was, name), getattr(image, name)
        if before != after:
            said[word] = (before, after)
    if set(was.tags) != set(image.tags):
        said["tags"] = (_without(was.tags, image.tags), _without(image.tags, was.tags))
    if was.locations != image.locations:
        said["locations"] = None
    names = dict.fromkeys([*was.properties, *image.properties])
    absent = object()
    for name in names:
        if was.properties.get(name, absent) != image.properties.get(name, absent):
            said[f"properties.{name}"] = None
    return said


def _without(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in these if one not in those)
