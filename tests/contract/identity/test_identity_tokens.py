"""What a token stands for. Source: docs/api/identity.md, "Tokens"."""

import pytest
from counting import reading_engine
from sqlalchemy import event, update

from calotype.catalogue import tables, tokens
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.accounts import Scope
from calotype.domain.callers import Caller, Role
from calotype.domain.errors import Broken, NotFound, Refused, Unauthenticated
from calotype.service.accounts import Accounts


def set_all(town, table, **values):
    with town.catalogue.writing() as connection:
        connection.execute(update(table).values(**values))


def test_the_bearer_of_a_token_is_its_user_in_its_project_with_the_roles_there(town):
    town.settle()
    town.settle("ann", "web", Role.READER)
    issued = town.log_in()

    caller = town.accounts.authenticate(issued.secret)

    assert caller == Caller(issued.token.user.id, issued.token.project.id, frozenset({"member", "reader"}))


def test_the_bearer_of_an_unscoped_token_has_no_project_and_no_role(town):
    town.settle()
    issued = town.log_in(scope=Scope.NONE)

    assert town.accounts.authenticate(issued.secret) == Caller(issued.token.user.id, None)


def test_a_role_given_or_taken_counts_at_once_for_tokens_that_are_out(town):
    town.settle()
    secret = town.log_in().secret

    town.accounts.grant(Role.ADMIN, "ann", "web")
    assert town.accounts.authenticate(secret).is_admin
    for role in (Role.ADMIN, Role.MEMBER):
        town.accounts.revoke(role, "ann", "web")
    assert town.accounts.authenticate(secret).roles == frozenset()


@pytest.mark.parametrize("secret", [None, "", "guess", "\ud800", "é" * 70_000])
def test_nobody_bears_what_is_no_token(town, secret):
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(secret)


def test_a_token_is_good_until_the_microsecond_it_expires(town, clock):
    town.settle()
    issued = town.log_in()

    clock.advance(hours=1, microseconds=-1)
    assert town.accounts.authenticate(issued.secret)
    clock.advance(microseconds=1)
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(issued.secret)


@pytest.mark.parametrize("table", [tables.users, tables.projects], ids=["user", "project"])
def test_a_token_of_a_disabled_user_or_project_is_not_good(town, table):
    town.settle()
    caller, secret = town.accounts.authenticate(town.log_in().secret), town.log_in().secret

    set_all(town, table, enabled=False)

    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(secret)
    with pytest.raises(NotFound):
        town.accounts.tokens.show(caller, secret)


def test_a_token_says_again_what_it_said_when_it_was_issued(town):
    town.settle()
    issued = town.log_in()

    assert town.accounts.tokens.show(town.accounts.authenticate(issued.secret), issued.secret) == issued.token


def test_another_users_token_is_for_admins_only(town):
    town.settle()
    town.settle("bob")
    town.settle("root", "admin", Role.ADMIN)
    anns = town.log_in("ann").secret
    bob, root = (town.accounts.authenticate(town.log_in(name).secret) for name in ("bob", "root"))

    for act in (town.accounts.tokens.show, town.accounts.tokens.revoke):
        with pytest.raises(Refused):
            act(bob, anns)
    assert town.accounts.tokens.show(root, anns).user.name == "ann"
    town.accounts.tokens.revoke(root, anns)
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(anns)


def test_a_revoked_token_is_gone_for_every_node_and_the_users_others_stay(town, clock, database):
    town.settle()
    first, second = town.log_in().secret, town.log_in().secret
    caller = town.accounts.authenticate(first)
    other_node = Catalogue(CatalogueOptions(url=database))
    elsewhere = Accounts(other_node, clock)

    town.accounts.tokens.revoke(caller, first)

    with pytest.raises(Unauthenticated):
        elsewhere.authenticate(first)
    assert elsewhere.authenticate(second) == caller
    with pytest.raises(NotFound):
        town.accounts.tokens.revoke(caller, first)
    other_node.close()


def test_the_projects_of_a_user_are_the_enabled_ones_with_a_role_by_name(town):
    for project in ("web", "shop", "attic"):
        town.settle("ann", project)
    town.settle("bob", "elsewhere")
    with town.catalogue.writing() as connection:
        connection.execute(update(tables.projects).where(tables.projects.c.name == "attic").values(enabled=False))

    projects = town.accounts.projects_of(town.log_in().token.user.id)

    assert [project.name for project in projects] == ["shop", "web"]


def test_a_token_is_judged_by_one_statement(town):
    town.settle()
    secret = town.log_in().secret
    said = []
    engine = reading_engine(town.catalogue)
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))

    # The statement itself goes past SQLAlchemy, straight to the driver; whatever else there was would be seen here.
    town.accounts.authenticate(secret)

    assert [statement for statement in said if not statement.startswith("BEGIN")] == []


def test_a_database_that_cannot_answer_is_broken_not_a_bug(empty_database, clock):
    catalogue = Catalogue(CatalogueOptions(url=empty_database))

    with pytest.raises(Broken):
        Accounts(catalogue, clock).authenticate("guess")
    catalogue.close()


def test_tokens_that_are_over_are_counted_and_removed_and_others_stay(town, clock):
    town.settle()
    town.log_in()
    clock.advance(minutes=59)
    secret = town.log_in().secret
    clock.advance(minutes=1)
    now = clock()

    with town.catalogue.writing() as connection:
        counted = tokens.count_expired(connection, now)
        removed = tokens.delete_expired(connection, now)
        left = tokens.count_expired(connection, now)

    assert (counted, removed, left) == (1, 1, 0)
    assert town.accounts.authenticate(secret).project
