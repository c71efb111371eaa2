"""From proofs of identity to a token. Source: docs/api/identity.md, "Log in"."""

import time
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select

from calotype.catalogue import accounts as account_statements
from calotype.catalogue.tables import tokens as token_table
from calotype.catalogue.tables import users as user_table
from calotype.domain.accounts import ById, ByName, PasswordProof, Scope, TokenProof
from calotype.domain.callers import Role
from calotype.domain.errors import Throttled, Unauthenticated


def test_a_login_without_scope_is_for_the_default_project(town):
    town.settle()

    token = town.log_in().token

    assert (token.user.name, token.project.name, token.roles, token.methods) == (
        "ann",
        "web",
        ("member",),
        ("password",),
    )
    assert token.expires_at - token.issued_at == timedelta(hours=1)


def test_a_login_without_scope_is_unscoped_where_the_default_project_lets_the_user_not_in(town):
    town.settle()
    town.accounts.revoke(Role.MEMBER, "ann", "web")

    assert town.log_in().token.project is None


def test_an_unscoped_login_has_no_project_and_no_role_although_there_is_a_default(town):
    town.settle()

    token = town.log_in(scope=Scope.NONE).token

    assert (token.project, token.roles) == (None, ())


def test_user_and_project_may_be_named_by_id(town):
    town.settle()
    first = town.log_in().token

    proof = PasswordProof(ById(first.user.id), "secret of ann")
    again = town.accounts.logins.log_in([proof], ById(first.project.id)).token

    assert (again.user, again.project) == (first.user, first.project)


@pytest.mark.parametrize("domain", ["default", "Default"])
def test_the_domain_goes_by_id_and_name(town, domain):
    town.settle()

    assert town.log_in(scope=ByName("web", domain)).token.project.name == "web"


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(ByName("shop"), id="a project without role"),
        pytest.param(ByName("nowhere"), id="no project"),
        pytest.param(ByName("web", "elsewhere"), id="another domain"),
        pytest.param(ById("a\0b"), id="no id at all"),
        pytest.param(Scope.FOREIGN, id="a domain or the like"),
    ],
)
def test_a_scope_the_user_has_no_part_in_is_refused(town, scope):
    town.settle()
    town.accounts.create_project("shop")

    with pytest.raises(Unauthenticated):
        town.log_in(scope=scope)


UNKNOWN = [
    pytest.param(ByName("nobody"), id="name"),
    pytest.param(ById("nobody"), id="id"),
    pytest.param(ByName("ann", "elsewhere"), id="domain"),
    pytest.param(ByName("a\0\ud800" + "n" * 300), id="no name"),
]


@pytest.mark.parametrize("user", UNKNOWN)
def test_an_unknown_user_and_a_wrong_password_are_told_apart_neither_by_words_nor_by_cost(town, user):
    town.settle()

    def fail(reference):
        start = time.thread_time()
        with pytest.raises(Unauthenticated) as refusal:
            town.accounts.logins.log_in([PasswordProof(reference, "guess")], Scope.DEFAULT)
        return str(refusal.value), time.thread_time() - start

    fail(user)  # loads what is loaded on first use
    (wrong, wrong_cpu_s), (unknown, unknown_cpu_s) = fail(ByName("ann")), fail(user)

    assert unknown == wrong
    # A look-up without hash takes less than a twentieth.
    assert 0.25 < unknown_cpu_s / wrong_cpu_s < 4


def test_a_password_of_more_than_1024_bytes_is_wrong(town):
    town.settle()

    with pytest.raises(Unauthenticated):
        town.log_in(password="x" * 1025)


def test_a_token_proves_its_user_and_the_new_one_ends_with_it(town, clock):
    town.settle()
    town.settle("ann", "shop", Role.READER)
    first = town.log_in()
    clock.advance(minutes=20)

    second = town.accounts.logins.log_in([TokenProof(first.secret)], ByName("shop")).token

    assert (second.project.name, second.roles, second.methods) == ("shop", ("reader",), ("token", "password"))
    assert (second.issued_at, second.expires_at) == (clock.now, first.token.expires_at)
    assert second.audit_ids[1:] == first.token.audit_ids


def test_a_token_that_was_got_by_a_token_names_the_first_login_as_its_origin(town):
    town.settle()
    first = town.log_in()
    second = town.accounts.logins.log_in([TokenProof(first.secret)], Scope.NONE)

    third = town.accounts.logins.log_in([TokenProof(second.secret)], Scope.NONE).token

    assert len(third.audit_ids) == 2
    assert third.audit_ids[1:] == first.token.audit_ids


def test_a_bad_token_proves_nothing(town):
    town.settle()

    with pytest.raises(Unauthenticated):
        town.accounts.logins.log_in([TokenProof("guess")], Scope.NONE)


def test_no_proof_proves_nothing(town):
    with pytest.raises(Unauthenticated):
        town.accounts.logins.log_in([], Scope.NONE)


def test_two_proofs_must_be_of_one_user(town):
    town.settle()
    town.settle("bob")
    bobs = TokenProof(town.log_in("bob").secret)
    anns = TokenProof(town.log_in("ann").secret)
    password = PasswordProof(ByName("ann"), "secret of ann")

    assert town.accounts.logins.log_in([password, anns], Scope.NONE).token.methods == ("password", "token")
    with pytest.raises(Unauthenticated):
        town.accounts.logins.log_in([password, bobs], Scope.NONE)


def test_a_password_that_is_changed_while_it_is_checked_gives_no_token(town, monkeypatch):
    town.settle()
    verify = "calotype.service.logins.passwords.verify"

    def change_meanwhile(_password_hash, _password):
        monkeypatch.undo()
        town.accounts.set_password("ann", "fresh")
        return True

    monkeypatch.setattr(verify, change_meanwhile)

    with pytest.raises(Unauthenticated):
        town.log_in()


def test_a_password_cannot_change_between_its_last_look_and_the_token(town):
    """Or a token got with the old password would outlive it: the change waits, then removes it."""
    town.settle()
    ended = []

    def change():
        town.accounts.set_password("ann", "fresh")
        ended.append("changed")

    changer = Thread(target=change)
    with town.catalogue.writing() as connection:
        account_statements.select_user(connection, ByName("ann"), is_held=True)
        changer.start()
        changer.join(timeout=0.3)
        ended.append("logged in")
    changer.join()

    assert ended == ["logged in", "changed"]


def test_a_name_that_failed_ten_times_in_a_minute_waits_and_others_do_not(town, clock):
    town.settle()
    town.settle("bob")
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            town.log_in(password="guess")
        clock.advance(seconds=1)

    with pytest.raises(Throttled) as refusal:
        town.log_in()
    assert refusal.value.retry_after_s == 50
    assert town.log_in("bob")
    clock.advance(seconds=50)
    assert town.log_in()


def test_a_name_nobody_has_waits_like_one_somebody_has(town):
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            town.log_in("nobody")

    with pytest.raises(Throttled):
        town.log_in("nobody")


def test_a_user_who_is_named_by_id_is_counted_with_the_name(town):
    town.settle()
    user = town.accounts.users()[0]
    for reference in [ById(user.id), ByName("ann")] * 5:
        with pytest.raises(Unauthenticated):
            town.accounts.logins.log_in([PasswordProof(reference, "guess")], Scope.NONE)

    with pytest.raises(Throttled):
        town.log_in()


def test_a_good_login_makes_its_failures_forgotten(town):
    town.settle()
    for _ in range(2):
        for _ in range(9):
            with pytest.raises(Unauthenticated):
                town.log_in(password="guess")
        assert town.log_in()


def test_expired_tokens_are_removed_when_somebody_logs_in(town, clock):
    town.settle()
    town.log_in()
    town.log_in()
    clock.advance(hours=1)

    town.log_in()

    with town.catalogue.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(token_table)) == 1


def test_neither_password_nor_token_is_kept_as_text(town):
    town.settle()
    secret = town.log_in().secret

    with town.catalogue.reading() as connection:
        rows = [*connection.execute(select(token_table)), *connection.execute(select(user_table))]
    assert secret not in str(rows)
    assert "secret of ann" not in str(rows)
    assert secret not in repr(town.log_in())
