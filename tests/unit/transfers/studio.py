"""The use cases of image data over a real catalogue and a store of local files."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from calotype.blobs.stores import Blob, BlobStore, Stores
from calotype.catalogue import tables
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.images import Image, Status
from calotype.domain.rights import DEFAULT_RULES, Action, Rules
from calotype.service.deletions import Deletions
from calotype.service.downloads import Downloads
from calotype.service.images import Images, NewImage
from calotype.service.options import ServiceOptions
from calotype.service.upload import Declared, Upload
from calotype.service.uploads import Uploads

MEMBER = Caller("u", "mine", frozenset({"member"}))
READER = Caller("u", "mine", frozenset({"reader"}))
STRANGER = Caller("s", "theirs", frozenset({"member"}))
ADMIN = Caller("a", "admins", frozenset({"admin"}))


class Clock:
    """Stands still unless told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Studio:
    """The services, and what a test wants to look at behind them."""

    catalogue: Catalogue
    store: BlobStore
    folder: Path
    threads: ThreadPoolExecutor
    clock: Clock = field(default_factory=Clock)
    options: ServiceOptions = field(default_factory=ServiceOptions)
    rules: Rules = field(default_factory=lambda: Rules(DEFAULT_RULES))

    @property
    def images(self) -> Images:
        return Images(self.catalogue, self.rules, self.options, self.clock)

    @property
    def stores(self) -> Stores:
        return Stores({"local": self.store}, default="local")

    @property
    def uploads(self) -> Uploads:
        return Uploads(
            self.catalogue,
            self.stores,
            self.images,
            self.rules,
            self.options,
            self.clock,
            node="here",
            threads=self.threads,
        )

    @property
    def downloads(self) -> Downloads:
        return Downloads(self.catalogue, self.stores, self.rules)

    @property
    def deletions(self) -> Deletions:
        return Deletions(self.catalogue, self.stores, self.rules, self.clock)

    def refuse(self, action: Action) -> None:
        self.rules = Rules({**DEFAULT_RULES, action: None})

    def limit(self, **options: Any) -> None:
        self.options = replace(self.options, **options)

    def begin(self, new: NewImage | None = None, on_failure: Status = Status.KILLED, **declared: Any) -> Upload:
        """An upload to a raw image of MEMBER's, or to *new*."""
        return self.uploads.begin_new(MEMBER, new or raw_image(), Declared(**declared), on_failure=on_failure)

    def active(self, data: bytes, new: NewImage | None = None) -> Image:
        """An image of MEMBER's that holds *data*."""
        upload = self.begin(new)
        upload.write(data)
        return upload.finish()

    def shown(self, image_id: str) -> Image:
        return self.images.show(ADMIN, image_id)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())

    def rows(self, table: Any) -> list[Any]:
        with self.catalogue.reading() as connection:
            return list(connection.execute(select(table)))

    def is_clean(self) -> bool:
        """True if nothing is left of any upload: no row, no bytes."""
        return not (self.rows(tables.uploads) or self.rows(tables.blobs) or self.files())


def raw_image(**telling: Any) -> NewImage:
    return NewImage(**{"name": "debian", "owner": "mine", "disk_format": "raw", "container_format": "bare", **telling})


def everything(blob: Blob) -> bytes:
    try:
        return blob.read(0, blob.size)
    finally:
        blob.close()
