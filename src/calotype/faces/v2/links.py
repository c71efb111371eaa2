"""The links of a listing of v2 to its first and its next page: relative, and with every parameter that was sent."""

from collections.abc import Sequence
from urllib.parse import urlencode

from calotype.domain.images import Image
from calotype.faces.v2.wire import IMAGES
from calotype.http import queries


def write(raw_query: str, images: Sequence[Image], limit: int) -> dict[str, str]:
    """`first`, and `next` where the page of *images* is as long as *limit*, so that more may follow.

    Whatever path was asked, they begin with v2's own. glanceclient puts another number in the place of `limit` in `next`.
    """
    kept = [(name, text) for name, text in queries.parse(raw_query) if name != "marker"]
    links = {"first": _link(kept)}
    if images and len(images) == limit:
        links["next"] = _link([*kept, ("marker", images[-1].id)])
    return links


def _link(pairs: Sequence[tuple[str, str]]) -> str:
    return f"{IMAGES}?{urlencode(pairs)}" if pairs else IMAGES
