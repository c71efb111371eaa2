"""`calotype credential`. Source: docs/operate/accounts.md."""

import json

import pytest

from calotype.cli import run
from calotype.domain.accounts import CredentialProof, Scope
from calotype.domain.callers import Role
from calotype.domain.errors import Unauthenticated


@pytest.fixture
def calotype(folder, capsys):
    """Runs a command on `folder` and gives its exit code, standard output and standard error."""

    def command(*arguments):
        code = run([*arguments, "--data-dir", str(folder)])
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def ann(accounts):
    """A user with two roles in the project `web`."""
    accounts.create_project("web")
    ann = accounts.create_user("ann", "secret", "web")
    accounts.grant(Role.MEMBER, "ann", "web")
    accounts.grant(Role.READER, "ann", "web")
    return ann


def create(calotype, name, *arguments):
    return calotype("credential", "create", name, "--user", "ann", "--project", "web", *arguments)


def log_in(accounts, made):
    return accounts.logins.log_in([CredentialProof(made["id"], made["secret"])], Scope.DEFAULT).token


def test_one_that_is_made_logs_in_with_the_secret_that_was_printed(calotype, accounts, ann):
    code, printed, said = create(calotype, "ci", "--format", "json")

    made = json.loads(printed)
    assert (code, said) == (0, "")
    assert (made["name"], made["user"], made["project"], made["roles"]) == ("ci", "ann", "web", "member reader")
    assert (made["unrestricted"], made["expires_at"]) == (False, None)
    token = log_in(accounts, made)
    assert (token.user.id, token.project.name, token.roles) == (ann.id, "web", ("member", "reader"))


def test_it_may_be_given_less_than_its_user_has_and_an_end(calotype, accounts, ann):
    options = ("--role", "reader", "--expires-at", "2999-01-31T12:00:00", "--unrestricted", "--description", "for CI")

    made = json.loads(create(calotype, "ci", *options, "--format", "json")[1])

    assert (made["roles"], made["unrestricted"], made["expires_at"]) == ("reader", True, "2999-01-31T12:00:00+00:00")
    assert log_in(accounts, made).roles == ("reader",)


def test_a_list_shows_whose_they_are_and_no_secret(calotype, accounts, ann):
    accounts.create_user("bob", "secret")
    made = json.loads(create(calotype, "ci", "--format", "json")[1])
    secret = made.pop("secret")

    everybodys = calotype("credential", "list", "--format", "json")[1]
    assert json.loads(everybodys) == [made]
    assert json.loads(calotype("credential", "list", "--user", "ann", "--format", "json")[1]) == [made]
    assert json.loads(calotype("credential", "list", "--user", "bob", "--format", "json")[1]) == []
    table = calotype("credential", "list")[1]
    assert made["id"] in table
    assert secret not in everybodys + table


def test_one_that_is_deleted_is_gone(calotype, accounts, ann):
    made = json.loads(create(calotype, "ci", "--format", "json")[1])

    assert calotype("credential", "delete", "ci", "--user", "ann") == (0, "", "")
    with pytest.raises(Unauthenticated):
        log_in(accounts, made)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "ci", "--user", "nobody", "--project", "web"], "There is no user nobody."),
        (["create", "ci", "--user", "ann", "--project", "nowhere"], "There is no project nowhere."),
        (["create", "ci", "--user", "ann", "--project", "shop"], "ann has no role in the project shop."),
        (["create", "ci", "--user", "ann", "--project", "web", "--role", "admin"], "not a role that is held"),
        (["create", "ci", "--user", "ann", "--project", "web", "--expires-at", "soon"], "soon"),
        (["create", "ci", "--user", "ann", "--project", "web", "--expires-at", "2001-01-01"], "not in the future"),
        (["create", "taken", "--user", "ann", "--project", "web"], "taken already"),
        (["create", "ci"], "--user"),
        (["delete", "ci", "--user", "ann"], "ann has no application credential ci."),
        (["list", "--user", "nobody"], "There is no user nobody."),
    ],
)
def test_what_cannot_be_done_is_one_line_and_code_2(calotype, accounts, ann, arguments, said):
    accounts.create_project("shop")
    create(calotype, "taken")

    code, printed, complaint = calotype("credential", *arguments)

    assert (code, printed) == (2, "")
    assert said in complaint
    assert complaint.count("\n") == 1
