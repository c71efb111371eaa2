"""Words of v1 as they come in: text to domain, Invalid for everything that is not one."""

import re

from calotype.http import literals

_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_TRUTHS_OR_NONE = {**_TRUTHS, "none": None}

_UUID_DIGITS = re.compile(r"[0-9a-f]{32}")


def boolean(field: str, text: str) -> bool:
    """True for `true` and `1`, False for `false` and `0`, in any case."""
    return literals.word(field, text, _TRUTHS, in_any_case=True)


def boolean_or_none(field: str, text: str) -> bool | None:
    """Like `boolean`, and None for the word `none`."""
    return literals.word(field, text, _TRUTHS_OR_NONE, in_any_case=True)


def is_uuid_like(text: str) -> bool:
    """True for 32 hexadecimal digits in any case, with or without hyphens, braces or `urn:uuid:`."""
    digits = text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "").lower()
    return _UUID_DIGITS.fullmatch(digits) is not None
