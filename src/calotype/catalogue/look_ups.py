"""Look-ups: the conditions that an index can answer for the whole catalogue, and the ids it gives for them."""

from collections.abc import Iterable

from calotype.catalogue.conditions import Binds, bound
from calotype.catalogue.keys import value_key
from calotype.domain.query import Compare, Comparison, Condition, Field, HasMember, HasProperty, HasTag, OneOf

#: Fields that have an index over all live images, and the column it stands on.
_COLUMNS = {Field.ID: "id", Field.NAME: "sort_name", Field.CREATED_AT: "created_at", Field.UPDATED_AT: "updated_at"}

LookUp = tuple[Condition, ...]
"""One condition, or all those on one field, which bound the same stretch of its index."""


def look_ups(conditions: Iterable[Condition]) -> list[LookUp]:
    """What an index can answer of *conditions*; the rest can only be checked row by row."""
    stretches: dict[Field, list[Condition]] = {}
    alone: list[LookUp] = []
    for condition in conditions:
        match condition:
            case HasProperty() | HasTag() | HasMember():
                alone.append((condition,))
            case OneOf(name) if name in _COLUMNS:
                stretches.setdefault(name, []).append(condition)
            case Compare(name, comparison) if name in _COLUMNS and comparison is not Comparison.NEQ:
                stretches.setdefault(name, []).append(condition)
    return [*alone, *map(tuple, stretches.values())]


def ids_sql(look_up: LookUp, binds: Binds) -> str:
    """A SELECT of the ids of the live images that *look_up* finds; one may come twice.

    In the order of the index, so that it is the index that is read: PostgreSQL takes what is common for being everywhere
    in the table, and looked through two thirds of it for the first 1,001 of a tag that only the newest images had.
    """
    match look_up[0]:
        case HasProperty(name, value):
            key = f"name = {binds.one(name)} AND value_key = {binds.one(value_key(value))}"
            return f"SELECT image_id FROM image_properties WHERE {key} ORDER BY image_id"
        case HasTag((tag,)):
            return f"SELECT image_id FROM image_tags WHERE tag_key = {binds.one(value_key(tag))} ORDER BY image_id"
        case HasTag(any_of):
            return f"SELECT image_id FROM image_tags WHERE {binds.among('tag_key', map(value_key, any_of))}"
        case HasMember(project):
            return (
                f"SELECT image_id FROM image_members WHERE member = {binds.one(project)} ORDER BY created_at, image_id"
            )
    equal = [binds.among(_COLUMNS[one.field], one.values) for one in look_up if isinstance(one, OneOf)]
    within = [bound(one, binds, table="") for one in look_up if isinstance(one, Compare)]
    by = next((f" ORDER BY {_COLUMNS[one.field]}" for one in look_up if isinstance(one, Compare)), "")
    return f"SELECT id FROM images WHERE deleted_at IS NULL AND {' AND '.join([*equal, *within])}{by}"
