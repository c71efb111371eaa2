"""Uploads that nobody has renewed in time: whoever ran them is taken for dead."""

import logging
from collections.abc import Iterator

from calotype.catalogue import images, uploads
from calotype.catalogue.uploads import LapsedUpload
from calotype.domain.errors import Broken
from calotype.service.housekeeping.chores import Chore, Task
from calotype.service.housekeeping.house import House
from calotype.service.upload import fail

log = logging.getLogger(__name__)


def end(house: House) -> Iterator[Chore]:
    """Ends uploads whose lease ran out: the image becomes what the upload said, the bytes go. A transaction each.

    A saving image without an upload is left alone: it was loaded like that, and nobody knows what it waits for.
    """
    with house.catalogue.reading() as connection:
        all_lapsed = uploads.select_lapsed(connection)
    for lapsed in all_lapsed:
        if house.is_dry or _end_one(house, lapsed):
            yield Chore(Task.END_UPLOAD, f"image {lapsed.image_id} becomes {lapsed.on_failure}")


def _end_one(house: House, lapsed: LapsedUpload) -> bool:
    """False if somebody else ended it, or its sleeper woke up and renewed it.

    The bytes go last: until the row is gone the sleeper could still make them an active image's data. Should we die
    in between, they are an orphan.
    """
    with house.changing() as connection:
        image = images.get(connection, lapsed.image_id, for_update=True)
        if uploads.hold_lapsed(connection, lapsed.id) is None:
            return False
        fail(connection, lapsed, image, house.clock())
    log.info("Upload %s was lost; image %s is %s", lapsed.id, lapsed.image_id, lapsed.on_failure)
    try:
        house.stores.delete(lapsed.store, lapsed.blob_key)
    except Broken as error:
        log.warning("Blob %s could not be removed and is left for a day: %s", lapsed.blob_key, error)
    return True
