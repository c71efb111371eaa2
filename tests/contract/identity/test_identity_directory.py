"""Projects, users and roles as callers ask for them, on every database. Source: docs/api/identity.md."""

from threading import Barrier, Thread

import pytest
from counting import reading_engine
from sqlalchemy import event, select

from calotype.catalogue import tables
from calotype.domain.callers import Caller, Role
from calotype.domain.directory import AssignmentQuery, DirectoryQuery, ProjectChange, UserChange
from calotype.domain.errors import Conflict, Invalid, NotFound, Refused, Unauthenticated
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.directory import Directory
from calotype.service.grants import Grants

ADMIN = Caller("root", "admins", frozenset({"admin"}))


@pytest.fixture
def directory(town):
    return Directory(town.catalogue, Rules(DEFAULT_RULES), town.accounts.logins, town.accounts._clock)


@pytest.fixture
def grants(town):
    return Grants(town.catalogue, Rules(DEFAULT_RULES))


def names(things):
    return [thing.name for thing in things]


def make_projects(directory, *wanted):
    return [directory.create_project(ADMIN, ProjectChange(name=name)) for name in wanted]


def test_what_is_made_is_found_again_with_all_that_is_known(directory, clock):
    project = directory.create_project(ADMIN, ProjectChange(name="web", description="shop", is_enabled=False))
    user = directory.create_user(
        ADMIN, UserChange(name="ann", email="a@example.org", description="größe", default_project_id=project.id)
    )

    assert directory.project(ADMIN, project.id) == project
    assert directory.user(ADMIN, user.id) == user
    assert (project.is_enabled, project.description, user.created_at) == (False, "shop", clock.now)


def test_pages_go_on_behind_their_marker_in_the_order_of_bytes(directory):
    made = make_projects(directory, "b", "ä", "B", "a")

    walked, marker = [], None
    for _ in made:
        page, more_follow = directory.projects(ADMIN, DirectoryQuery(limit=1, marker=marker))
        walked += names(page)
        marker = page[-1].id
        assert more_follow == (len(walked) < len(made))

    assert walked == ["B", "a", "b", "ä"]
    assert directory.projects(ADMIN, DirectoryQuery(limit=1, marker=marker)) == ([], False)


def test_a_list_takes_as_many_statements_whatever_it_holds(directory, town):
    make_projects(directory, *(f"project {number}" for number in range(20)))
    asked = []
    event.listen(reading_engine(town.catalogue), "before_cursor_execute", lambda *_: asked.append(_[2]))

    directory.projects(ADMIN, DirectoryQuery())

    assert len([sql for sql in asked if sql.startswith("SELECT projects")]) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (DirectoryQuery(), ["bob", "eve"]),
        (DirectoryQuery(name="bob"), ["bob"]),
        (DirectoryQuery(name="BOB"), []),
        (DirectoryQuery(is_enabled=False), ["eve"]),
        (DirectoryQuery(is_enabled=True, name="eve"), []),
        (DirectoryQuery(nothing=True), []),
    ],
)
def test_users_are_found_by_name_and_state(directory, query, found):
    directory.create_user(ADMIN, UserChange(name="bob"))
    directory.create_user(ADMIN, UserChange(name="eve", is_enabled=False))

    assert names(directory.users(ADMIN, query)[0]) == found


def test_a_marker_that_is_nobodys_is_refused(directory):
    with pytest.raises(Invalid, match="marker"):
        directory.users(ADMIN, DirectoryQuery(marker="nobody"))


def test_the_projects_of_a_user_are_those_with_a_role_disabled_ones_too(directory, grants):
    open_one, closed, _ = make_projects(directory, "open", "closed", "foreign")
    user = directory.create_user(ADMIN, UserChange(name="ann"))
    for project in (open_one, closed):
        grants.give(ADMIN, project.id, user.id, "member")
    grants.give(ADMIN, closed.id, user.id, "reader")
    directory.change_project(ADMIN, closed.id, ProjectChange(is_enabled=False))

    assert names(directory.projects_of(Caller(user.id, None), user.id, DirectoryQuery())) == ["closed", "open"]


def test_a_user_without_password_cannot_log_in_by_any(directory, town):
    directory.create_user(ADMIN, UserChange(name="ann"))

    for password in ("", "x"):
        with pytest.raises(Unauthenticated):
            town.log_in("ann", password=password)


def test_a_password_that_was_changed_meanwhile_is_not_changed_again(directory, town, monkeypatch):
    town.settle()
    user_id = town.log_in().token.user.id
    check = town.accounts.logins.check_password

    def overtaken(proof):
        checked = check(proof)
        town.accounts.set_password("ann", "faster")
        return checked

    monkeypatch.setattr(town.accounts.logins, "check_password", overtaken)
    with pytest.raises(Unauthenticated):
        directory.change_own_password(user_id, "secret of ann", "slower")

    assert town.log_in(password="faster")


def test_a_deleted_user_leaves_no_assignment_and_a_deleted_project_none_either(directory, grants, town):
    web, shop = make_projects(directory, "web", "shop")
    ann, bob = (directory.create_user(ADMIN, UserChange(name=name)) for name in ("ann", "bob"))
    for project, user in ((web, ann), (shop, ann), (web, bob), (shop, bob)):
        grants.give(ADMIN, project.id, user.id, "reader")

    directory.delete_user(ADMIN, ann.id)
    directory.delete_project(ADMIN, web.id)

    left = grants.assignments(ADMIN, AssignmentQuery())
    assert [(each.project.name, each.user.name, each.role) for each in left] == [("shop", "bob", "reader")]
    with town.catalogue.reading() as connection:
        assert len(connection.execute(select(tables.role_assignments)).all()) == 1


def test_a_role_that_many_give_at_once_is_given_once_and_nobody_is_told_off(directory, grants):
    (project,), user = make_projects(directory, "web"), directory.create_user(ADMIN, UserChange(name="ann"))
    givers, errors = 4, []
    together = Barrier(givers)

    def give():
        together.wait()
        try:
            grants.give(ADMIN, project.id, user.id, "member")
        except Exception as error:  # noqa: BLE001 -- a thread's error is the test's to see, whatever it is
            errors.append(error)

    threads = [Thread(target=give) for _ in range(givers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert grants.roles_of(ADMIN, project.id, user.id) == ("member",)


def test_a_name_that_two_want_at_once_is_the_firsts(directory, monkeypatch):
    monkeypatch.setattr("calotype.catalogue.accounts.select_project", lambda *_: None)  # as if the other had just come
    make_projects(directory, "web")

    with pytest.raises(Conflict):
        make_projects(directory, "web")


def test_a_right_that_is_missing_comes_before_whether_there_is_such_a_thing(directory, grants):
    member = Caller("ann", "web", frozenset({"member"}))
    for refused in (
        lambda: directory.user(member, "nobody"),
        lambda: directory.delete_user(member, "nobody"),
        lambda: directory.project(member, "nowhere"),
        lambda: directory.projects_of(member, "nobody", DirectoryQuery()),
        lambda: grants.give(member, "nowhere", "nobody", "nothing"),
        lambda: grants.take(member, "web", "ann", Role.MEMBER),
    ):
        with pytest.raises(Refused):
            refused()
    with pytest.raises(NotFound, match="user: nobody"):
        directory.user(ADMIN, "nobody")


def test_a_change_of_nothing_changes_nothing(directory, town):
    town.settle()
    issued = town.log_in()

    user = directory.change_user(ADMIN, issued.token.user.id, UserChange())

    assert user.name == "ann"
    assert town.accounts.authenticate(issued.secret)
    with town.catalogue.reading() as connection:
        assert connection.execute(select(tables.users.c.id)).scalars().all() == [user.id]
