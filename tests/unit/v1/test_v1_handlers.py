"""The handlers over a real catalogue, for callers and rules that no token stands for."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from calotype.catalogue import images as statements
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.members import insert_members
from calotype.domain.callers import Caller
from calotype.domain.errors import NotFound, Refused, Unauthenticated
from calotype.domain.images import Image, Member, Visibility
from calotype.domain.rights import DEFAULT_RULES, NOBODY, Action, Rules
from calotype.faces.v1 import images, members
from calotype.http.messages import Request, Response
from calotype.service.images import Images
from calotype.service.members import Members
from calotype.service.options import ServiceOptions
from calotype.service.services import Services

ADMIN = Caller("root", "admins", frozenset({"admin"}))
MakeRequest = Callable[..., Request]


def services_over(catalogue: Catalogue, rules: Rules) -> Services:
    """Enough for the reading side."""
    options = ServiceOptions()
    reading: Any = Images(catalogue, rules, options, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    given: dict[str, Any] = {
        **dict.fromkeys(Services.__dataclass_fields__),
        "images": reading,
        "members": Members(catalogue, rules, options, lambda: datetime(2026, 1, 1, tzinfo=UTC)),
        "options": options,
    }
    return Services(**given)


@pytest.mark.parametrize(
    ("handler", "query"),
    [
        (images.list_brief, ""),
        (images.list_detailed, ""),
        (images.list_brief, "limit=many"),
        (images.list_detailed, "limit=many"),
    ],
)
def test_rules_that_let_nobody_list_come_before_parameters_and_hold_for_admins(
    catalogue: Catalogue, a_request: MakeRequest, handler: Any, query: str
) -> None:
    services = services_over(catalogue, Rules({**DEFAULT_RULES, Action.LIST_IMAGES: NOBODY}))

    with pytest.raises(Refused):
        handler(services, a_request(raw_query=query, caller=ADMIN))


def test_rules_that_let_nobody_look_come_before_whether_there_is_something(
    catalogue: Catalogue, a_request: MakeRequest
) -> None:
    services = services_over(catalogue, Rules({**DEFAULT_RULES, Action.SHOW_IMAGE: NOBODY}))

    with pytest.raises(Refused):
        images.show_headers(services, a_request("HEAD", params={"image_id": "nobody's"}, caller=ADMIN))


def test_a_caller_without_a_project_lists_only_what_is_public(
    catalogue: Catalogue, a_request: MakeRequest, an_image: Callable[..., Image]
) -> None:
    with catalogue.writing() as connection:
        statements.insert_image(connection, an_image(name="public", visibility=Visibility.PUBLIC))
        shared = an_image(name="shared", visibility=Visibility.SHARED)
        statements.insert_image(connection, shared)
        insert_members(connection, shared, [Member(project="anybody")])
        statements.insert_image(connection, an_image(name="ownerless", owner=None, visibility=Visibility.PRIVATE))
    services = services_over(catalogue, Rules(DEFAULT_RULES))

    answer = images.list_brief(services, a_request(caller=Caller("lost", None, frozenset({"reader"}))))

    assert b'"public"' in answer.body
    assert b'"shared"' not in answer.body
    assert b'"ownerless"' not in answer.body


ONE = {"image_id": "nobody's", "member_id": "theirs"}
NONE_LEFT = b'{"memberships": []}'
Handler = Callable[[Services, Request], Response]


@pytest.mark.parametrize(
    ("action", "handler", "body"),
    [
        (Action.LIST_MEMBERS, members.list_members, b""),
        (Action.MODIFY_MEMBER, members.add, b""),
        (Action.MODIFY_MEMBER, members.replace, NONE_LEFT),
        (Action.DELETE_MEMBER, members.remove, b""),
        (Action.LIST_IMAGES, members.list_shared, b""),
    ],
)
def test_rules_about_members_come_before_whether_there_is_an_image_and_hold_for_admins(
    catalogue: Catalogue, a_request: MakeRequest, action: Action, handler: Handler, body: bytes
) -> None:
    request = a_request(params=ONE, body=body, caller=ADMIN)
    refusing = services_over(catalogue, Rules({**DEFAULT_RULES, action: NOBODY}))
    others = services_over(catalogue, Rules({**dict.fromkeys(Action, NOBODY), action: DEFAULT_RULES[action]}))

    with pytest.raises(Refused):
        handler(refusing, request)
    with suppress(NotFound):
        assert handler(others, request).status == 200


@pytest.mark.parametrize(("handler", "body"), [(members.add, b""), (members.replace, NONE_LEFT), (members.remove, b"")])
def test_who_has_no_project_must_log_in_for_one_to_change_members(
    catalogue: Catalogue, a_request: MakeRequest, handler: Handler, body: bytes
) -> None:
    services = services_over(catalogue, Rules({**DEFAULT_RULES, Action.MODIFY_MEMBER: NOBODY}))

    with pytest.raises(Unauthenticated):
        handler(services, a_request(params=ONE, body=body, caller=Caller("lost", None, frozenset({"member"}))))


def test_who_has_no_project_sees_no_member_and_nothing_shared(
    catalogue: Catalogue, a_request: MakeRequest, an_image: Callable[..., Image]
) -> None:
    """Neither may an image without owner be taken for the caller's own."""
    with catalogue.writing() as connection:
        for owner, visibility in (("theirs", Visibility.PUBLIC), (None, Visibility.SHARED)):
            image = an_image(id=f"of {owner}", owner=owner, visibility=visibility)
            statements.insert_image(connection, image)
            insert_members(connection, image, [Member(project="anybody")])
    services = services_over(catalogue, Rules(DEFAULT_RULES))
    lost = Caller("lost", None, frozenset({"reader"}))

    for image_id in ("of theirs", "of None"):
        answer = members.list_members(services, a_request(params={"image_id": image_id}, caller=lost))
        assert answer.body == b'{"members": []}'
    answer = members.list_shared(services, a_request(params={"member_id": "anybody"}, caller=lost))
    assert answer.body == b'{"shared_images": []}'


def test_an_admin_without_project_changes_members(
    catalogue: Catalogue, a_request: MakeRequest, an_image: Callable[..., Image]
) -> None:
    with catalogue.writing() as connection:
        statements.insert_image(connection, an_image(id="nobody's", owner=None))
    services = services_over(catalogue, Rules(DEFAULT_RULES))
    request = a_request(params=ONE, caller=Caller("root", None, frozenset({"admin"})))

    assert members.add(services, request).status == 204
    assert members.list_members(services, request).body == b'{"members": [{"member_id": "theirs", "can_share": false}]}'
    assert members.remove(services, request).status == 204
