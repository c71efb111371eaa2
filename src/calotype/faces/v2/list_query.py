"""A listing's parameters of v2: what the query asks for, and the links to its first and its next page."""

from collections.abc import Sequence
from urllib.parse import urlencode

from calotype.domain.errors import Invalid
from calotype.domain.images import Image
from calotype.domain.query import ImageQuery
from calotype.faces.v2.wire import IMAGES
from calotype.http import queries
from calotype.service.options import ServiceOptions


def read(raw_query: str, options: ServiceOptions) -> ImageQuery:
    """What the query string asks for. Raises Invalid for a value that cannot be one."""
    sent = dict(queries.parse(raw_query))
    return ImageQuery(hidden=False, everything=True, marker=sent.get("marker"), limit=_limit(sent, options))


def _limit(sent: dict[str, str], options: ServiceOptions) -> int:
    text = sent.get("limit", str(options.limit_default))
    if not (text.isascii() and text.isdigit()):
        raise Invalid("limit", text, "not a number from 0 on")
    return min(int(text), options.limit_max) if len(text) < 10 else options.limit_max


def write_links(raw_query: str, query: ImageQuery, images: Sequence[Image]) -> dict[str, str]:
    """`first`, and `next` where the page is full, so that more may follow."""
    kept = [(name, value) for name, value in queries.parse(raw_query) if name != "marker"]
    links = {"first": _link(kept)}
    if images and len(images) == query.limit:
        links["next"] = _link([*kept, ("marker", images[-1].id)])
    return links


def _link(pairs: Sequence[tuple[str, str]]) -> str:
    return f"{IMAGES}?{urlencode(pairs)}" if pairs else IMAGES
