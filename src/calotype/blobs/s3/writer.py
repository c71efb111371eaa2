"""A blob on its way into S3: one PUT for small data, else a multipart upload whose parts are sent while the next one fills.

Held are what came of the part that fills and the one that is being sent: 16 MiB in all up to 7.8 GiB, 320 at most.
"""

import base64
import hashlib
import re
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from calotype.blobs.s3 import errors
from calotype.blobs.s3.parts import part_bytes
from calotype.blobs.s3.place import Place
from calotype.blobs.stores import BlobWriter
from calotype.domain.errors import BlobNotFound, Broken

_MD5 = re.compile(r"[0-9a-f]{32}")
_MD5_OF_PARTS = re.compile(r"[0-9a-f]{32}-[0-9]+")


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    etag: str
    md5: bytes


class S3Writer(BlobWriter):
    """*threads* send parts, one of this writer at a time."""

    def __init__(self, place: Place, client: Any, key: str, threads: Executor) -> None:
        self._place = place
        self._client = client
        self._key = key
        self._threads = threads
        self._object = {"Bucket": place.bucket, "Key": place.before_keys + key}
        self._filling = bytearray()
        self._size = 0
        self._upload_id: str | None = None
        self._sending: Future[_Part] | None = None
        self._parts: list[_Part] = []
        self._is_spent = False
        self._is_deleted = False

    def write(self, step: bytes) -> None:
        """A deletion is for `commit` to tell, as it is with files: until then the steps of a blob that is gone are let go."""
        self._check_open()
        try:
            self._append(step)
        except BlobNotFound:
            self._is_deleted = True
            self._filling = bytearray()
        self._size += len(step)

    def _append(self, step: bytes) -> None:
        if self._is_deleted:
            return
        rest = memoryview(step)
        while rest:
            room = part_bytes(self._next_number, self._place.part_mib) - len(self._filling)
            if room == 0:
                # Only now is it certain that there is more than one part, or that this one is not the last.
                self._send()
                continue
            self._filling += rest[:room]
            rest = rest[room:]

    def commit(self) -> int:
        self._check_open()
        self._is_spent = True
        try:
            if self._is_deleted:
                raise BlobNotFound(self._key)
            if self._upload_id is None:
                self._put()
            else:
                self._complete(self._upload_id)
        except BaseException:
            with suppress(Broken):
                self._remove()
            raise
        finally:
            self._filling = bytearray()
        return self._size

    def cancel(self) -> None:
        if self._is_spent:
            return
        self._is_spent = True
        self._filling = bytearray()
        self._remove()

    def _check_open(self) -> None:
        if self._is_spent:
            raise ValueError("the writer is spent")

    @property
    def _next_number(self) -> int:
        return len(self._parts) + (self._sending is not None) + 1

    def _send(self) -> None:
        """Hand the full part to the thread that sends, once the one before has arrived: so the client waits for S3."""
        with errors.translated(self._place, self._key):
            if self._upload_id is None:
                self._upload_id = self._client.create_multipart_upload(**self._object)["UploadId"]
            number = self._next_number
            self._arrive()
            full, self._filling = self._filling, bytearray()
            self._sending = self._threads.submit(self._upload_part, self._upload_id, number, full)

    def _arrive(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            self._parts.append(sending.result())

    def _upload_part(self, upload_id: str, number: int, data: bytearray) -> _Part:
        md5 = _md5(data)
        answer = self._client.upload_part(
            **self._object, UploadId=upload_id, PartNumber=number, Body=data, **self._proof(md5)
        )
        self._compare(answer, md5)
        return _Part(number, answer["ETag"], md5)

    def _put(self) -> None:
        md5 = _md5(self._filling)
        with errors.translated(self._place):
            answer = self._client.put_object(**self._object, Body=self._filling, **self._proof(md5))
        if not self._compare(answer, md5):
            self._look_at_it(None)

    def _complete(self, upload_id: str) -> None:
        if self._filling:
            self._send()
        with errors.translated(self._place, self._key):
            self._arrive()
        listed = [{"PartNumber": part.number, "ETag": part.etag} for part in self._parts]
        try:
            self._client.complete_multipart_upload(
                **self._object, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
        except errors.FOREIGN as error:
            # Its answer may have been lost, and then the upload is known no more to a second attempt: the object tells.
            self._look_at_it(error)
        else:
            self._look_at_it(None)
        self._upload_id = None

    def _look_at_it(self, failure: BaseException | None) -> None:
        """Have the store say what it holds. *failure*: why that is in doubt; raised as ours if there is no such object.

        Raises Broken for an object that is not what was sent.
        """
        try:
            found = self._client.head_object(**self._object)
        except errors.FOREIGN as error:
            cause = error if failure is None else failure
            if errors.says_gone(error) and (failure is None or errors.says_gone(failure)):
                raise BlobNotFound(self._key) from cause
            raise errors.broken(self._place, cause) from cause
        md5s = b"".join(part.md5 for part in self._parts)
        expected = f"{_md5(md5s).hex()}-{len(self._parts)}" if self._parts else ""
        etag = found["ETag"].strip('"').lower()
        is_comparable = expected and _MD5_OF_PARTS.fullmatch(etag) and self._has_md5_etags(found)
        if found["ContentLength"] != self._size or (is_comparable and etag != expected):
            raise Broken("The store holds other data than were sent to it.")

    def _compare(self, answer: dict[str, Any], md5: bytes) -> bool:
        """True if the server's ETag proves that all arrived, False if it proves nothing. Raises Broken."""
        etag = answer["ETag"].strip('"').lower()
        if not _MD5.fullmatch(etag) or not self._has_md5_etags(answer):
            return False
        if etag != md5.hex():
            raise Broken("The store holds other data than were sent to it.")
        return True

    def _has_md5_etags(self, answer: dict[str, Any]) -> bool:
        """False where an ETag is something else: data that are encrypted by keys of a service have others."""
        return self._place.etags == "md5" and answer.get("ServerSideEncryption", "AES256") == "AES256"

    def _proof(self, md5: bytes) -> dict[str, str]:
        return {"ContentMD5": base64.b64encode(md5).decode()} if self._place.sends_md5 else {}

    def _remove(self) -> None:
        """Abort the upload and remove the object, once nothing is under way any more. Raises Broken."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.cancel()
            # Whether it arrived does not matter any more.
            with suppress(*errors.FOREIGN, Broken):
                if not sending.cancelled():
                    sending.result()
        if self._upload_id is not None:
            abort(self._place, self._client, self._object["Key"], self._upload_id)
        if self._upload_id is not None or self._parts or self._size:
            with errors.translated(self._place):
                self._client.delete_object(**self._object)


def abort(place: Place, client: Any, name: str, upload_id: str) -> None:
    """End an upload, its parts with it; one that is gone is fine. Raises Broken."""
    with errors.translated(place):
        try:
            client.abort_multipart_upload(Bucket=place.bucket, Key=name, UploadId=upload_id)
        except errors.FOREIGN as error:
            if not errors.says_gone(error):
                raise


def _md5(data: bytes | bytearray) -> bytes:
    # Not for security: it is compared with what the server says it got.
    return hashlib.md5(data, usedforsecurity=False).digest()
