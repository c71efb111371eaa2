"""The store of a bucket, or of what lies below a prefix in it, which belongs to Calotype alone."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any

from calotype.blobs.s3 import client, errors
from calotype.blobs.s3.blob import S3Blob
from calotype.blobs.s3.parts import part_bytes
from calotype.blobs.s3.place import SENDERS, Place
from calotype.blobs.s3.writer import S3Writer, abort
from calotype.blobs.stores import Blob, BlobStore, BlobWriter, Traits, is_key, require_key
from calotype.domain.errors import BlobNotFound


class S3Store(BlobStore):
    """Nothing is connected to before it is used; clients and threads are of the process that uses them."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = Lock()
        self._process = 0
        self._clients: dict[bool, Any] = {}
        self._threads: ThreadPoolExecutor | None = None

    @property
    def traits(self) -> Traits:
        return Traits(begins_at_bytes=part_bytes(1, self._place.part_mib) + 1, keeps_what_is_open=False)

    def writer(self, key: str) -> BlobWriter:
        require_key(key)
        with errors.translated(self._place):
            return S3Writer(self._place, self._client(), key, self._senders())

    def open(self, key: str) -> Blob:
        if not is_key(key):
            raise BlobNotFound(key)
        name = self._place.before_keys + key
        with errors.translated(self._place):
            ours = self._client()
            try:
                found = ours.head_object(Bucket=self._place.bucket, Key=name)
            except errors.FOREIGN as error:
                if not errors.says_gone(error):
                    raise
                # Without a bucket the answer is the same, and an image's data must not be taken for lost.
                ours.list_objects_v2(Bucket=self._place.bucket, Prefix=name, MaxKeys=1)
                raise BlobNotFound(key) from error
            return S3Blob(self._place, ours, name, found["ContentLength"], found["ETag"])

    def delete(self, key: str) -> None:
        require_key(key)
        name = self._place.before_keys + key
        with errors.translated(self._place):
            ours = self._client()
            # First what is under way, so that none is completed after the object was removed.
            for upload in self._uploads(name):
                if upload["Key"] == name:
                    abort(self._place, ours, name, upload["UploadId"])
            ours.delete_object(Bucket=self._place.bucket, Key=name)

    def keys(self, *, unchanged_for_s: float = 0.0) -> Iterator[str]:
        """Unfinished ones first, so that one which is finished meanwhile is not named twice."""
        unfinished: dict[str, bool] = {}
        for upload in self._uploads(self._place.before_keys):
            key = self._key_of(upload["Key"])
            if key is not None:
                is_old = not unchanged_for_s or self._is_old(upload, unchanged_for_s)
                unfinished[key] = is_old and unfinished.get(key, True)
        yield from (key for key, is_old in unfinished.items() if is_old)
        for page in self._pages("list_objects_v2", Prefix=self._place.before_keys, Delimiter="/"):
            latest = _now(page) - timedelta(seconds=unchanged_for_s)
            for entry in page.get("Contents", ()):
                key = self._key_of(entry["Key"])
                if key is None or key in unfinished or (unchanged_for_s and entry["LastModified"] > latest):
                    continue
                yield key

    def check(self) -> None:
        with errors.translated(self._place):
            self.ask()

    def ask(self) -> None:
        """Ask for one key at most, and do not wait long. Raises whatever the client raises."""
        asking = self._client(is_for_checks=True)
        asking.list_objects_v2(Bucket=self._place.bucket, Prefix=self._place.before_keys, MaxKeys=1)

    def _key_of(self, name: str) -> str | None:
        """The key whose object has this *name*; None for what is none of ours."""
        key = name.removeprefix(self._place.before_keys)
        return key if name.startswith(self._place.before_keys) and is_key(key) else None

    def _uploads(self, prefix: str) -> Iterator[dict[str, Any]]:
        if self._place.lists_uploads:
            for page in self._pages("list_multipart_uploads", Prefix=prefix):
                yield from page.get("Uploads", ())

    def _is_old(self, upload: dict[str, Any], unchanged_for_s: float) -> bool:
        """True if no part of *upload* came lately. It is asked for its parts only if it was begun long ago."""
        last = upload["Initiated"]
        if last > datetime.now(UTC) - timedelta(seconds=unchanged_for_s):
            return False
        try:
            for page in self._pages("list_parts", Key=upload["Key"], UploadId=upload["UploadId"]):
                last = max([last, *(part["LastModified"] for part in page.get("Parts", ()))])
                latest = _now(page) - timedelta(seconds=unchanged_for_s)
                if last > latest:
                    return False
        except BlobNotFound:
            return False
        return True

    def _pages(self, operation: str, **wanted: Any) -> Iterator[dict[str, Any]]:
        """Raises BlobNotFound for an upload that is gone, Broken."""
        with errors.translated(self._place):
            pages = iter(self._client().get_paginator(operation).paginate(Bucket=self._place.bucket, **wanted))
        while True:
            with errors.translated(self._place, wanted.get("Key")):
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _client(self, *, is_for_checks: bool = False) -> Any:
        with self._lock:
            self._begin_anew_after_fork()
            made = self._clients.get(is_for_checks)
            if made is None:
                made = self._clients[is_for_checks] = client.make(self._place, is_for_checks=is_for_checks)
            return made

    def _senders(self) -> ThreadPoolExecutor:
        with self._lock:
            self._begin_anew_after_fork()
            if self._threads is None:
                self._threads = ThreadPoolExecutor(SENDERS, "parts")
            return self._threads

    def _begin_anew_after_fork(self) -> None:
        if self._process != os.getpid():
            self._process, self._clients, self._threads = os.getpid(), {}, None


def _now(page: dict[str, Any]) -> datetime:
    """The time by the clock of the server that gave *page*."""
    date = page["ResponseMetadata"]["HTTPHeaders"].get("date")
    return datetime.now(UTC) if date is None else parsedate_to_datetime(date)
