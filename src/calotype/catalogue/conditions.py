"""Conditions of an ImageQuery as SQL: the check each row must pass.

SQL is put together from fixed pieces; every value travels as a bound parameter.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from calotype.catalogue.keys import value_key
from calotype.catalogue.times import to_micros
from calotype.domain.query import Compare, Comparison, Condition, HasMember, HasProperty, HasTag, OneOf, Value
from calotype.domain.texts import is_storable

SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1

_OPERATORS = {
    Comparison.LT: "<",
    Comparison.LTE: "<=",
    Comparison.GT: ">",
    Comparison.GTE: ">=",
    Comparison.NEQ: "<>",
}


@dataclass(slots=True)
class Binds:
    """The parameters of one statement as the driver wants them, named in order, so that equal shapes give equal SQL.

    The driver's own form, since SQLAlchemy needs as long to prepare a listing as SQLite needs to answer it.
    """

    is_sqlite: bool
    values: dict[str, Any] = field(default_factory=dict)

    def one(self, value: Value | None) -> str:
        """The SQL that stands for *value*."""
        return self._bound(to_micros(value) if isinstance(value, datetime) else value)

    def among(self, column: str, values: Iterable[Value]) -> str:
        """The SQL for *column* being one of *values*; the same text however many there are."""
        plain = [to_micros(value) if isinstance(value, datetime) else value for value in values]
        if len(plain) == 1:
            return f"{column} = {self.one(plain[0])}"
        if self.is_sqlite:
            return f"{column} IN (SELECT value FROM json_each({self._bound(json.dumps(plain))}))"
        return f"{column} = ANY({self._bound(plain)})"

    def _bound(self, value: Any) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}" if self.is_sqlite else f"%({name})s"

    def unindexed(self, column: str) -> str:
        """*column* as SQLite's planner may not look it up: rows are walked in order and only checked on the way."""
        return f"+{column}" if self.is_sqlite else column

    def usual(self, condition: str) -> str:
        """*condition* where it holds of nearly every row that is asked, however rare it is in the table.

        PostgreSQL expected a fiftieth of what is shared with a project to be shared, too few to stop at a page: among a
        million images it read and sorted all 200, 975 blocks instead of 156. Of a CASE it expects half.
        """
        return condition if self.is_sqlite else f"CASE WHEN {condition} THEN true ELSE false END"

    def exists(self, rows: str) -> str:
        """The SQL for there being any of *rows*, which is asked of one image after the other.

        PostgreSQL would make joins of many of these and weigh every order of them: 64 took 0.3 s before the first row was
        read, and 128 longer than a statement may take. The OFFSET keeps it from that.
        """
        return f"EXISTS (SELECT 1 FROM {rows}{'' if self.is_sqlite else ' OFFSET 0'})"


def simplify(conditions: Iterable[Condition]) -> tuple[Condition, ...] | None:
    """The conditions with values the database can hold, or None if one of them can match no image.

    A number beyond 63 bits is larger or smaller than any that is stored; a text with a NUL equals none.
    """
    kept = [_simplified(condition) for condition in conditions]
    return None if None in kept else tuple(condition for condition in kept if condition is not None)


def _simplified(condition: Condition) -> Condition | None:
    match condition:
        case OneOf(name, values):
            fitting = tuple(value for value in values if _fits(value))
            return OneOf(name, fitting) if fitting else None
        case Compare(_, _, int(value)) if not _fits(value):
            return _beyond(condition, above=value > 0)
        case HasProperty(name, value):
            return condition if _fits(name) and _fits(value) else None
        case HasTag(any_of):
            tags = tuple(tag for tag in any_of if _fits(tag))
            return HasTag(tags) if tags else None
        case HasMember(project):
            return condition if _fits(project) else None
    return condition


def _beyond(condition: Compare, *, above: bool) -> Compare | None:
    """A comparison with a number no field can hold: nothing stands in it, or every value that is not null does."""
    is_upper_bound = condition.comparison in (Comparison.LT, Comparison.LTE)
    if condition.comparison is Comparison.NEQ or is_upper_bound == above:
        return replace(condition, comparison=Comparison.GTE, value=SMALLEST)
    return None


def _fits(value: Value) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    return not isinstance(value, int) or SMALLEST <= value <= LARGEST


def check(condition: Condition, binds: Binds) -> str:
    """SQL that is true of an `images` row for which *condition* holds."""
    match condition:
        case OneOf(name, values):
            return binds.among(binds.unindexed(f"images.{name}"), values)
        case Compare(name, comparison, value):
            return f"{binds.unindexed(f'images.{name}')} {_OPERATORS[comparison]} {binds.one(value)}"
        case HasProperty(name, value):
            key = f"p.name = {binds.one(name)} AND p.value_key = {binds.one(value_key(value))}"
            return binds.exists(f"image_properties AS p WHERE {key} AND p.image_id = images.id")
        case HasTag(any_of):
            key = binds.among("t.tag_key", map(value_key, any_of))
            return binds.exists(f"image_tags AS t WHERE {key} AND t.image_id = images.id")
        case HasMember(project):
            key = f"m.member = {binds.one(project)}"
            return binds.exists(f"image_members AS m WHERE {key} AND m.image_id = images.id")


def bound(condition: Compare, binds: Binds, table: str = "images.") -> str:
    """*condition* as SQL that an index on its field can answer."""
    return f"{table}{condition.field} {_OPERATORS[condition.comparison]} {binds.one(condition.value)}"


def holds_of_gone(conditions: Iterable[Condition]) -> bool:
    """False if a condition can never hold of a deleted image: properties, tags and members went with it."""
    return not any(isinstance(condition, HasProperty | HasTag | HasMember) for condition in conditions)
