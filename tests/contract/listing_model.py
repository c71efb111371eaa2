"""A listing as the documents tell it, in plain Python over a list: what SQL has to agree with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calotype.domain.callers import Caller
from calotype.domain.images import Image, Member, Status, Visibility
from calotype.domain.query import (
    Compare,
    Comparison,
    Condition,
    Field,
    HasMember,
    HasProperty,
    HasTag,
    ImageQuery,
    OneOf,
    Sort,
    SortKey,
)


@dataclass(frozen=True)
class Known:
    """An image and the projects it was shared with."""

    image: Image
    members: tuple[Member, ...] = ()


class BadMarker(Exception):
    """The marker is not an image the caller may begin after."""


def page(catalogue: Sequence[Known], caller: Caller, query: ImageQuery) -> list[Image]:
    listed = [known.image for known in catalogue if is_listed(known, caller, query)]
    for sort in reversed(total_order(query.sort)):
        listed.sort(key=lambda image: sort_value(image, sort.key), reverse=sort.descending)
    if query.marker is not None:
        marker = find_marker(catalogue, caller, query)
        listed = [image for image in listed if is_behind(image, marker, total_order(query.sort))]
    return listed[: query.limit]


def is_listed(known: Known, caller: Caller, query: ImageQuery) -> bool:
    image = known.image
    if not query.with_gone and (image.deleted_at is not None or image.status is Status.KILLED):
        return False
    if query.hidden is not None and image.is_hidden != query.hidden:
        return False
    if query.visibilities is not None and image.visibility not in query.visibilities:
        return False
    return is_in_view(known, caller, query) and all(holds(condition, known) for condition in query.conditions)


def is_in_view(known: Known, caller: Caller, query: ImageQuery) -> bool:
    image = known.image
    community = query.visibilities is not None and Visibility.COMMUNITY in query.visibilities
    if image.owner is not None and image.owner == caller.project:
        return True
    if query.everything and caller.is_admin:
        return community or image.visibility is not Visibility.COMMUNITY
    if image.visibility is Visibility.PUBLIC:
        return True
    if image.visibility is Visibility.COMMUNITY:
        return community
    if image.visibility is not Visibility.SHARED or image.deleted_at is not None:
        return False
    mine = [member for member in known.members if member.project == caller.project]
    return any(query.member_statuses is None or member.status in query.member_statuses for member in mine)


def holds(condition: Condition, known: Known) -> bool:
    image = known.image
    match condition:
        case OneOf(field, values):
            value = value_of(image, field)
            return value is not None and value in values
        case Compare(field, comparison, bound):
            value = value_of(image, field)
            return value is not None and compares(value, comparison, bound)
        case HasProperty(name, wanted):
            return image.deleted_at is None and image.properties.get(name) == wanted
        case HasTag(any_of):
            return image.deleted_at is None and any(tag in image.tags for tag in any_of)
        case HasMember(project):
            return image.deleted_at is None and any(member.project == project for member in known.members)


def value_of(image: Image, field: Field) -> Any:
    value = getattr(image, field)
    return value.value if field in (Field.STATUS, Field.VISIBILITY) else value


def compares(value: int | datetime, comparison: Comparison, bound: int | datetime) -> bool:
    return {
        Comparison.LT: value < bound,  # type: ignore[operator]
        Comparison.LTE: value <= bound,  # type: ignore[operator]
        Comparison.GT: value > bound,  # type: ignore[operator]
        Comparison.GTE: value >= bound,  # type: ignore[operator]
        Comparison.NEQ: value != bound,
    }[comparison]


def total_order(sort: Sequence[Sort]) -> list[Sort]:
    down = sort[0].descending
    return [*sort, Sort(SortKey.CREATED_AT, down), Sort(SortKey.ID, down)]


def sort_value(image: Image, key: SortKey) -> Any:
    """A null counts as '' or 0; text goes by its UTF-8 bytes."""
    if key is SortKey.SIZE:
        return image.size_bytes or 0
    value = getattr(image, key)
    if isinstance(value, datetime):
        return value
    return str(value or "").encode()


def find_marker(catalogue: Sequence[Known], caller: Caller, query: ImageQuery) -> Image:
    for known in catalogue:
        image = known.image
        if image.id == query.marker and may_show(known, caller, query):
            return image
    raise BadMarker


def may_show(known: Known, caller: Caller, query: ImageQuery) -> bool:
    image = known.image
    if (
        image.deleted_at is not None
        and not query.with_gone
        and not (caller.is_admin and query.admin_marker_may_be_deleted)
    ):
        return False
    if caller.is_admin or image.owner is None or image.owner == caller.project:
        return True
    if image.visibility is Visibility.SHARED:
        return any(member.project == caller.project for member in known.members)
    return image.visibility is not Visibility.PRIVATE


def is_behind(image: Image, marker: Image, order: Sequence[Sort]) -> bool:
    for sort in order:
        here, there = sort_value(image, sort.key), sort_value(marker, sort.key)
        if here != there:
            return bool(here < there) if sort.descending else bool(here > there)
    return False
