"""Edits of the places where an image's data are: one added, one removed, all put in another order or told of otherwise.

Our own copies come first and keep their order; a place that is added before them stands behind them all the same.
Source: docs/api/v2.md, "Locations".
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from calotype.domain import locations
from calotype.domain.edits import Draft
from calotype.domain.errors import Conflict, Invalid, Overtaken, Refused
from calotype.domain.images import Location, Status
from calotype.domain.locations import HTTP_STORE, OWN_SCHEME, Hash

#: The algorithm of hashes that are believed; those that are checked may be by others.
BELIEVED = "sha512"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A place as a client names it. *said*: what its data are, its texts not looked at yet."""

    url: str
    metadata: dict[str, Any] = field(default_factory=dict)
    said: Hash | None = None


@dataclass(frozen=True, slots=True)
class AddLocation:
    """A place joins the others, at *position* among them or last. The first of a queued image makes it active."""

    wanted: Wanted
    position: int | None

    def apply_to(self, draft: Draft) -> None:
        held = _held(draft)
        count = len(draft.places.copies) + len(held)
        position = count if self.position is None else self.position
        if position > count:
            raise Invalid("path", position, f"the image has {count} locations")
        added = _location(self.wanted, held)
        _take_hash(draft, self.wanted.said)
        _take_size(draft, {added.url} - {one.url for one in held})
        if any((one.url, one.metadata) == (added.url, added.metadata) for one in held):
            raise _twice()
        at = max(0, position - len(draft.places.copies))
        _set(draft, [*held[:at], added, *held[at:]])


@dataclass(frozen=True, slots=True)
class ReplaceLocations:
    """The places in another order, or with other metadata; of an image that has none yet, all of them."""

    wanted: tuple[Wanted, ...]

    def apply_to(self, draft: Draft) -> None:
        if not self.wanted:
            raise Refused("The locations of an image cannot all be removed.")
        held = _held(draft)
        urls = [one.url for one in self.wanted]
        before = [*_own_urls(draft), *(one.url for one in held)]
        if before and Counter(before) != Counter(urls):
            raise Invalid("locations", "***", "not those that the image has")
        own = [one for one in self.wanted if one.url in _own_urls(draft)]
        if any(one.metadata for one in own):
            raise Invalid("metadata", "***", "of a copy in our own store nothing can be noted")
        elsewhere = [_location(one, held) for one in self.wanted if one not in own]
        _take_hash(draft, locations.merged(one.said for one in self.wanted))
        _take_size(draft, set(urls) - set(before))
        if len({(one.url, json.dumps(one.metadata, sort_keys=True)) for one in elsewhere}) < len(elsewhere):
            raise _twice()
        _set(draft, elsewhere)


@dataclass(frozen=True, slots=True)
class RemoveLocation:
    """The place at *position*, or the last one, goes; with it our copy, if it is one. The only one stays."""

    position: int | None

    def apply_to(self, draft: Draft) -> None:
        if draft.get("status") is not Status.ACTIVE:
            raise Conflict(f"The image is {draft.get('status')}; only from an active one a location can be removed.")
        copies, held = draft.places.copies, draft.get("locations")
        count = len(copies) + len(held)
        position = count - 1 if self.position is None else self.position
        if count == 1:
            raise Refused("The last location of an image cannot be removed.")
        if not 0 <= position < count:
            raise Invalid("path", position, f"the image has {count} locations")
        at = position - len(copies)
        if at < 0:
            draft.places.copies = (*copies[:position], *copies[position + 1 :])
        else:
            draft.fields["locations"] = (*held[:at], *held[at + 1 :])


LocationEdit = AddLocation | ReplaceLocations | RemoveLocation


def most_named(edits: Iterable[object]) -> int:
    """How many places *edits* name: those that are added together, or those of the longest list, if they are more."""
    named = [(len(wanted_urls(edit)), isinstance(edit, AddLocation)) for edit in edits]
    return max([sum(count for count, is_added in named if is_added), *(count for count, _ in named)])


def wanted_urls(edit: object) -> Sequence[str]:
    """The URLs that *edit* names."""
    if isinstance(edit, AddLocation):
        return [edit.wanted.url]
    return [one.url for one in edit.wanted] if isinstance(edit, ReplaceLocations) else []


def _held(draft: Draft) -> Sequence[Location]:
    """The places elsewhere that new ones may stand beside. What a queued image names was found not to be its data."""
    status = draft.get("status")
    if status not in (Status.ACTIVE, Status.QUEUED):
        raise Conflict(f"The image is {status}; only an active or a queued one can be given locations.")
    return () if status is Status.QUEUED else draft.get("locations")


def _own_urls(draft: Draft) -> list[str]:
    return [locations.own_url(store, draft.was.id) for store in draft.places.copies]


def _location(wanted: Wanted, held: Sequence[Location]) -> Location:
    if locations.scheme_is_own(wanted.url):
        raise Invalid("url", wanted.url, f"{OWN_SCHEME} stands for copies of ours alone")
    store = next((one.store for one in held if one.url == wanted.url), HTTP_STORE)
    return Location(wanted.url, store, wanted.metadata)


def _set(draft: Draft, places: Sequence[Location]) -> None:
    """*places* are those elsewhere, and a queued image becomes active by them."""
    for name in ("disk_format", "container_format"):
        if not draft.get(name):
            raise Invalid(name, None, "it must be set before the image has data")
    draft.fields["locations"] = tuple(places)
    draft.fields["status"] = Status.ACTIVE


def _twice() -> Invalid:
    return Invalid("locations", "***", "one of them is there twice")


def _take_size(draft: Draft, new_urls: Iterable[str]) -> None:
    """The image is as large as what is at *new_urls*, which all have to be of one size, its own if it has data."""
    size = None if draft.get("status") is Status.QUEUED else draft.get("size_bytes")
    for url in new_urls:
        found = draft.places.sizes.get(url)
        if found is None:
            raise Overtaken("The locations of the image were changed by somebody else at the same time.")
        if size is not None and found != size:
            raise Invalid("url", "***", "what is there has another size than the image")
        size = found
    draft.fields["size_bytes"] = size


def _take_hash(draft: Draft, said: Hash | None) -> None:
    """What is *said* of the data holds from now on, if nothing is known and none have come; it must not contradict."""
    if said is None:
        return
    known = {name: draft.get(name) for name in ("checksum", "os_hash_algo", "os_hash_value")}
    new = {"checksum": said.checksum, "os_hash_algo": said.algorithm, "os_hash_value": said.value}
    for name, value in new.items():
        if value is not None and known[name] not in (None, value):
            raise Conflict(f"The image has another {name}.")
    if all(value in (None, known[name]) for name, value in new.items()):
        return
    if draft.get("status") is not Status.QUEUED:
        raise Conflict("What the data of an image are can only be said while it is queued.")
    if said.algorithm != BELIEVED:
        raise Invalid("os_hash_algo", said.algorithm, f"not {BELIEVED}")
    draft.fields["os_hash_algo"] = said.algorithm
    draft.fields["os_hash_value"] = locations.digest("os_hash_value", said.value, BELIEVED)
    if said.checksum is not None:
        draft.fields["checksum"] = locations.digest("checksum", said.checksum, "md5")
