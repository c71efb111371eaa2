"""Members as v1 says them, in JSON. Source: docs/api/v1.md, "Members"."""

from collections.abc import Iterable
from typing import Any

from calotype.domain.errors import Invalid
from calotype.domain.images import Member, SharedImage
from calotype.http.bodies import read_json
from calotype.service.members import NewMember


def read_replacement(body: bytes) -> list[NewMember]:
    """The members that `{"memberships": [{"member_id": …, "can_share": …}]}` names. Raises Invalid for another shape."""
    memberships = _object("body", read_json(body)).get("memberships")
    if not isinstance(memberships, list):
        raise Invalid("memberships", "", "it is not there, or no list")
    return [_read_membership(one) for one in memberships]


def read_addition(project: str, body: bytes) -> NewMember:
    """*project* as a member, as `{"member": {"can_share": …}}` wants it; the body and each of its parts may be left out.

    Raises Invalid for another shape.
    """
    sent = _object("body", read_json(body)) if body else {}
    member = _object("member", sent.get("member", {}))
    return NewMember(project=project, can_share=_can_share(member))


def write_members(members: Iterable[Member]) -> dict[str, Any]:
    return {"members": [{"member_id": member.project, "can_share": member.can_share} for member in members]}


def write_shared(shared: Iterable[SharedImage]) -> dict[str, Any]:
    return {"shared_images": [{"image_id": one.image_id, "can_share": one.can_share} for one in shared]}


def _read_membership(sent: Any) -> NewMember:
    membership = _object("memberships", sent)
    project = membership.get("member_id")
    if not isinstance(project, str):
        raise Invalid("member_id", "", "it is not there, or no text")
    return NewMember(project=project, can_share=_can_share(membership))


def _can_share(sent: dict[str, Any]) -> bool | None:
    """What is said of it, by Python's notion of truth: any text but the empty one is true, "false" too."""
    return bool(sent["can_share"]) if "can_share" in sent else None


def _object(field: str, value: Any) -> dict[str, Any]:
    # What was sent instead is not echoed: it may be nested deeper than it can be spelt.
    if not isinstance(value, dict):
        raise Invalid(field, "", "not an object")
    return value
