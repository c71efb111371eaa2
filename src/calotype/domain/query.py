"""What a listing asks for, in one shape that every dialect's listing fits into."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calotype.domain.images import MemberStatus, Visibility


class Field(StrEnum):
    """The fields of an image that a condition may name."""

    ID = "id"
    NAME = "name"
    OWNER = "owner"
    VISIBILITY = "visibility"
    STATUS = "status"
    DISK_FORMAT = "disk_format"
    CONTAINER_FORMAT = "container_format"
    SIZE = "size_bytes"
    VIRTUAL_SIZE = "virtual_size_bytes"
    MIN_DISK = "min_disk_gib"
    MIN_RAM = "min_ram_mib"
    CHECKSUM = "checksum"
    OS_HASH_ALGO = "os_hash_algo"
    OS_HASH_VALUE = "os_hash_value"
    PROTECTED = "is_protected"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


class Comparison(StrEnum):
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    NEQ = "neq"


Value = str | int | bool | datetime


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field equals one of the values, to the letter; no values match nothing. A null field equals none."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """The field, where it is not null, stands in this relation to the value. Only for sizes, minima and times."""

    field: Field
    comparison: Comparison
    value: int | datetime


@dataclass(frozen=True, slots=True)
class HasProperty:
    """The custom property has this value, to the letter. Never true of a deleted image."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class HasTag:
    """The image carries at least one of these tags. Never true of a deleted image."""

    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasMember:
    """The project is a member of the image, whatever it answered."""

    project: str


Condition = OneOf | Compare | HasProperty | HasTag | HasMember


class SortKey(StrEnum):
    """What a listing may be ordered by. A null sorts as '' or 0; text by its UTF-8 bytes."""

    NAME = "name"
    STATUS = "status"
    CONTAINER_FORMAT = "container_format"
    DISK_FORMAT = "disk_format"
    SIZE = "size"
    ID = "id"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True)
class Sort:
    key: SortKey
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageQuery:
    """One page of a listing.

    *conditions* all hold. *visibilities* None is the usual view (others' community images left out); a set keeps only
    images of these visibilities, and with COMMUNITY in it others' community images are looked at too.
    *everything* lifts the caller's scope for an admin and is ignored for others.
    *member_statuses* None: an image shared with the caller counts whatever the caller answered.
    *hidden* None: hidden or not. *with_gone*: killed and deleted images too (a listing of changes).
    *sort*: keys in order; ties go by created_at, then id, in the first key's direction.
    *marker*: the page begins after this image, whether or not it matches. A deleted one is accepted when *with_gone* is
    set, and from an admin when *admin_marker_may_be_deleted* is.
    *limit*: images at most; 0 is an empty page.
    """

    conditions: tuple[Condition, ...] = ()
    visibilities: frozenset[Visibility] | None = None
    everything: bool = False
    member_statuses: frozenset[MemberStatus] | None = None
    hidden: bool | None = None
    with_gone: bool = False
    sort: tuple[Sort, ...] = (Sort(SortKey.CREATED_AT),)
    marker: str | None = None
    admin_marker_may_be_deleted: bool = False
    limit: int = 25
