"""The order of a listing of v2, in either of its two spellings. Source: docs/api/v2.md, "Lists"."""

from collections.abc import Iterator, Sequence

from calotype.domain.errors import Invalid
from calotype.domain.query import Sort, SortKey
from calotype.http import literals

#: The parameters that `read` looks at.
PARAMETERS = frozenset({"sort", "sort_key", "sort_dir"})

_DEFAULT_KEY, _DEFAULT_DIRECTION = "created_at", "desc"
_KEYS = {one.value: one for one in SortKey}
_IS_DESCENDING = {"asc": False, "desc": True}


def read(pairs: Sequence[tuple[str, str]]) -> tuple[Sort, ...]:
    """The keys in order, created_at at least. Raises Invalid."""
    new = [text for name, text in pairs if name == "sort"]
    keys = [text for name, text in pairs if name == "sort_key"]
    directions = [text for name, text in pairs if name == "sort_dir"]
    if not new:
        return tuple(_classic(keys, directions))
    if keys or directions:
        raise Invalid("sort", new[-1], "cannot be combined with sort_key and sort_dir")
    return tuple(_new(new[-1]))


def _new(text: str) -> Iterator[Sort]:
    for part in text.split(","):
        key, _, direction = part.partition(":")
        yield _sort("sort", key, "sort", direction or _DEFAULT_DIRECTION)


def _classic(keys: Sequence[str], directions: Sequence[str]) -> Iterator[Sort]:
    keys = keys or [_DEFAULT_KEY]
    if len(directions) < 2:
        directions = [*directions, _DEFAULT_DIRECTION][:1] * len(keys)
    if len(directions) != len(keys):
        raise Invalid("sort_dir", ", ".join(directions), "give one for all keys, or one for each sort_key")
    for key, direction in zip(keys, directions, strict=True):
        yield _sort("sort_key", key, "sort_dir", direction)


def _sort(key_field: str, key: str, direction_field: str, direction: str) -> Sort:
    is_descending = literals.word(direction_field, direction.strip(), _IS_DESCENDING)
    return Sort(literals.word(key_field, key.strip(), _KEYS), is_descending)
