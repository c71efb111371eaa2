"""The handlers over a real catalogue, for callers and rules that no token stands for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from calotype.catalogue import images as statements
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.members import insert_members
from calotype.domain.callers import Caller
from calotype.domain.errors import Refused
from calotype.domain.images import Image, Member, Visibility
from calotype.domain.rights import DEFAULT_RULES, NOBODY, Action, Rules
from calotype.faces.v1 import images
from calotype.http.messages import Request
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
    nothing: Any = None
    return Services(
        images=reading,
        uploads=nothing,
        downloads=nothing,
        deletions=nothing,
        members=Members(catalogue, rules, options),
        accounts=nothing,
        directory=nothing,
        grants=nothing,
        options=options,
    )


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
