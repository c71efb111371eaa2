"""One line of a catalogue file, read and written: pure functions between a line's bytes and an image with its members and blobs.

The format is docs/operate/catalogue-files.md. Unknown keys, wrong types and contradictions are refused, never guessed at.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from calotype.domain.errors import CalotypeError
from calotype.domain.images import GONE, Image, Location, Member, MemberStatus, Status, StoredBlob, Visibility
from calotype.domain.texts import MOST_PROPERTY_VALUE_BYTES, is_storable


class BadRecord(CalotypeError):
    """A line that is not a record: *key* says where ('' for the line as a whole), *reason* why."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason)
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Entry:
    """An image as a line gives it, with what belongs to it."""

    image: Image
    members: tuple[Member, ...] = ()
    blobs: tuple[StoredBlob, ...] = ()


_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_Short = Annotated[str, msgspec.Meta(max_length=255)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _Shape(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An object of a line; the order of fields is the order in which they are written."""


class _Member(_Shape):
    member: _Name
    status: MemberStatus = MemberStatus.PENDING
    can_share: bool = False
    shared_at: str | UnsetType = UNSET
    updated_at: str | UnsetType = UNSET


class _Blob(_Shape):
    store: _Name
    key: _Name
    size: _Count


class _Location(_Shape):
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=65_535)]
    store: _Name | None = None
    metadata: dict[str, Any] = {}


class _Record(_Shape):
    id: str | UnsetType = UNSET
    name: _Short | None = None
    owner: _Short | None = None
    visibility: Visibility = Visibility.SHARED
    status: Status | UnsetType = UNSET
    disk_format: _Short | None = None
    container_format: _Short | None = None
    size: _Count | None = None
    virtual_size: _Count | None = None
    min_disk: _Count = 0
    min_ram: _Count = 0
    checksum: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    os_hash_algo: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    os_hash_value: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    protected: bool = False
    os_hidden: bool = False
    created_at: str | UnsetType = UNSET
    updated_at: str | UnsetType = UNSET
    deleted_at: str | None = None
    properties: dict[_Short, str | None] = {}
    tags: list[_Short] = []
    members: list[_Member] = []
    blobs: list[_Blob] = []
    locations: list[_Location] = []


_decoder = msgspec.json.Decoder(_Record)
_encoder = msgspec.json.Encoder()


def read_entry(line: bytes, now: datetime) -> Entry:
    """What *line* says; *now* stands in for a missing creation time. Raises BadRecord."""
    record = _decode(line)
    created_at = _read_time("created_at", record.created_at, now)
    deleted_at = None if record.deleted_at is None else _read_time("deleted_at", record.deleted_at, now)
    image = Image(
        id=_read_id(record.id),
        name=record.name,
        owner=record.owner,
        visibility=record.visibility,
        status=_read_status(record.status, deleted_at),
        disk_format=record.disk_format,
        container_format=record.container_format,
        size_bytes=record.size,
        virtual_size_bytes=record.virtual_size,
        min_disk_gib=record.min_disk,
        min_ram_mib=record.min_ram,
        checksum=record.checksum,
        os_hash_algo=record.os_hash_algo,
        os_hash_value=record.os_hash_value,
        is_protected=record.protected,
        is_hidden=record.os_hidden,
        created_at=created_at,
        updated_at=_read_time("updated_at", record.updated_at, created_at),
        deleted_at=deleted_at,
        properties=_read_properties(record.properties, len(line)),
        tags=_all_different("tags", record.tags),
        locations=tuple(Location(one.url, one.store, one.metadata) for one in record.locations),
        member_count=len(record.members),
    )
    return Entry(image, _read_members(record.members, created_at), _read_blobs(record.blobs))


def write_entry(entry: Entry) -> bytes:
    """*entry* as one line with every key, line feed included; `read_entry` of it gives *entry* again."""
    image = entry.image
    record = _Record(
        id=image.id,
        name=image.name,
        owner=image.owner,
        visibility=image.visibility,
        status=image.status,
        disk_format=image.disk_format,
        container_format=image.container_format,
        size=image.size_bytes,
        virtual_size=image.virtual_size_bytes,
        min_disk=image.min_disk_gib,
        min_ram=image.min_ram_mib,
        checksum=image.checksum,
        os_hash_algo=image.os_hash_algo,
        os_hash_value=image.os_hash_value,
        protected=image.is_protected,
        os_hidden=image.is_hidden,
        created_at=_write_time(image.created_at),
        updated_at=_write_time(image.updated_at),
        deleted_at=None if image.deleted_at is None else _write_time(image.deleted_at),
        properties=image.properties,
        tags=list(image.tags),
        members=[_write_member(one, image.created_at) for one in entry.members],
        blobs=[_Blob(store=one.store, key=one.key, size=one.size_bytes) for one in entry.blobs],
        locations=[_Location(url=one.url, store=one.store, metadata=one.metadata) for one in image.locations],
    )
    return _encoder.encode(record) + b"\n"


_AT_KEY = re.compile(r"^(.*) - at (?:`key` in )?`\$\.?(.*)`$", re.DOTALL)
_UNKNOWN_KEY = re.compile(r"^Object contains unknown field `(.*)`$", re.DOTALL)


def _decode(line: bytes) -> _Record:
    try:
        record = _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise _with_key(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord("", f"no JSON object in UTF-8 ({error})") from error
    # A NUL can only come as this escape; a backslash that is itself escaped may look like one, hence the second look.
    if b"\\u0000" in line:
        _refuse_nul(record)
    return record


def _with_key(reason: str) -> BadRecord:
    """The decoder's sentence, taken apart into the key and the reason."""
    key = ""
    if at := _AT_KEY.match(reason):
        reason, key = at[1], at[2]
    if unknown := _UNKNOWN_KEY.match(reason):
        return BadRecord(f"{key}.{unknown[1]}" if key else unknown[1], "unknown key")
    return BadRecord(key, reason)


def _refuse_nul(record: _Record) -> None:
    for key, value in msgspec.to_builtins(record).items():
        if not all(is_storable(text) for text in _texts(value)):
            raise BadRecord(key, "holds a NUL character")


def _texts(value: Any) -> list[str]:
    """Every text inside *value*, names of properties included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}")


def _read_id(text: str | UnsetType) -> str:
    if text is UNSET:
        return str(uuid.uuid4())
    if not _UUID.fullmatch(text):
        raise BadRecord("id", "not a UUID")
    return text


def _read_status(status: Status | UnsetType, deleted_at: datetime | None) -> Status:
    if status is UNSET:
        return Status.ACTIVE if deleted_at is None else Status.DELETED
    if (status in GONE) != (deleted_at is not None):
        raise BadRecord(
            "deleted_at", f"belongs to the status deleted or pending_delete, and to no other, not to {status}"
        )
    return status


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)


def _read_time(key: str, text: str | UnsetType, default: datetime) -> datetime:
    if text is UNSET:
        return default
    if not _TIME.fullmatch(text):
        raise BadRecord(key, "not of the form YYYY-MM-DDTHH:MM:SS[.ffffff]Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRecord(key, f"no such time ({error})") from error


def _write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _read_properties(properties: dict[str, str | None], line_bytes: int) -> dict[str, str | None]:
    # No text is longer than what spells it in JSON, so the lines of nearly all files need no look at each value.
    if line_bytes > MOST_PROPERTY_VALUE_BYTES:
        for name, value in properties.items():
            if value and len(value.encode()) > MOST_PROPERTY_VALUE_BYTES:
                raise BadRecord(f"properties.{name}", f"longer than {MOST_PROPERTY_VALUE_BYTES} bytes")
    return properties


_T = TypeVar("_T")


def _all_different(key: str, items: list[_T]) -> tuple[_T, ...]:
    if len(items) > 1 and len(set(items)) < len(items):
        raise BadRecord(key, "names one twice")
    return tuple(items)


def _read_members(members: list[_Member], image_created_at: datetime) -> tuple[Member, ...]:
    if not members:
        return ()
    _all_different("members", [one.member for one in members])
    return tuple(_read_member(f"members[{number}]", one, image_created_at) for number, one in enumerate(members))


def _read_member(key: str, one: _Member, image_created_at: datetime) -> Member:
    shared_at = _read_time(f"{key}.shared_at", one.shared_at, image_created_at)
    return Member(
        project=one.member,
        status=one.status,
        can_share=one.can_share,
        shared_at=shared_at,
        updated_at=_read_time(f"{key}.updated_at", one.updated_at, shared_at),
    )


def _write_member(one: Member, image_created_at: datetime) -> _Member:
    shared_at = one.shared_at or image_created_at
    return _Member(
        member=one.project,
        status=one.status,
        can_share=one.can_share,
        shared_at=_write_time(shared_at),
        updated_at=_write_time(one.updated_at or shared_at),
    )


def _read_blobs(blobs: list[_Blob]) -> tuple[StoredBlob, ...]:
    if not blobs:
        return ()
    _all_different("blobs", [one.key for one in blobs])
    return tuple(StoredBlob(one.store, one.key, one.size) for one in blobs)
