"""`calotype project`, `user` and `role`. Source: docs/operate/accounts.md."""

import getpass
import io
import json
import subprocess

import pytest

import servers
from calotype import credentials
from calotype.cli import run
from calotype.domain.accounts import ByName, PasswordProof, Scope
from calotype.domain.errors import Unauthenticated


@pytest.fixture
def calotype(folder, capsys):
    """Runs a command on `folder` and gives its exit code, standard output and standard error."""

    def command(*arguments):
        code = run([*arguments, "--data-dir", str(folder)])
        return code, *capsys.readouterr()

    return command


def log_in(accounts, user, password):
    return accounts.logins.log_in([PasswordProof(ByName(user), password)], Scope.DEFAULT).token


def test_a_user_who_is_made_and_given_a_role_can_log_in_with_the_password_that_was_printed(calotype, accounts):
    calotype("project", "create", "web")
    code, printed, _ = calotype("user", "create", "ann", "--project", "web", "--format", "json")
    calotype("role", "grant", "member", "--user", "ann", "--project", "web")

    made = json.loads(printed)
    assert code == 0
    assert (made["name"], made["default_project"], made["enabled"]) == ("ann", "web", True)
    token = log_in(accounts, "ann", made["password"])
    assert (token.project.name, token.roles) == ("web", ("member",))


def test_lists_are_json_for_programs(calotype, accounts):
    web = accounts.create_project("web")
    ann = accounts.create_user("ann", "secret", "web")
    bob = accounts.create_user("bob", "secret")

    assert json.loads(calotype("project", "list", "--format", "json")[1]) == [
        {"name": "web", "id": web.id, "enabled": True, "quota_bytes": None, "quota_images": None}
    ]
    assert json.loads(calotype("user", "list", "--format", "json")[1]) == [
        {"name": "ann", "id": ann.id, "enabled": True, "default_project": "web"},
        {"name": "bob", "id": bob.id, "enabled": True, "default_project": None},
    ]


def test_lists_are_tables_for_people_with_every_name_as_it_is_and_whole(calotype, accounts):
    long = "x" * 200
    accounts.create_user("[red]ann[/red]", "secret")
    accounts.create_user(long, "secret")

    _, printed, _ = calotype("user", "list")

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    assert [(row[0], row[2], row[3]) for row in rows] == [("[red]ann[/red]", "yes", ""), (long, "yes", "")]


def test_what_is_deleted_is_gone(calotype, accounts):
    accounts.create_project("web")
    accounts.create_user("ann", "secret")

    assert calotype("project", "delete", "web")[0] == 0
    assert calotype("user", "delete", "ann")[0] == 0
    assert (accounts.projects(), accounts.users()) == ([], [])


def test_a_quota_is_set_and_taken_away_and_one_that_is_not_named_stays(calotype, accounts):
    web = accounts.create_project("web")

    def quotas():
        (row,) = json.loads(calotype("project", "list", "--format", "json")[1])
        return row["quota_bytes"], row["quota_images"]

    assert calotype("project", "set", "web", "--quota-bytes", "5000", "--quota-images", "0") == (0, "", "")
    assert quotas() == (5000, 0)
    calotype("project", "set", "web", "--quota-images", "7")
    assert quotas() == (5000, 7)
    calotype("project", "set", "web", "--quota-bytes", "none")
    assert quotas() == (None, 7)
    assert accounts.quotas() == {web.id: (None, 7)}


def test_a_disabled_user_cannot_log_in_until_enabled_again(calotype, accounts):
    accounts.create_user("ann", "secret")

    assert calotype("user", "disable", "ann") == (0, "", "")
    with pytest.raises(Unauthenticated):
        log_in(accounts, "ann", "secret")
    assert [row["enabled"] for row in json.loads(calotype("user", "list", "--format", "json")[1])] == [False]
    assert calotype("user", "enable", "ann") == (0, "", "")

    assert log_in(accounts, "ann", "secret")


def test_a_role_that_is_revoked_is_gone(calotype, accounts):
    accounts.create_project("web")
    accounts.create_user("ann", "secret", "web")
    calotype("role", "grant", "reader", "--user", "ann", "--project", "web")
    assert log_in(accounts, "ann", "secret").roles == ("reader",)

    calotype("role", "revoke", "reader", "--user", "ann", "--project", "web")

    assert log_in(accounts, "ann", "secret").project is None


def test_a_password_is_taken_from_the_first_line_of_standard_input(calotype, accounts, monkeypatch):
    accounts.create_user("ann", "secret")
    monkeypatch.setattr("sys.stdin", io.StringIO("two words \nrest\n"))

    assert calotype("user", "set-password", "ann", "--password-stdin") == (0, "", "")
    assert log_in(accounts, "ann", "two words ")


def test_a_password_is_asked_for_twice(calotype, accounts, monkeypatch):
    accounts.create_user("ann", "secret")
    answers = iter(["fresh", "fresh", "one", "another"])
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))

    assert calotype("user", "set-password", "ann")[0] == 0
    assert calotype("user", "set-password", "ann")[::2] == (
        2,
        "calotype: Invalid value '***' for 'password': the two are not the same\n",
    )
    assert log_in(accounts, "ann", "fresh")


def test_without_a_terminal_to_ask_at_one_line_says_how_else_to_give_a_password(accounts, folder):
    accounts.create_user("ann", "secret")

    result = subprocess.run(
        [servers.PROGRAM, "user", "set-password", "ann", "--data-dir", folder],
        env=servers.environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (result.returncode, result.stdout) == (2, "")
    assert (
        result.stderr == "calotype: There is no terminal to ask for the password at; give it with --password-stdin.\n"
    )


def test_a_new_password_of_a_first_account_goes_into_its_files_too(calotype, accounts, folder, monkeypatch):
    credentials.prepare(folder, "http://127.0.0.1:9292", accounts)
    before = credentials.read(folder)
    monkeypatch.setattr("sys.stdin", io.StringIO("fresh\n"))

    calotype("user", "set-password", "calotype", "--password-stdin")

    assert credentials.read(folder).ordinary.password == "fresh"
    assert "OS_PASSWORD=fresh\n" in (folder / "openrc").read_text()
    with pytest.raises(Unauthenticated):
        log_in(accounts, "calotype", before.ordinary.password)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["project", "delete", "nowhere"], "There is no project nowhere."),
        (["user", "delete", "nobody"], "There is no user nobody."),
        (["project", "create", "a\tb"], "a name has 1 to 64 printable characters"),
        (["role", "grant", "boss", "--user", "ann", "--project", "web"], '"reader", "member", "admin"'),
        (["user", "list", "--format", "xml"], '"table", "json"'),
        (["user", "disable", "nobody"], "There is no user nobody."),
        (["user", "enable", "nobody"], "There is no user nobody."),
        (["project", "set", "nowhere", "--quota-bytes", "5"], "There is no project nowhere."),
        (["project", "set", "nowhere"], "There is nothing to set"),
        (["project", "set", "nowhere", "--quota-bytes", "lots"], "lots"),
        (["project", "set", "nowhere", "--quota-images", "-1"], "not between 0 and 9223372036854775807"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_code_2(calotype, arguments, said):
    code, printed, complaint = calotype(*arguments)

    assert (code, printed) == (2, "")
    assert said in complaint
    assert complaint.count("\n") == 1


def test_a_folder_without_catalogue_is_named_and_not_given_one(tmp_path, capsys):
    assert run(["user", "list", "--data-dir", str(tmp_path)]) == 5

    assert str(tmp_path / "catalogue.sqlite") in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
