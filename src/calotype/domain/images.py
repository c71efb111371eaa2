"""An image and its parts: status, visibility, members, where its data are."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from calotype.domain.errors import Conflict


class Visibility(StrEnum):
    """Who may see an image: everybody, everybody who knows the id, its members, its owner."""

    PUBLIC = "public"
    COMMUNITY = "community"
    SHARED = "shared"
    PRIVATE = "private"


class Status(StrEnum):
    """Where an image is in its life. Source: docs/api/v1.md, "Status"."""

    QUEUED = "queued"
    SAVING = "saving"
    UPLOADING = "uploading"
    IMPORTING = "importing"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    KILLED = "killed"
    PENDING_DELETE = "pending_delete"
    DELETED = "deleted"


#: The only legal moves between states; everything else is a Conflict.
MOVES: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset(
        {Status.SAVING, Status.UPLOADING, Status.IMPORTING, Status.ACTIVE, Status.KILLED, Status.DELETED}
    ),
    Status.SAVING: frozenset({Status.ACTIVE, Status.QUEUED, Status.KILLED, Status.DELETED}),
    Status.UPLOADING: frozenset({Status.IMPORTING, Status.QUEUED, Status.DELETED}),
    Status.IMPORTING: frozenset({Status.ACTIVE, Status.QUEUED, Status.DELETED}),
    Status.ACTIVE: frozenset({Status.DEACTIVATED, Status.PENDING_DELETE, Status.DELETED}),
    Status.DEACTIVATED: frozenset({Status.ACTIVE, Status.PENDING_DELETE, Status.DELETED}),
    Status.KILLED: frozenset({Status.DELETED}),
    Status.PENDING_DELETE: frozenset({Status.DELETED, Status.ACTIVE}),
    Status.DELETED: frozenset(),
}


def check_move(image_id: str, status: Status, to: Status) -> None:
    """Raises Conflict, naming the state the image is in, if none leads from there to the other."""
    if to not in MOVES[status]:
        raise Conflict(f"Image {image_id} is {status} and cannot become {to}.")


#: States in which an image counts as deleted, whatever its caller asks.
GONE = frozenset({Status.PENDING_DELETE, Status.DELETED})


class MemberStatus(StrEnum):
    """What a member has answered to being given an image."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A project an image is shared with.

    *shared_at*: since when; *updated_at*: when it last answered, or was told whether it may share. None, which is never read
    from the catalogue: since the image was made, and since it was shared.
    """

    project: str
    status: MemberStatus = MemberStatus.PENDING
    can_share: bool = False
    shared_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedImage:
    """An image as one of its members has it."""

    image_id: str
    can_share: bool


@dataclass(frozen=True, slots=True)
class Location:
    """An external URL that holds an image's data; never one of our own keys. *metadata*: plain JSON, as its client gave it."""

    url: str
    store: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Bytes of ours at rest: which store holds them under which key. *is_damaged*: they were found to be others since."""

    store: str
    key: str
    size_bytes: int
    is_damaged: bool = False


@dataclass(slots=True, kw_only=True)
class Image:
    """One image as the catalogue holds it. Times are UTC; a deleted image keeps its properties, dialects hide them.

    *stores*: the names of the stores that hold its data, the heaviest first; () where nobody asked, or may know.
    *places*: all locations of its data as callers are told them; None where nobody is told. *direct_url*: likewise the first.
    Change one by `dataclasses.replace`. It is not frozen only because that costs a page of 25 a tenth of its time.
    """

    id: str
    name: str | None = None
    owner: str | None = None
    visibility: Visibility = Visibility.SHARED
    status: Status = Status.QUEUED
    disk_format: str | None = None
    container_format: str | None = None
    size_bytes: int | None = None
    virtual_size_bytes: int | None = None
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    checksum: str | None = None
    os_hash_algo: str | None = None
    os_hash_value: str | None = None
    is_protected: bool = False
    is_hidden: bool = False
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    properties: dict[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()
    version: int = 1
    member_count: int = 0
    stores: tuple[str, ...] = ()
    places: tuple[Location, ...] | None = None
    direct_url: str | None = None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None
