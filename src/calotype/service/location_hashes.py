"""Digests of data at URLs, taken by threads beside the calls: an image waits for one, or gets it when it is there.

Source: docs/design/0010-locations.md, "Hashes".
"""

import hashlib
import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from calotype.blobs import digests
from calotype.catalogue import images, uploads
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.uploads import UploadRow
from calotype.domain.errors import BadData, Broken, CalotypeError, Throttled
from calotype.domain.images import Image, Status
from calotype.domain.locations import Hash
from calotype.service.audit import Draft
from calotype.service.images import Clock
from calotype.service.location_options import LocationOptions
from calotype.service.upload import LEASE_S, fail

if TYPE_CHECKING:  # at run time it loads what a service without URLs has no use for
    from calotype.service.origins import OriginBlob, Origins

log = logging.getLogger(__name__)

_STEP_BYTES = 1 << 20

#: Before the first try again, and twice as long before each that follows: an origin that starts anew takes seconds.
FIRST_PAUSE_S = 1.0

#: Between two looks at whether a digest is wanted still.
LOOK_EVERY_S = 2.0

#: Between two renewals of a lease, which is LEASE_S long.
RENEW_EVERY_S = 30.0

#: That the end of the process waits for each thread; one that still looks up a name or connects is left to its lease.
_END_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The *size_bytes* at *url* are to be read for the image. *row*: of an image that is importing until they were.

    *said*: what they are to be; None where they are to be told. *draft*: of the audit log's event of its end.
    """

    image_id: str
    url: str
    size_bytes: int
    row: UploadRow | None = None
    said: Hash | None = None
    draft: Draft | None = None

    def is_wanted(self, image: Image | None) -> bool:
        """True as long as the image, as it is now, waits for this."""
        if image is None or image.is_deleted or self.url not in [location.url for location in image.locations]:
            return False
        return image.os_hash_value is None and (self.row is None or image.status is Status.IMPORTING)


class LocationHashes:
    """All of them together are bounded, and each tries to read again, as *options* say."""

    def __init__(self, catalogue: Catalogue, origins: "Origins", clock: Clock, options: LocationOptions) -> None:
        self._catalogue = catalogue
        self._origins = origins
        self._clock = clock
        self._retries = options.http_retries
        self._turns = threading.BoundedSemaphore(options.location_hashes_max)
        self._has_ended = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._blobs: set[OriginBlob] = set()

    def reserve(self) -> None:
        """Keep a place for one task: `start` or `release` is to follow. Raises Throttled."""
        if not self._turns.acquire(blocking=False):
            raise Throttled("Too many locations are being read at once; try again.", retry_after_s=5)

    def release(self) -> None:
        """There is nothing to do after all."""
        self._turns.release()

    def start(self, task: Task) -> None:
        """Do *task* on a thread of its own."""
        thread = threading.Thread(target=self._run, args=(task,), name="location-hash", daemon=True)
        self._threads.add(thread)
        thread.start()

    def close(self) -> None:
        """End all of it: what was importing is as its row says."""
        self._has_ended.set()
        for blob in list(self._blobs):
            blob.cut()
        for thread in list(self._threads):
            thread.join(_END_S)

    def _run(self, task: Task) -> None:
        try:
            found = self._hash(task)
            is_kept = self._note(task, found)
            if task.draft is not None and is_kept:
                task.draft.done()
            elif task.draft is not None and is_kept is False:
                task.draft.undone(None if found is None else BadData("location", "***", "the data are others"))
        except CalotypeError as error:
            log.warning("Image %s is left to its lease, if it has one: %s", task.image_id, error)
        finally:
            self._threads.discard(threading.current_thread())
            self._turns.release()

    def _hash(self, task: Task) -> Hash | None:
        """What the data are; None if they cannot be read, or nobody waits for them any more."""
        watch = _Watch(self._catalogue, task)
        algorithm = digests.OS_HASH if task.said is None else task.said.algorithm
        for pause_s in [FIRST_PAUSE_S * 2**number for number in range(self._retries)] + [0.0]:
            try:
                return self._read(task, algorithm, watch)
            except Broken as error:
                log.info("The data of image %s could not be read: %s", task.image_id, error)
                if self._has_ended.wait(pause_s) or not watch.goes_on():
                    break
        return None

    def _read(self, task: Task, algorithm: str, watch: "_Watch") -> Hash | None:
        value, checksum = (hashlib.new(name, usedforsecurity=False) for name in (algorithm, digests.CHECKSUM))
        blob = self._origins.open_in_background(task.url, task.size_bytes)
        self._blobs.add(blob)
        try:
            for first in range(0, task.size_bytes, _STEP_BYTES):
                step = blob.read(first, min(_STEP_BYTES, task.size_bytes - first))
                value.update(step)
                checksum.update(step)
                if self._has_ended.is_set() or not watch.goes_on():
                    return None
        finally:
            self._blobs.discard(blob)
            blob.close()
        return Hash(algorithm=algorithm, value=value.hexdigest(), checksum=checksum.hexdigest())

    def _note(self, task: Task, found: Hash | None) -> bool | None:
        """True if the image has its digest now, False if it cannot have it, None if nobody waits for it any more."""
        with self._catalogue.writing() as connection:
            image = images.get(connection, task.image_id, for_update=True)
            if image is None or not task.is_wanted(image):
                return None
            if task.draft is not None:
                task.draft.tell(image.id, owner=image.owner, changed={"os_hash_value": None, "checksum": None})
            if task.row is None:
                images.write(connection, replace(_with_hash(image, found), updated_at=self._clock()))
                return found is not None
            log.info("The data of image %s are %s", image.id, "as said" if _is(found, task.said) else "not as said")
            if found is None or not _is(found, task.said):
                fail(connection, task.row, image, self._clock())
                return False
            images.mark_active(
                connection,
                image.id,
                task.row.id,
                size_bytes=task.size_bytes,
                virtual_size_bytes=None,
                checksum=found.checksum,
                os_hash_algo=found.algorithm,
                os_hash_value=found.value,
                now=self._clock(),
            )
            uploads.delete_upload(connection, task.row.id)
            return True


def _is(found: Hash | None, said: Hash | None) -> bool:
    return found is not None and said is not None and (found.algorithm, found.value) == (said.algorithm, said.value)


def _with_hash(image: Image, found: Hash | None) -> Image:
    """Without one the image says no more that there is an algorithm for it."""
    if found is None:
        return replace(image, os_hash_algo=None)
    return replace(image, os_hash_algo=found.algorithm, os_hash_value=found.value, checksum=found.checksum)


class _Watch:
    """Looks from time to time whether a task is wanted, and keeps its row alive."""

    def __init__(self, catalogue: Catalogue, task: Task) -> None:
        self._catalogue = catalogue
        self._task = task
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._renew_at = time.monotonic() + RENEW_EVERY_S

    def goes_on(self) -> bool:
        """False if it is wanted no more. A catalogue that does not answer is asked again."""
        now = time.monotonic()
        if now < self._look_at:
            return True
        self._look_at = now + LOOK_EVERY_S
        try:
            if self._task.row is not None and now >= self._renew_at:
                self._renew_at = now + RENEW_EVERY_S
                with self._catalogue.writing() as connection:
                    return uploads.keep(connection, self._task.row.id, bytes_done=0, lease_s=LEASE_S)
            with self._catalogue.reading() as connection:
                return self._task.is_wanted(images.get(connection, self._task.image_id))
        except Broken as error:
            log.warning("Whether image %s waits for its digest could not be seen: %s", self._task.image_id, error)
            return True
