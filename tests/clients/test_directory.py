"""python-openstackclient and openstacksdk keep projects, users and roles. Source: docs/api/identity.md."""

from collections.abc import Callable
from typing import Any

import pytest
from programs import Clients

from servers import Server

Said = Callable[..., list[Any]]


@pytest.fixture
def openstack(clients: Clients) -> Said:
    """Runs commands, one a line, as the admin unless told otherwise."""
    return lambda lines, cloud="calotype-admin": clients.openstack(lines, "--os-cloud", cloud)


def named(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["Name"]: row for row in rows}


def test_projects_are_made_found_changed_and_deleted(openstack: Said):
    made, again, changed, shown, listed, deleted, gone = openstack("""
        project create --domain default --description shop web -f json
        project create --or-show web -f json
        project set --description closed --disable --name web-2 web
        project show web-2 -f json
        project list --long -f json
        project delete web-2
        project show web-2
    """)

    assert (made["name"], made["description"], made["enabled"]) == ("web", "shop", True)
    assert again["id"] == shown["id"] == made["id"]
    assert (shown["description"], shown["enabled"]) == ("closed", False)
    assert named(listed)["web-2"]["Description"] == "closed"
    assert (changed, deleted) == ("", "")
    assert "No Project found for web-2" in gone


def test_users_are_made_found_changed_and_deleted(openstack: Said, server: Server):
    _, made, _, changed, shown, of_project = openstack("""
        project create desk
        user create --project desk --password one --email a@example.org ann -f json
        role add --user ann --project desk member
        user set --password two --description busy ann
        user show ann -f json
        user list --project desk -f json
    """)
    token = server.log_in("ann", "two", "desk")

    _, listed, deleted, after = openstack("""
        user set --disable ann
        user list --long -f json
        user delete ann
        user show ann
    """)

    assert (made["name"], made["email"], made["enabled"]) == ("ann", "a@example.org", True)
    assert (shown["description"], changed, deleted) == ("busy", "", "")
    assert list(named(of_project)) == ["ann"]
    assert named(listed)["ann"]["Enabled"] is False
    assert "No User found for ann" in after
    assert server.request("GET", "/v1/images", token=token).status == 401


def test_a_user_changes_the_own_password(openstack: Said, clients: Clients, server: Server):
    openstack("""
        project create stall
        user create --project stall --password two eve
        role add --user eve --project stall member
    """)
    command = ("openstack", "user", "password", "set", "--original-password", "two", "--password", "three")

    clients.after_openrc(*command, before="export OS_USERNAME=eve OS_PASSWORD=two OS_PROJECT_NAME=stall")

    assert server.log_in("eve", "three", "stall")


def test_roles_are_given_listed_and_taken(openstack: Said):
    of_bob = "role assignment list --user bob --project lab --names -f json"
    *_, roles, shown, _, given, admins, _, left = openstack(f"""
        project create lab
        user create bob
        role list -f json
        role show member -f json
        role add --user bob --project lab reader
        {of_bob}
        role assignment list --role admin --effective -f json
        role remove --user bob --project lab reader
        {of_bob}
    """)

    assert set(named(roles)) == {"admin", "member", "reader", "service"}
    assert shown["id"] == "member"
    assert [(each["Role"], each["User"], each["Project"]) for each in given] == [
        ("reader", "bob@Default", "lab@Default")
    ]
    assert len(admins) == 1
    assert left == []


def test_an_ordinary_user_sees_the_own_things_and_is_told_so_of_the_rest(openstack: Said, server: Server):
    known = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": server.token_of()}).json["token"]
    own, mine, project, user, *refused = openstack(
        f"""
        project list -f json
        project list --my-projects -f json
        project show {known["project"]["id"]} -f json
        user show {known["user"]["id"]} -f json
        user list
        role assignment list
        project create never
        """,
        cloud="calotype",
    )

    assert list(named(own)) == list(named(mine)) == ["calotype"]
    assert (project["name"], user["name"]) == ("calotype", "calotype")
    assert [("403" in said) for said in refused] == [True, True, True]


def test_the_domain_is_listed_and_shown(openstack: Said):
    listed, by_name = openstack("domain list -f json\ndomain show Default -f json")
    (to_everybody,) = openstack("domain show default -f json", cloud="calotype")

    assert [each["ID"] for each in listed] == ["default"]
    assert (by_name["id"], to_everybody["name"]) == ("default", "Default")


def test_the_sdk_keeps_projects_users_and_roles(clients):
    said = clients.python("""
import openstack

identity = openstack.connect(cloud="calotype-admin").identity
project = identity.create_project(name="sdk", description="made by the SDK", domain_id="default")
user = identity.create_user(name="sdk", password="secret", email="s@example.org", default_project_id=project.id)
role = identity.find_role("member")
identity.assign_project_role_to_user(project, user, role)
given = [each.role["id"] for each in identity.role_assignments(user_id=user.id, scope_project_id=project.id)]
has = identity.validate_user_has_project_role(project, user, role)
of_user = [each.name for each in identity.user_projects(user)]
found = [identity.find_project("sdk").id == project.id, identity.find_user("sdk").id == user.id,
         identity.get_project(project.id).description, identity.find_domain("Default").id, identity.find_user("nope")]
paged = sorted(each.name for each in identity.projects(limit=1))
renamed = identity.update_project(project, name="sdk 2", is_enabled=False)
identity.unassign_project_role_from_user(project, user, role)
left = list(identity.role_assignments(user_id=user.id))
identity.delete_user(user, ignore_missing=False)
identity.delete_project(project, ignore_missing=False)
result = {"given": given, "has": has, "of user": of_user, "found": found, "paged": {"sdk", "admin"} <= set(paged),
          "renamed": [renamed.name, renamed.is_enabled], "left": left, "after": identity.find_project("sdk 2")}
""")

    assert said == {
        "given": ["member"],
        "has": True,
        "of user": ["sdk"],
        "found": [True, True, "made by the SDK", "default", None],
        "paged": True,
        "renamed": ["sdk 2", False],
        "left": [],
        "after": None,
    }
