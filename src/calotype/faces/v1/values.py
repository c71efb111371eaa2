"""Words of v1 as they come in: text to domain, Invalid for everything that is not one."""

import re
from collections.abc import Mapping
from typing import TypeVar

from calotype.domain.errors import Invalid

_Meaning = TypeVar("_Meaning")

_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_TRUTHS_OR_NONE = {**_TRUTHS, "none": None}

_UUID_DIGITS = re.compile(r"[0-9a-f]{32}")


def boolean(field: str, text: str) -> bool:
    """True for `true` and `1`, False for `false` and `0`, in any case."""
    return _word(field, text, _TRUTHS)


def boolean_or_none(field: str, text: str) -> bool | None:
    """Like `boolean`, and None for the word `none`."""
    return _word(field, text, _TRUTHS_OR_NONE)


def _word(field: str, text: str, meanings: Mapping[str, _Meaning]) -> _Meaning:
    try:
        return meanings[text.lower()]
    except KeyError:
        raise Invalid(field, text, f"must be one of {', '.join(meanings)}") from None


def is_uuid_like(text: str) -> bool:
    """True for 32 hexadecimal digits in any case, with or without hyphens, braces or `urn:uuid:`."""
    digits = text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "").lower()
    return _UUID_DIGITS.fullmatch(digits) is not None
