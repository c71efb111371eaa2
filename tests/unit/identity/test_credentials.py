"""The files by which clients find the first accounts. Source: docs/operate/accounts.md."""

import os
import stat
import subprocess

import pytest
import yaml

from calotype import credentials
from calotype.domain.accounts import ByName, PasswordProof
from calotype.domain.callers import Role
from calotype.domain.errors import Invalid, Unauthenticated

HERE = "http://127.0.0.1:9292"
FILES = ("credentials.json", "clouds.yaml", "openrc")


def clouds(folder):
    return yaml.safe_load((folder / "clouds.yaml").read_text())["clouds"]


def log_in(accounts, auth):
    proof = PasswordProof(ByName(auth["username"], auth["user_domain_name"]), auth["password"])
    return accounts.logins.log_in([proof], ByName(auth["project_name"], auth["project_domain_name"])).token


def test_a_first_start_makes_an_ordinary_user_and_an_admin_whom_clouds_yaml_logs_in(folder, accounts):
    assert credentials.prepare(folder, HERE, accounts) is None

    roles = {name: log_in(accounts, cloud["auth"]).roles for name, cloud in clouds(folder).items()}
    assert roles == {"calotype": ("member",), "calotype-admin": ("admin",)}


def test_clouds_yaml_holds_what_openstack_clients_ask_for(folder, accounts):
    credentials.prepare(folder, HERE, accounts)

    cloud = clouds(folder)["calotype"]
    assert cloud["auth"].pop("password").isalnum()
    assert cloud == {
        "auth": {
            "auth_url": "http://127.0.0.1:9292/identity/v3",
            "username": "calotype",
            "project_name": "calotype",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "identity_api_version": 3,
        "region_name": "RegionOne",
        "interface": "public",
    }


def test_openrc_gives_a_shell_the_ordinary_login_and_clears_what_is_in_its_way(folder, accounts):
    credentials.prepare(folder, HERE, accounts)

    shown = subprocess.run(
        ["/bin/sh", "-c", f". {folder / 'openrc'} && env"],
        env={"OS_CLOUD": "another", "OS_PROJECT_ID": "another", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )

    found = dict(line.split("=", 1) for line in shown.stdout.splitlines() if line.startswith("OS_"))
    auth = clouds(folder)["calotype"]["auth"]
    assert found == {
        "OS_AUTH_URL": auth["auth_url"],
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": "calotype",
        "OS_PASSWORD": auth["password"],
        "OS_PROJECT_NAME": "calotype",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne",
        "OS_INTERFACE": "public",
        "OS_ENDPOINT_TYPE": "publicURL",
    }


def test_values_that_a_shell_or_yaml_would_read_otherwise_arrive_as_they_are(folder):
    odd = credentials.Login(username="ann", password='a\'b "c" $HOME: #\\ü😀', project_name="web")
    written = credentials.Credentials(base_url=HERE, ordinary=odd, admin=odd)

    credentials.write(folder, written)

    shown = subprocess.run(
        ["/bin/sh", "-c", f'. {folder / "openrc"} && printf %s "$OS_PASSWORD"'], capture_output=True, check=True
    )
    assert shown.stdout.decode() == odd.password
    assert clouds(folder)["calotype"]["auth"]["password"] == odd.password
    assert credentials.read(folder) == written


def test_the_files_are_for_their_owner_only_whatever_they_were_before(folder, accounts):
    credentials.prepare(folder, HERE, accounts)
    for name in FILES:
        (folder / name).chmod(0o644)

    credentials.prepare(folder, HERE, accounts)

    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in FILES} == {0o600}


def test_a_later_start_keeps_the_passwords_and_writes_its_own_address(folder, accounts):
    credentials.prepare(folder, HERE, accounts)
    before = clouds(folder)

    assert credentials.prepare(folder, "https://images.example.org", accounts) is None

    after = clouds(folder)
    assert after["calotype"]["auth"].pop("auth_url") == "https://images.example.org/identity/v3"
    before["calotype"]["auth"].pop("auth_url")
    assert after["calotype"] == before["calotype"]


def test_nothing_but_the_files_is_left_in_the_folder(folder, accounts):
    credentials.prepare(folder, HERE, accounts)
    credentials.prepare(folder, HERE + "1", accounts)

    assert {path.name for path in folder.iterdir() if not path.name.startswith("catalogue.sqlite")} == set(FILES)


def test_an_empty_catalogue_gets_the_accounts_that_the_folder_knows(folder, accounts):
    login = credentials.Login(username="ann", password="swordfish", project_name="web")
    other = credentials.Login(username="root", password="marlin", project_name="admin")
    credentials.write(folder, credentials.Credentials(base_url=HERE, ordinary=login, admin=other))

    assert credentials.prepare(folder, HERE, accounts) is None
    assert log_in(accounts, clouds(folder)["calotype"]["auth"]).user.name == "ann"


def test_accounts_whose_passwords_the_folder_does_not_know_are_left_alone_and_that_is_said(folder, accounts):
    accounts.create_user("zoe", "swordfish")

    said = credentials.prepare(folder, HERE, accounts)

    assert "no " + str(folder / "credentials.json") in said
    assert [user.name for user in accounts.users()] == ["zoe"]
    assert not any((folder / name).exists() for name in FILES)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff", b'{"base_url": 1}'])
def test_a_damaged_file_is_refused_by_name_and_stays(folder, accounts, content):
    (folder / "credentials.json").write_bytes(content)

    with pytest.raises(Invalid, match=r"credentials\.json"):
        credentials.prepare(folder, HERE, accounts)
    assert (folder / "credentials.json").read_bytes() == content


def test_a_new_password_of_a_first_account_is_remembered_and_anybody_elses_is_not(folder, accounts):
    credentials.prepare(folder, HERE, accounts)

    assert credentials.remember(folder, "calotype", "fresh")
    assert credentials.remember(folder, "admin", "fresher")
    assert not credentials.remember(folder, "zoe", "freshest")

    passwords = {name: cloud["auth"]["password"] for name, cloud in clouds(folder).items()}
    assert passwords == {"calotype": "fresh", "calotype-admin": "fresher"}


def test_without_a_file_no_password_is_remembered(folder):
    assert not credentials.remember(folder, "calotype", "fresh")
    assert not any((folder / name).exists() for name in FILES)


def test_a_first_account_that_lost_its_role_is_not_given_it_again(folder, accounts):
    credentials.prepare(folder, HERE, accounts)
    accounts.revoke(Role.ADMIN, "admin", "admin")

    credentials.prepare(folder, HERE, accounts)

    with pytest.raises(Unauthenticated):
        log_in(accounts, clouds(folder)["calotype-admin"]["auth"])


def test_passwords_do_not_show_in_representations(folder, accounts):
    credentials.prepare(folder, HERE, accounts)
    known = credentials.read(folder)

    assert known.ordinary.password not in repr(known)
