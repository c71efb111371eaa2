"""Numbers, points of time and words as text in a request spells them; Invalid, naming the field, for all that is none."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

import iso8601

from calotype.domain.errors import Invalid

_Meaning = TypeVar("_Meaning")

#: iso8601 rounds a long fraction up to a whole second and then refuses it: digits behind microseconds are cut before.
_FINER_THAN_MICROSECONDS = re.compile(r"([.,][0-9]{6})[0-9]+")


def integer(field: str, text: str) -> int:
    """The number *text* spells to Python: blanks around and a sign are fine, fractions and exponents are not."""
    try:
        return int(text)
    except ValueError:
        # Also for more than 4,300 digits, which Python refuses to turn into a number.
        raise Invalid(field, text, "must be integer") from None


def not_negative(field: str, text: str) -> int:
    number = integer(field, text)
    if number < 0:
        raise Invalid(field, text, "must be positive")
    return number


def moment(field: str, text: str) -> datetime:
    """The point of time, in UTC, that *text* names in ISO 8601; UTC where it names no zone, midnight where no hour."""
    if text != text.strip():
        raise Invalid(field, text, "is not recognised as a time")
    try:
        return iso8601.parse_date(_FINER_THAN_MICROSECONDS.sub(r"\1", text)).astimezone(UTC)
    except (iso8601.ParseError, OverflowError):
        # OverflowError: a zone that carries a time of year 1 or 9999 out of the calendar.
        raise Invalid(field, text, "is not recognised as a time") from None


def word(field: str, text: str, meanings: Mapping[str, _Meaning], *, in_any_case: bool = False) -> _Meaning:
    """What *text* means among the words that are allowed, to the letter or *in_any_case*."""
    sent = text.lower() if in_any_case else text
    if sent not in meanings:
        raise Invalid(field, text, f"must be one of {', '.join(meanings)}")
    return meanings[sent]
