"""Conditions that a client puts on an answer, judged by a strong validator. Source: RFC 9110, 13.1.

A *validator* is what `ETag` says, without quotes: the checksum, since the data of an image never change. It is None for
data whose checksum nobody took. v1 sends it unquoted, so conditions may name it with quotes or without.
"""

import re

_TAG = re.compile(r'(W/)?"([^"]*)"|([^\s,]+)')


def names(text: str, validator: str | None, *, weakly: bool) -> bool:
    """True if *text*, a list of tags or '*', names what there is. *weakly*: a weak tag of the same text does too."""
    if text.strip() == "*":
        return True
    return any((quoted or bare) == validator and (weakly or not weak) for weak, quoted, bare in _TAG.findall(text))


def is_current(text: str, validator: str | None) -> bool:
    """True if *text*, the one tag (or date) of `If-Range`, is the strong tag of what there is. We date nothing."""
    return validator is not None and text.strip() in (validator, f'"{validator}"')
