"""Application credentials over every database: what ends them, and what they never give."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from calotype.catalogue import tables
from calotype.domain.accounts import ById, ByName, CredentialProof, PasswordProof, Scope, TokenProof
from calotype.domain.application_credentials import Wanted
from calotype.domain.callers import Role
from calotype.domain.errors import Conflict, Invalid, NotFound, Refused, Throttled, Unauthenticated
from calotype.service.throttle import MOST_FAILURES


@pytest.fixture
def ann(town):
    """Ann's caller, member of `web`."""
    town.settle()
    return town.accounts.authenticate(town.log_in().secret)


def make(town, caller, **telling):
    return town.accounts.application_credentials.create(caller, caller.user, Wanted(**{"name": "ci"} | telling))


def proof(issued):
    return CredentialProof(issued.credential.id, issued.secret)


def log_in(town, *proofs, scope=Scope.DEFAULT):
    return town.accounts.logins.log_in(proofs, scope)


def test_what_was_asked_for_is_kept_and_the_secret_only_as_a_hash(town, ann, clock):
    ends = clock() + timedelta(days=1)
    wanted = {"secret": "chosen", "roles": ("reader",), "description": "für 📷", "is_unrestricted": True}

    issued = make(town, ann, expires_at=ends, **wanted)

    known = town.accounts.application_credentials.show(ann, ann.user, issued.credential.id)
    assert known == issued.credential
    assert (known.project_id, known.roles, known.description) == (ann.project, ("reader",), "für 📷")
    assert (known.is_unrestricted, known.expires_at, known.created_at) == (True, ends, clock())
    with town.catalogue.reading() as connection:
        kept = connection.execute(select(tables.application_credentials)).mappings().one()
    assert kept["secret_hash"].startswith("$argon2id$")
    assert "chosen" not in repr(dict(kept))
    assert "chosen" not in repr(issued)
    assert "chosen" not in repr(Wanted(name="ci", secret="chosen"))
    assert "chosen" not in repr(CredentialProof("ci", "chosen"))


def test_it_works_to_its_last_moment_and_its_tokens_too(town, ann, clock):
    issued = make(town, ann, expires_at=clock() + timedelta(minutes=5))
    token = log_in(town, proof(issued))
    clock.advance(minutes=5, microseconds=-1)
    assert town.accounts.authenticate(token.secret).user == ann.user
    assert log_in(town, proof(issued)).token.expires_at == issued.credential.expires_at

    clock.advance(microseconds=1)

    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)
    with pytest.raises(Unauthenticated):
        log_in(town, proof(issued))


def test_one_that_is_already_over_is_not_made(town, ann, clock):
    with pytest.raises(Invalid, match="expires_at"):
        make(town, ann, expires_at=clock())


@pytest.mark.parametrize("table", [tables.users, tables.projects], ids=["user", "project"])
def test_with_a_disabled_user_or_project_it_is_worth_nothing(town, ann, table):
    issued = make(town, ann)
    token = log_in(town, proof(issued))

    with town.catalogue.writing() as connection:
        connection.execute(update(table).values(enabled=False))

    with pytest.raises(Unauthenticated):
        log_in(town, proof(issued))
    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)


def test_a_role_that_includes_its_own_is_enough(town, ann):
    issued = make(town, ann, roles=("reader",))
    token = log_in(town, proof(issued))

    town.accounts.grant(Role.ADMIN, "ann", "web")
    town.accounts.revoke(Role.MEMBER, "ann", "web")

    assert town.accounts.authenticate(token.secret).roles == {"reader"}
    assert log_in(town, proof(issued)).token.roles == ("reader",)


def test_a_role_that_was_lost_counts_again_once_it_is_given_back(town, ann):
    issued = make(town, ann)
    token = log_in(town, proof(issued))
    town.accounts.grant(Role.READER, "ann", "web")
    town.accounts.revoke(Role.MEMBER, "ann", "web")

    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)
    with pytest.raises(Unauthenticated):
        log_in(town, proof(issued))
    with pytest.raises(Unauthenticated):
        log_in(town, TokenProof(token.secret))
    with pytest.raises(NotFound):
        town.accounts.tokens.show(ann, token.secret)
    town.accounts.grant(Role.MEMBER, "ann", "web")

    assert town.accounts.authenticate(token.secret).roles == {"member"}


def test_a_token_got_with_one_does_not_gain_what_its_user_gains(town, ann):
    token = log_in(town, proof(make(town, ann)))

    town.accounts.grant(Role.ADMIN, "ann", "web")

    assert town.accounts.authenticate(token.secret).roles == {"member"}
    assert log_in(town, TokenProof(token.secret)).token.roles == ("member",)


def test_a_token_says_again_what_it_said_when_it_was_issued(town, ann):
    issued = log_in(town, proof(make(town, ann)))

    assert issued.token.credential.name == "ci"
    assert town.accounts.tokens.show(ann, issued.secret) == issued.token


def test_a_password_beside_it_adds_nothing_and_anothers_spoils_it(town, ann):
    issued = make(town, ann, roles=("reader",))
    town.settle("bob")

    both = log_in(town, PasswordProof(ByName("ann"), "secret of ann"), proof(issued))

    assert (both.token.methods, both.token.roles) == (("password", "application_credential"), ("reader",))
    with pytest.raises(Unauthenticated):
        log_in(town, PasswordProof(ByName("bob"), "secret of bob"), proof(issued))


def test_two_of_them_prove_nothing_together(town, ann):
    first, second = make(town, ann), make(town, ann, name="other")

    with pytest.raises(Unauthenticated):
        log_in(town, proof(first), TokenProof(log_in(town, proof(second)).secret))


@pytest.mark.parametrize("scope", [Scope.NONE, Scope.FOREIGN, ByName("web"), ById("web")])
def test_no_scope_may_be_asked_for_beside_it(town, ann, scope):
    with pytest.raises(Unauthenticated):
        log_in(town, proof(make(town, ann)), scope=scope)


def test_ten_wrong_secrets_make_it_wait_and_not_its_user(town, ann):
    issued = make(town, ann)
    for _ in range(MOST_FAILURES):
        with pytest.raises(Unauthenticated):
            log_in(town, CredentialProof(issued.credential.id, "guess"))

    with pytest.raises(Throttled):
        log_in(town, proof(issued))
    assert town.log_in().token.user.id == ann.user


def test_a_name_is_free_for_every_user_once(town, ann):
    town.settle("bob")
    bob = town.accounts.authenticate(town.log_in("bob").secret)
    make(town, ann)

    with pytest.raises(Conflict):
        make(town, ann)
    assert make(town, bob).credential.name == "ci"
    by_name = CredentialProof("ci", make(town, bob, name="b").secret, ByName("bob"))
    with pytest.raises(Unauthenticated):
        log_in(town, by_name)


@pytest.mark.parametrize("gone", ["credential", "user", "project"])
def test_what_is_gone_takes_it_and_its_tokens_along(town, ann, gone):
    issued = make(town, ann)
    token = log_in(town, proof(issued))
    plain = town.log_in()

    match gone:
        case "credential":
            town.accounts.application_credentials.delete(ann, ann.user, issued.credential.id)
        case "user":
            town.accounts.delete_user("ann")
        case "project":
            town.accounts.delete_project("web")

    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)
    with pytest.raises(Unauthenticated):
        log_in(town, proof(issued))
    with town.catalogue.reading() as connection:
        assert connection.execute(select(func.count()).select_from(tables.application_credentials)).scalar_one() == 0
    if gone == "credential":
        assert town.accounts.authenticate(plain.secret) == ann


def test_a_new_password_ends_the_tokens_and_not_it(town, ann):
    issued = make(town, ann)
    token = log_in(town, proof(issued))

    town.accounts.set_password("ann", "another")

    with pytest.raises(Unauthenticated):
        town.accounts.authenticate(token.secret)
    assert log_in(town, proof(issued)).token.user.id == ann.user


def test_one_that_was_got_with_a_deleted_one_may_do_nothing(town, ann):
    issued = make(town, ann, is_unrestricted=True)
    caller = town.accounts.authenticate(log_in(town, proof(issued)).secret)

    town.accounts.application_credentials.delete(ann, ann.user, issued.credential.id)

    with pytest.raises(Refused):
        make(town, caller, name="more")


def test_no_login_survives_a_deletion_at_the_same_moment(town, ann):
    """Whichever comes first: afterwards no token that was got with it is good."""
    for _ in range(5):
        issued = make(town, ann)
        begin = threading.Barrier(3)
        got = []

        def enter(issued=issued, begin=begin, got=got):
            begin.wait()
            try:
                got.append(log_in(town, proof(issued)).secret)
            except Unauthenticated:
                got.append("refused")

        threads = [threading.Thread(target=enter) for _ in range(2)]
        for thread in threads:
            thread.start()
        begin.wait()
        town.accounts.application_credentials.delete(ann, ann.user, issued.credential.id)
        for thread in threads:
            thread.join()

        assert len(got) == 2
        for secret in got:
            with pytest.raises(Unauthenticated):
                town.accounts.authenticate(secret)
