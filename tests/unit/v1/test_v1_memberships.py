"""Members as v1 reads and writes them. Source: docs/api/v1.md, "Members"."""

from typing import Any

import pytest

from calotype.domain.errors import Invalid
from calotype.domain.images import Member, MemberStatus, SharedImage
from calotype.faces.v1 import memberships
from calotype.service.members import NewMember


@pytest.mark.parametrize(
    ("body", "can_share"),
    [
        (b"", None),
        (b"{}", None),
        (b'{"other": 1}', None),
        (b'{"member": {}}', None),
        (b'{"member": {"other": true}}', None),
        (b'{"member": {"can_share": true}}', True),
        (b'{"member": {"can_share": false}}', False),
        (b'{"member": {"can_share": "false"}}', True),
        (b'{"member": {"can_share": ""}}', False),
        (b'{"member": {"can_share": 0}}', False),
        (b'{"member": {"can_share": 0.1}}', True),
        (b'{"member": {"can_share": null}}', False),
        (b'{"member": {"can_share": []}}', False),
        (b'{"member": {"can_share": {"a": 1}}}', True),
    ],
)
def test_one_member_is_told_to_share_by_what_python_takes_for_true(body: bytes, can_share: bool | None) -> None:
    assert memberships.read_addition("theirs", body) == NewMember(project="theirs", can_share=can_share)


@pytest.mark.parametrize(
    "body", [b" ", b"{", b"[]", b"7", b"null", b'"member"', b'{"member": []}', b'{"member": null}', b'{"member": "a"}']
)
def test_a_body_of_another_shape_adds_nobody(body: bytes) -> None:
    with pytest.raises(Invalid):
        memberships.read_addition("theirs", body)


def test_a_replacement_names_members_in_its_order() -> None:
    body = b'{"memberships": [{"member_id": "b", "can_share": 1}, {"member_id": "a"}, {"member_id": "c", "can_share": null}]}'

    assert memberships.read_replacement(body) == [
        NewMember(project="b", can_share=True),
        NewMember(project="a"),
        NewMember(project="c", can_share=False),
    ]
    assert memberships.read_replacement(b'{"memberships": []}') == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"[]", "body"),
        (b"[" * 900 + b"]" * 900, "body"),
        (b"[" * 100_000, "body"),
        (b"{}", "memberships"),
        (b'{"memberships": null}', "memberships"),
        (b'{"memberships": {"member_id": "a"}}', "memberships"),
        (b'{"memberships": ["a"]}', "memberships"),
        (b'{"memberships": [[]]}', "memberships"),
        (b'{"memberships": [{}]}', "member_id"),
        (b'{"memberships": [{"member_id": null}]}', "member_id"),
        (b'{"memberships": [{"member_id": 7}]}', "member_id"),
        (b'{"memberships": [{"member_id": ["a"]}]}', "member_id"),
        (b'{"memberships": [{"member_id": "\\u0000"}]}', "body"),
        (b'{"memberships": [{"member_id": "\\ud800"}]}', "body"),
    ],
)
def test_a_replacement_of_another_shape_is_refused_by_the_field_that_is_wrong(body: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        memberships.read_replacement(body)

    assert refused.value.field == field


def test_members_are_written_with_their_id_and_whether_they_may_share_and_nothing_else() -> None:
    members = [Member(project="a", status=MemberStatus.REJECTED), Member(project="b", can_share=True)]
    shared = [SharedImage(image_id="i", can_share=True), SharedImage(image_id="j", can_share=False)]

    written: Any = memberships.write_members(members)
    assert written == {"members": [{"member_id": "a", "can_share": False}, {"member_id": "b", "can_share": True}]}
    assert memberships.write_shared(shared) == {
        "shared_images": [{"image_id": "i", "can_share": True}, {"image_id": "j", "can_share": False}]
    }
