"""keystoneauth1 and python-keystoneclient: every way of logging in, and what they find in the service's identity."""

from collections.abc import Callable
from typing import Any

import pytest
from programs import Clients

from servers import Server

#: `login` has username, password and project_name.
BEGIN = """
from keystoneauth1 import exceptions
from keystoneauth1.identity import generic, v3
from keystoneauth1.session import Session

user = {"username": login["username"], "password": login["password"], "user_domain_name": "Default"}
project = {"project_name": login["project_name"], "project_domain_name": "Default"}
"""


@pytest.fixture
def keystone(clients: Clients) -> Callable[..., Any]:
    """Runs a program that has keystoneauth1 at hand; gives what it left in `result`."""
    return lambda program, **given: clients.python(BEGIN + program, **given)


@pytest.mark.parametrize(
    ("plugin", "path"),
    [(plugin, path) for plugin in ("v3", "generic") for path in ("/v3", "/identity/v3", "/identity", "/identity/")],
)
def test_each_service_is_found_whatever_the_form_of_auth_url(keystone, server: Server, plugin, path):
    found = keystone(
        """
session = Session({"v3": v3, "generic": generic}[plugin].Password(url + path, **user, **project))
result = [[kind, interface, session.get_endpoint(service_type=kind, interface=interface)]
          for kind in ("identity", "image", "imagev1") for interface in ("public", "internal", "admin")]
""",
        plugin=plugin,
        path=path,
    )

    urls = {"identity": server.url + "/identity/v3", "image": server.url, "imagev1": server.url}
    assert found == [[kind, interface, urls[kind]] for kind in urls for interface in ("public", "internal", "admin")]


def test_versions_are_discovered(keystone, server: Server):
    found = keystone("""
session = Session(v3.Password(url + "/v3", **user, **project))
result = {
    "image": {version: session.get_endpoint(service_type="image", version=version)
              for version in ("1", "1.0", "1.1", "2", "2.17")},
    "newest": session.get_endpoint(service_type="image", min_version="1", max_version="latest"),
    "identity": session.get_endpoint(service_type="identity", version="3"),
    "known": sorted(each["version"].partition(".")[0] for region in session.get_all_version_data(service_type="image").values()
                    for interface in region.values() for service in interface.values() for each in service),
}
""")

    assert found == {
        "image": dict.fromkeys(("1", "1.0", "1.1"), server.url + "/v1/")
        | dict.fromkeys(("2", "2.17"), server.url + "/v2/"),
        "newest": server.url + "/v2/",
        "identity": server.url + "/identity/v3",
        "known": ["1", "1"] + ["2"] * 11,
    }


def test_a_token_is_for_the_scope_that_was_asked_for(keystone):
    said = keystone("""
def told(**scope):
    auth = v3.Password(url + "/v3", **user, **scope)
    access = auth.get_access(Session(auth))
    return [access.project_name, access.role_names, access.scoped, access.has_service_catalog()]

project_id = Session(v3.Password(url + "/v3", **user, **project)).get_project_id()
result = {
    "by name and domain's name": told(**project),
    "by name and domain's id": told(project_name=login["project_name"], project_domain_id="default"),
    "by id": told(project_id=project_id),
    "none asked for": told(),
    "unscoped": told(unscoped=True),
}
""")

    scoped = ["calotype", ["member"], True, True]
    assert said.pop("unscoped") == [None, [], False, False]
    assert said == dict.fromkeys(
        ["by name and domain's name", "by name and domain's id", "by id", "none asked for"], scoped
    )


def test_access_says_who_where_and_until_when(keystone):
    said = keystone("""
auth = v3.Password(url + "/v3", **user, **project)
session = Session(auth)
access = auth.get_access(session)
again = v3.Password(url + "/v3", user_id=access.user_id, password=login["password"], **project)
result = {
    "user": [access.username, access.user_domain_id, access.user_domain_name],
    "project": [access.project_name, access.project_domain_id, access.project_domain_name],
    "lives": (access.expires - access.issued).total_seconds(),
    "expires soon": access.will_expire_soon(),
    "same user": again.get_access(session).user_id == access.user_id,
    "same project": session.get_project_id() == access.project_id,
}
""")

    assert said == {
        "user": ["calotype", "default", "Default"],
        "project": ["calotype", "default", "Default"],
        "lives": 3600,
        "expires soon": False,
        "same user": True,
        "same project": True,
    }


def test_a_token_gets_a_token_for_a_project_that_ends_with_it(keystone):
    said = keystone("""
first = v3.Password(url + "/v3", **user, unscoped=True)
session = Session(first)
second = v3.Token(url + "/v3", token=session.get_token(), **project)
access = second.get_access(session)
result = [access.project_name, access.role_names, access.expires == first.get_access(session).expires,
          session.get("/v1/images", auth=second, endpoint_filter={"service_type": "image"}).status_code]
""")

    assert said == ["calotype", ["member"], True, 200]


def test_after_its_token_was_revoked_a_session_logs_in_again_by_itself(keystone, server: Server):
    old, new, status = keystone("""
session = Session(v3.Password(url + "/v3", **user, **project))
old = session.get_token()
session.delete("/auth/tokens", endpoint_filter={"service_type": "identity"}, headers={"X-Subject-Token": old})
answer = session.get("/v1/images", endpoint_filter={"service_type": "image"})
result = [old, session.get_token(), answer.status_code]
""")

    assert status == 200
    assert new != old
    assert server.request("GET", "/v1/images", token=old).status == 401
    assert server.request("GET", "/v1/images", token=new).status == 200


def test_who_cannot_prove_who_they_are_is_unauthorized(keystone):
    said = keystone("""
def refused(kind, **how):
    try:
        return Session(kind(url + "/v3", **how)).get_token()
    except exceptions.Unauthorized as error:
        return error.message.partition(" (HTTP 401)")[0]

revoked = Session(v3.Password(url + "/v3", **user, **project))
token = revoked.get_token()
revoked.delete("/auth/tokens", endpoint_filter={"service_type": "identity"}, headers={"X-Subject-Token": token})
result = {
    "wrong password": refused(v3.Password, **user | {"password": "wrong"}, **project),
    "unknown user": refused(v3.Password, **user | {"username": "nobody"}, **project),
    "unknown domain": refused(v3.Password, **user | {"user_domain_name": "nowhere"}, **project),
    "unknown project": refused(v3.Password, **user, **project | {"project_name": "nothing"}),
    "another's project": refused(v3.Password, **user, **project | {"project_name": "admin"}),
    "revoked token": refused(v3.Token, token=token, **project),
    "no token": refused(v3.Token, token="none", **project),
}
""")

    assert len(said) == 7
    assert set(said.values()) == {"The request you have made requires authentication."}


def test_keystoneclient_lists_projects_and_judges_and_revokes_tokens(keystone):
    said = keystone("""
from keystoneclient.v3 import client
session = Session(v3.Password(url + "/v3", **user, **project))
identity = client.Client(session=session)
other = v3.Password(url + "/v3", **user, unscoped=True).get_access(session).auth_token
judged = identity.tokens.get_token_data(other)["token"]["user"]["name"]
identity.tokens.revoke_token(other)
try:
    identity.tokens.validate(other)
except exceptions.NotFound as error:
    afterwards = error.http_status
result = {"projects": [each.name for each in identity.auth.projects()],
          "own": identity.tokens.validate(session.get_token()).project_name, "judged": judged, "afterwards": afterwards}
""")

    assert said == {"projects": ["calotype"], "own": "calotype", "judged": "calotype", "afterwards": 404}
