"""Members as v2 says them, in JSON. Source: docs/api/v2.md, "Members"."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from calotype.domain.errors import Invalid
from calotype.domain.images import Member, MemberStatus
from calotype.faces.v2.wire import write_time
from calotype.http.bodies import read_object

_STATUSES = {status.value: status for status in MemberStatus}


def read_new(body: bytes) -> str:
    """The project that `{"member": …}` names. Raises Invalid for another shape; other keys are passed over."""
    member = read_object(body).get("member")
    if not isinstance(member, str):
        raise Invalid("member", "", "it is not there, or no text")
    return member


def read_answer(body: bytes) -> MemberStatus:
    """The answer that `{"status": …}` gives. Raises Invalid for another shape or word; other keys are passed over."""
    status = read_object(body).get("status")
    found = _STATUSES.get(status) if isinstance(status, str) else None
    if found is None:
        raise Invalid("status", status if isinstance(status, str) else "", f"not one of {', '.join(_STATUSES)}")
    return found


def write_members(image_id: str, members: Iterable[Member]) -> dict[str, Any]:
    return {"members": [write_member(image_id, member) for member in members], "schema": "/v2/schemas/members"}


def write_member(image_id: str, member: Member) -> dict[str, Any]:
    return {
        "member_id": member.project,
        "image_id": image_id,
        "status": member.status.value,
        "created_at": _written(member.shared_at),
        "updated_at": _written(member.updated_at),
        "schema": "/v2/schemas/member",
    }


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else write_time(moment)
