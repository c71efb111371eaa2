"""A listing's parameters of v2 as an ImageQuery. Source: docs/api/v2.md, "Lists"."""

from collections.abc import Iterator, Mapping, Sequence

from calotype.domain.errors import Invalid
from calotype.domain.images import MemberStatus, Visibility
from calotype.domain.query import Condition, HasTag, ImageQuery
from calotype.faces.v2 import filters, orders
from calotype.http import literals, queries
from calotype.service.options import ServiceOptions

_ALL = "all"

_VISIBILITIES = {**{one.value: frozenset({one}) for one in Visibility}, _ALL: frozenset(Visibility)}

_MEMBER_STATUSES: dict[str, frozenset[MemberStatus] | None] = {
    **{one.value: frozenset({one}) for one in MemberStatus},
    _ALL: None,
}

#: What has a say in something else than which attributes and custom properties an image has. `deleted` has none at all:
#: v2 lists no deleted images.
_NO_FILTERS = orders.PARAMETERS | {"limit", "marker", "visibility", "member_status", "os_hidden", "tag", "deleted"}


def read(raw_query: str, options: ServiceOptions) -> ImageQuery:
    """What the query string asks for. Of what is repeated only `tag`, `sort_key` and `sort_dir` count each time, else the
    last. Raises Invalid for a value that cannot be one.
    """
    pairs = queries.parse(raw_query)
    sent = dict(pairs)
    if "changes-since" in sent:
        raise Invalid("changes-since", sent["changes-since"], "v2 lists no changes; updated_at=gt:… does what is left")
    return ImageQuery(
        conditions=tuple(_conditions(pairs, sent)),
        visibilities=_visibilities(sent),
        everything=True,
        member_statuses=literals.word("member_status", sent.get("member_status", "accepted"), _MEMBER_STATUSES),
        hidden=literals.word("os_hidden", sent.get("os_hidden", "false"), filters.TRUTHS, in_any_case=True),
        sort=orders.read(pairs),
        marker=sent.get("marker"),
        limit=_limit(sent, options),
    )


def _visibilities(sent: Mapping[str, str]) -> frozenset[Visibility] | None:
    return literals.word("visibility", sent["visibility"], _VISIBILITIES) if "visibility" in sent else None


def _conditions(pairs: Sequence[tuple[str, str]], sent: Mapping[str, str]) -> Iterator[Condition]:
    for name, text in sent.items():
        if name not in _NO_FILTERS:
            yield filters.read(name, text)
    for tag in dict.fromkeys(text for name, text in pairs if name == "tag"):
        yield HasTag((tag,))


def _limit(sent: Mapping[str, str], options: ServiceOptions) -> int:
    asked = literals.not_negative("limit", sent["limit"]) if "limit" in sent else options.limit_default
    return min(asked, options.limit_max)
