"""The part of some bytes that a `Range` header asks for. Source: RFC 9110, 14.1 and 14.2; docs/api/v1.md, "A part of the data"."""

import re
from dataclasses import dataclass

_UNIT = "bytes"
_NAMED_UNIT = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(.*)", re.DOTALL)
_SPEC = re.compile(r"([0-9]*)-([0-9]*)")

#: No blob is as long: files and columns of the catalogue fit 63 bits. The numeral of a client may be longer than any of ours.
_BEYOND = 1 << 63
_MOST_DIGITS = len(str(_BEYOND))


@dataclass(frozen=True, slots=True)
class Part:
    """*length* bytes from offset *first* on, at least one, all of them there."""

    first: int
    length: int

    @property
    def last(self) -> int:
        return self.first + self.length - 1


class OtherUnit(Exception):
    """The range is not one of bytes."""


class Several(Exception):
    """More than one range is asked for."""


class Unsatisfiable(Exception):
    """The range cannot be read, or holds no byte of what is there; its text says which."""


def read(text: str, size_bytes: int) -> Part:
    """The part of *size_bytes* bytes that *text*, the value of `Range`, asks for: clipped at the end.

    Raises OtherUnit, Several and Unsatisfiable: what becomes of them is the dialect's.
    """
    named = _NAMED_UNIT.fullmatch(text.strip())
    if named is None:
        raise Unsatisfiable("The Range is not one that can be read.")
    if named[1].lower() != _UNIT:
        raise OtherUnit(f"Ranges of {named[1]} are not known here.")
    # A list may have empty elements (RFC 9110, 5.6.1.2).
    specs = [spec for one in named[2].split(",") if (spec := one.strip(" \t"))]
    bounds = [_bounds(spec, size_bytes) for spec in specs] or [_bounds("", size_bytes)]
    if len(bounds) > 1:
        raise Several("More than one range is asked for.")
    first, end = bounds[0]
    if first >= end:
        raise Unsatisfiable(f"The Range holds none of the {size_bytes} bytes there are.")
    return Part(first, end - first)


def _bounds(spec: str, size_bytes: int) -> tuple[int, int]:
    """Where the range begins and ends, which is no further than the bytes do. Raises Unsatisfiable for what is no range."""
    match = _SPEC.fullmatch(spec)
    if match is None or spec == "-":
        raise Unsatisfiable("The Range is not one that can be read.")
    first, last = match.groups()
    if not first:
        return max(size_bytes - _number(last), 0), size_bytes
    if last and _number(last) < _number(first):
        raise Unsatisfiable("The Range ends before it begins.")
    return _number(first), min(_number(last) + 1, size_bytes) if last else size_bytes


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= _MOST_DIGITS else _BEYOND
