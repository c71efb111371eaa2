"""Projects, users and roles. Source: docs/operate/accounts.md."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from calotype.catalogue.tables import images
from calotype.domain.accounts import ByName
from calotype.domain.callers import Role
from calotype.domain.errors import Conflict, Invalid, NotFound, Unauthenticated
from calotype.service.accounts import FirstAccount


def names(things):
    return [thing.name for thing in things]


def add_image(town, owner, **columns):
    row = {
        "id": "3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
        "owner": owner,
        "visibility": "shared",
        "status": "active",
        "min_disk_gib": 0,
        "min_ram_mib": 0,
        "is_protected": False,
        "is_hidden": False,
        "created_at": 1,
        "updated_at": 1,
        "properties": "{}",
        "tags": "[]",
        "locations": "[]",
        "version": 1,
        "member_count": 0,
    }
    with town.catalogue.writing() as connection:
        connection.execute(insert(images).values(**row | columns))


def test_a_new_project_is_listed_by_name_with_the_time_it_was_made(town):
    for name in ("web", "büro", "shop"):
        town.accounts.create_project(name)

    assert names(town.accounts.projects()) == ["büro", "shop", "web"]
    assert town.accounts.projects()[0].created_at == datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)


def test_a_name_is_given_once(town):
    town.settle()

    with pytest.raises(Conflict, match="a project web already"):
        town.accounts.create_project("web")
    with pytest.raises(Conflict, match="a user ann already"):
        town.accounts.create_user("ann", "x")


@pytest.mark.parametrize("name", ["", " web", "web ", "a\0b", "a\nb", "a\x7f", "\ud800", "x" * 65])
def test_a_project_needs_a_printable_name_of_64_characters_at_most(town, name):
    with pytest.raises(Invalid, match="'project'"):
        town.accounts.create_project(name)


def test_a_users_name_may_have_255_characters(town):
    town.accounts.create_user("x" * 255, "secret")

    with pytest.raises(Invalid, match="'user'"):
        town.accounts.create_user("x" * 256, "secret")
    assert names(town.accounts.users()) == ["x" * 255]


@pytest.mark.parametrize("password", ["", "x" * 1025, "ü" * 513, "\ud800"])
def test_a_password_that_cannot_be_used_is_refused_without_being_shown(town, password):
    with pytest.raises(Invalid) as refusal:
        town.accounts.create_user("ann", password)

    assert "'***' for 'password'" in str(refusal.value)


def test_a_user_can_only_have_a_default_project_that_is_there(town):
    with pytest.raises(NotFound, match="no project web"):
        town.accounts.create_user("ann", "secret", "web")


def test_a_deleted_user_is_gone_with_tokens_and_roles(town):
    town.settle()
    token = town.log_in()

    town.accounts.delete_user("ann")

    assert town.accounts.users() == []
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)
    assert town.accounts.projects_of(token.token.user.id) == []


def test_a_deleted_project_is_gone_with_its_tokens_and_as_default(town):
    town.settle()
    token = town.log_in()

    town.accounts.delete_project("web")

    assert town.accounts.projects() == []
    assert town.accounts.users()[0].default_project_id is None
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)


def test_a_project_stays_while_it_owns_an_image_and_may_go_once_that_is_deleted(town):
    add_image(town, owner=town.accounts.create_project("web").id)
    with pytest.raises(Conflict, match="still owns images"):
        town.accounts.delete_project("web")

    with town.catalogue.writing() as connection:
        connection.execute(update(images).values(deleted_at=2, status="deleted"))
    town.accounts.delete_project("web")

    assert town.accounts.projects() == []


def test_a_disabled_user_cannot_log_in_until_enabled_and_old_tokens_do_not_come_back(town):
    town.settle()
    token = town.log_in()

    town.accounts.set_enabled("ann", is_enabled=False)

    with pytest.raises(Unauthenticated):
        town.log_in()
    town.accounts.set_enabled("ann", is_enabled=True)
    assert town.accounts.authenticate(town.log_in().secret)
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)


def test_a_new_password_replaces_the_old_one_and_ends_its_tokens_but_nobody_elses(town):
    town.settle()
    town.settle("bob")
    anns, bobs = town.log_in(), town.log_in("bob")

    town.accounts.set_password("ann", "fresh")

    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(anns.secret)
    with pytest.raises(Unauthenticated):
        town.log_in()
    assert town.log_in(password="fresh")
    assert town.accounts.authenticate(bobs.secret)


def test_a_role_is_given_once_however_often_and_taken_once(town):
    town.settle()
    town.accounts.grant(Role.MEMBER, "ann", "web")

    town.accounts.revoke(Role.MEMBER, "ann", "web")

    with pytest.raises(NotFound, match="ann has no role member in the project web"):
        town.accounts.revoke(Role.MEMBER, "ann", "web")


@pytest.mark.parametrize(
    "act",
    [
        lambda accounts: accounts.delete_user("nobody"),
        lambda accounts: accounts.set_password("nobody", "secret"),
        lambda accounts: accounts.set_enabled("nobody", is_enabled=False),
        lambda accounts: accounts.delete_project("nowhere"),
        lambda accounts: accounts.grant(Role.READER, "nobody", "nowhere"),
        lambda accounts: accounts.revoke(Role.READER, "nobody", "nowhere"),
    ],
)
def test_what_is_not_there_is_named(town, act):
    with pytest.raises(NotFound, match=r"no (user nobody|project nowhere)"):
        act(town.accounts)


FIRST = [
    FirstAccount(user="ann", password="one", project="web", role=Role.MEMBER),
    FirstAccount(user="root", password="two", project="admin", role=Role.ADMIN),
]


def test_the_first_accounts_can_log_in_to_their_projects(town):
    assert town.accounts.ensure_first_accounts(FIRST)

    assert town.log_in("ann", password="one").token.roles == ("member",)
    assert town.log_in("root", ByName("admin"), password="two").token.roles == ("admin",)


def test_the_first_accounts_are_made_only_where_there_is_no_user(town):
    town.settle("zoe")

    assert not town.accounts.ensure_first_accounts(FIRST)
    assert names(town.accounts.users()) == ["zoe"]


def test_the_first_accounts_move_into_a_project_that_is_there(town):
    town.accounts.create_project("web")

    assert town.accounts.ensure_first_accounts(FIRST)
    assert names(town.accounts.projects()) == ["admin", "web"]
