"""A listing's filters of v2: a parameter and its text as a condition. Source: docs/api/v2.md, "Lists"."""

import re
from collections.abc import Callable
from functools import partial

from calotype.domain.errors import Invalid
from calotype.domain.query import Compare, Comparison, Condition, Field, HasProperty, OneOf
from calotype.http import literals

#: Fields that a parameter compares with a text behind an operator: `in:` a list, `eq:` or nothing the text itself.
_TEXTS = {
    "id": Field.ID,
    "name": Field.NAME,
    "status": Field.STATUS,
    "container_format": Field.CONTAINER_FORMAT,
    "disk_format": Field.DISK_FORMAT,
}

#: Fields that equal a text without further ado, since their texts may hold a colon and nobody lists several.
_PLAIN_TEXTS = {
    "owner": Field.OWNER,
    "checksum": Field.CHECKSUM,
    "os_hash_algo": Field.OS_HASH_ALGO,
    "os_hash_value": Field.OS_HASH_VALUE,
}

_NUMBERS = {
    "size": Field.SIZE,
    "virtual_size": Field.VIRTUAL_SIZE,
    "min_disk": Field.MIN_DISK,
    "min_ram": Field.MIN_RAM,
}

_TIMES = {"created_at": Field.CREATED_AT, "updated_at": Field.UPDATED_AT}

TRUTHS = {"true": True, "false": False}

#: A value of a list in double quotes, in which only they need a backslash; possessive, so that it is read in one way.
_QUOTED = re.compile(r'"((?:\\"|[^"])*+)"')
_UNQUOTED = re.compile(r'(?:\\"|[^",])*+')


def read(name: str, text: str) -> Condition:
    """What the parameter asks for; a name that is no attribute's is a custom property's. Raises Invalid."""
    return _READERS.get(name, HasProperty)(name, text)


def _text(field: Field, name: str, text: str) -> OneOf:
    operator, value = _split_operator(text)
    if operator == "in":
        return OneOf(field, _listed(name, value))
    if operator == "eq":
        quoted = _QUOTED.fullmatch(value)
        return OneOf(field, (_unescaped(quoted[1]) if quoted else value,))
    raise Invalid(name, text, 'the operator before ":" must be one of eq, in; a name with a colon is eq:"…"')


def _plain_text(field: Field, _name: str, text: str) -> OneOf:
    return OneOf(field, (text,))


def _number(field: Field, name: str, text: str) -> OneOf:
    """Equality; what is no number equals none, which is no error."""
    try:
        return OneOf(field, (literals.integer(name, text),))
    except Invalid:
        return OneOf(field, ())


def _bound(field: Field, comparison: Comparison, name: str, text: str) -> Compare:
    return Compare(field, comparison, literals.integer(name, text))


def _time(field: Field, name: str, text: str) -> Condition:
    operator, value = _split_operator(text)
    if operator == "eq":
        return OneOf(field, (literals.moment(name, value),))
    if operator in list(Comparison):
        return Compare(field, Comparison(operator), literals.moment(name, value))
    raise Invalid(name, text, f'the operator before ":" must be one of eq, {", ".join(Comparison)}')


def _is_protected(name: str, text: str) -> OneOf:
    return OneOf(Field.PROTECTED, (literals.word(name, text, TRUTHS),))


def _split_operator(text: str) -> tuple[str, str]:
    """The word before the first colon and what stands behind it; eq and all of it where there is none, or in a time."""
    operator, colon, value = text.partition(":")
    return (operator, value) if colon and not _is_time(text) else ("eq", text)


def _is_time(text: str) -> bool:
    try:
        literals.moment("", text)
    except Invalid:
        return False
    return True


def _listed(name: str, text: str) -> tuple[str, ...]:
    """The values between commas; those in double quotes may hold commas themselves. A comma at the end ends the last."""
    values: list[str] = []
    begin = 0
    while begin < len(text):
        quoted = _QUOTED.match(text, begin)
        found = quoted or _UNQUOTED.match(text, begin)
        end = found.end() if found else begin
        if text[end : end + 1] not in (",", ""):
            raise Invalid(name, text, "double quotes stand around a whole value, and in pairs")
        values.append(_unescaped(quoted[1]) if quoted else text[begin:end])
        begin = end + 1
    return tuple(values)


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"')


_READERS: dict[str, Callable[[str, str], Condition]] = {
    **{name: partial(_text, field) for name, field in _TEXTS.items()},
    **{name: partial(_plain_text, field) for name, field in _PLAIN_TEXTS.items()},
    **{name: partial(_number, field) for name, field in _NUMBERS.items()},
    **{f"{name}_min": partial(_bound, field, Comparison.GTE) for name, field in _NUMBERS.items()},
    **{f"{name}_max": partial(_bound, field, Comparison.LTE) for name, field in _NUMBERS.items()},
    **{name: partial(_time, field) for name, field in _TIMES.items()},
    "protected": _is_protected,
}
