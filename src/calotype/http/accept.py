"""Which of a few media types a client likes best, by its `Accept` header."""

import re
from collections.abc import Iterator, Sequence

_QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """The offer with the highest quality in *accept*, the earlier of equals; None if none is acceptable.

    The most specific range that names an offer decides its quality; parameters other than `q` are ignored, and so is a
    range that cannot be read. Source: RFC 9110 12.5.1.
    """
    ranges = dict(_ranges(accept))
    qualities = [_quality_of(offer, ranges) for offer in offers]
    best = max(qualities)
    return offers[qualities.index(best)] if best > 0 else None


def _quality_of(offer: str, ranges: dict[str, float]) -> float:
    kind = offer.partition("/")[0]
    for media_range in (offer, f"{kind}/*", "*/*"):
        if media_range in ranges:
            return ranges[media_range]
    return 0.0


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_range, *parameters = part.split(";")
        qualities = [match[1] for match in map(_QUALITY.fullmatch, parameters) if match]
        yield media_range.strip().lower(), float(qualities[0]) if qualities else 1.0
