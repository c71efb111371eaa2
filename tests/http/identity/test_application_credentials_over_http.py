"""Application credentials over the whole application. Source: docs/api/identity.md, "Application credentials"."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from calotype import app
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.callers import Role
from calotype.service.accounts import Accounts

DOMAIN = {"id": "default"}


@pytest.fixture(params=["/identity/v3", "/v3"])
def prefix(request):
    return request.param


@pytest.fixture(scope="module")
def accounts(server, server_place):
    """The accounts of the running server, changed beside it."""
    catalogue = Catalogue(CatalogueOptions(url=server_place.database, is_durable=False))
    yield Accounts(catalogue, app.now)
    catalogue.close()


class Someone:
    """A user with a token for the project `calotype`, and what this user asks for."""

    def __init__(self, server, name, password):
        self.server, self.name, self.password = server, name, password
        self.token = server.log_in(name, password, "calotype")
        shown = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": self.token}, token=self.token)
        self.id, self.project_id = shown.json["token"]["user"]["id"], shown.json["token"]["project"]["id"]

    def ask(self, method, path="", body=None, *, token=None, user_id=None, prefix="/v3"):
        content = None if body is None else json.dumps(body).encode()
        url = f"{prefix}/users/{user_id or self.id}/application_credentials{path}"
        return self.server.request(
            method, url, content, {"Content-Type": "application/json"}, token=token or self.token
        )

    def create(self, token=None, **telling):
        body = {"application_credential": {"name": uuid.uuid4().hex} | telling}
        answer = self.ask("POST", body=body, token=token)
        assert answer.status == 201, answer.body
        return answer.json["application_credential"]

    def log_in(self, scope=None, **by):
        identity = {"methods": ["application_credential"], "application_credential": by}
        auth = {"identity": identity} | ({} if scope is None else {"scope": scope})
        return self.server.request("POST", "/v3/auth/tokens", json.dumps({"auth": auth}).encode(), token=None)


def settle(server, accounts):
    name = f"user-{uuid.uuid4().hex}"
    accounts.create_user(name, "secret of " + name, "calotype")
    accounts.grant(Role.MEMBER, name, "calotype")
    return Someone(server, name, "secret of " + name)


@pytest.fixture
def someone(server, accounts):
    """A new user, member of the project `calotype`."""
    return settle(server, accounts)


@pytest.fixture(scope="module")
def anyone(server, accounts):
    """The same for tests that leave nothing behind."""
    return settle(server, accounts)


def test_a_new_one_has_its_secret_in_this_answer_and_in_no_other(server, someone, prefix):
    asked = {"name": "ci", "description": "für die Pipeline", "roles": [{"name": "reader"}]}

    made = someone.ask("POST", body={"application_credential": asked}, prefix=prefix)

    created = made.json["application_credential"]
    self_url = f"{server.url}{prefix}/users/{someone.id}/application_credentials"
    assert made.status == 201
    assert len(created.pop("secret")) >= 32
    assert created == {
        "id": created["id"],
        "name": "ci",
        "description": "für die Pipeline",
        "user_id": someone.id,
        "project_id": someone.project_id,
        "roles": [{"id": "reader", "name": "reader", "domain_id": None}],
        "unrestricted": False,
        "expires_at": None,
        "links": {"self": f"{self_url}/{created['id']}"},
    }
    shown = someone.ask("GET", f"/{created['id']}", prefix=prefix)
    listed = someone.ask("GET", prefix=prefix)
    assert (shown.status, shown.json) == (200, {"application_credential": created})
    assert (listed.json["application_credentials"], listed.json["links"]["self"]) == ([created], self_url)
    assert someone.ask("HEAD", f"/{created['id']}", prefix=prefix).headers["Content-Length"] == str(len(shown.body))


def test_a_list_may_ask_for_one_name(someone):
    ids = {name: someone.create(name=name)["id"] for name in ("one", "two", "three")}

    found = someone.ask("GET", "?name=two").json["application_credentials"]

    assert [each["id"] for each in found] == [ids["two"]]
    assert [each["name"] for each in someone.ask("GET").json["application_credentials"]] == ["one", "three", "two"]
    assert someone.ask("GET", "?name=%C2%A0").json["application_credentials"] == []


def test_a_login_by_id_is_for_the_project_and_the_roles_of_the_credential(server, someone):
    made = someone.create(name="ci", roles=[{"id": "reader"}])

    answer = someone.log_in(id=made["id"], secret=made["secret"])

    said = answer.json["token"]
    assert answer.status == 201
    assert (said["methods"], said["user"]["id"]) == (["application_credential"], someone.id)
    assert (said["project"]["id"], [role["name"] for role in said["roles"]]) == (someone.project_id, ["reader"])
    assert said["application_credential"] == {"id": made["id"], "name": "ci", "restricted": True}
    token = answer.headers["X-Subject-Token"]
    assert server.request("GET", "/v1/images", token=token).status == 200
    assert server.request("POST", "/v1/images", token=token, headers={"x-image-meta-name": "no"}).status == 403
    shown = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": token}, token=token)
    assert shown.json == answer.json


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_login_by_name_says_whose_it_is(someone, by):
    made = someone.create(name="ci", secret="chosen")
    user = {"id": someone.id} if by == "id" else {"name": someone.name, "domain": DOMAIN}

    assert (
        someone.log_in(name="ci", user=user, secret="chosen").json["token"]["application_credential"]["id"]
        == (made["id"])
    )
    assert someone.log_in(name="ci", secret="chosen").status == 400


def test_what_proves_nothing_is_answered_alike(someone):
    made = someone.create(name="ci")
    secret = made["secret"]

    answers = [
        someone.log_in(id=made["id"], secret="guess"),
        someone.log_in(id="nothing", secret=secret),
        someone.log_in(id="a\0b", secret=secret),
        someone.log_in(name="other", user={"id": someone.id}, secret=secret),
        someone.log_in(name="ci", user={"id": "nobody"}, secret=secret),
        someone.log_in(name="ci", user={"name": someone.name, "domain": {"id": "elsewhere"}}, secret=secret),
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.parametrize("scope", ["unscoped", {"project": {"name": "calotype", "domain": DOMAIN}}, {"system": {}}])
def test_a_login_that_names_a_scope_is_refused(someone, scope):
    made = someone.create()

    assert someone.log_in(scope, id=made["id"], secret=made["secret"]).status == 401


def test_it_works_until_it_is_deleted_and_its_tokens_with_it(server, someone):
    made = someone.create()
    token = someone.log_in(id=made["id"], secret=made["secret"]).headers["X-Subject-Token"]

    gone = someone.ask("DELETE", f"/{made['id']}")

    assert (gone.status, gone.body) == (204, b"")
    assert server.request("GET", "/v1/images", token=token).status == 401
    assert someone.log_in(id=made["id"], secret=made["secret"]).status == 401
    assert someone.ask("GET", f"/{made['id']}").status == 404
    assert someone.ask("DELETE", f"/{made['id']}").status == 404
    assert server.request("GET", "/v1/images", token=someone.token).status == 200


def test_a_disabled_user_logs_in_by_none_until_enabled_again(someone, accounts):
    made = someone.create()

    accounts.set_enabled(someone.name, is_enabled=False)
    assert someone.log_in(id=made["id"], secret=made["secret"]).status == 401
    accounts.set_enabled(someone.name, is_enabled=True)

    assert someone.log_in(id=made["id"], secret=made["secret"]).status == 201


def test_a_role_that_is_lost_ends_what_rests_on_it(server, someone, accounts):
    made = someone.create()
    token = someone.log_in(id=made["id"], secret=made["secret"]).headers["X-Subject-Token"]
    accounts.grant(Role.READER, someone.name, "calotype")

    accounts.revoke(Role.MEMBER, someone.name, "calotype")

    assert server.request("GET", "/v1/images", token=token).status == 401
    assert someone.log_in(id=made["id"], secret=made["secret"]).status == 401
    assert server.request("GET", "/v1/images", token=someone.token).status == 200


def test_a_token_got_with_one_ends_with_it_at_the_latest(someone):
    ends = datetime.now(UTC) + timedelta(minutes=5)

    made = someone.create(expires_at=ends.strftime("%Y-%m-%dT%H:%M:%S.%f"))

    assert made["expires_at"] == ends.strftime("%Y-%m-%dT%H:%M:%S.%f")
    token = someone.log_in(id=made["id"], secret=made["secret"]).json["token"]
    assert token["expires_at"] == ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_token_got_with_a_restricted_one_makes_and_deletes_none(someone):
    made = someone.create()
    token = someone.log_in(id=made["id"], secret=made["secret"]).headers["X-Subject-Token"]

    assert someone.ask("POST", body={"application_credential": {"name": "more"}}, token=token).status == 403
    assert someone.ask("DELETE", f"/{made['id']}", token=token).status == 403
    assert someone.ask("GET", f"/{made['id']}", token=token).status == 200


def test_a_token_got_with_an_unrestricted_one_makes_others_with_no_more_roles(someone):
    made = someone.create(unrestricted=True, roles=[{"name": "reader"}])
    answer = someone.log_in(id=made["id"], secret=made["secret"])
    token = answer.headers["X-Subject-Token"]

    assert answer.json["token"]["application_credential"]["restricted"] is False
    assert [role["name"] for role in someone.create(token)["roles"]] == ["reader"]
    more = {"name": "more", "roles": [{"name": "member"}]}
    assert someone.ask("POST", body={"application_credential": more}, token=token).status == 400


def test_a_token_got_by_such_a_token_is_for_the_same_project_and_roles(server, someone, accounts):
    made = someone.create(roles=[{"name": "reader"}])
    first = someone.log_in(id=made["id"], secret=made["secret"]).headers["X-Subject-Token"]
    identity = {"methods": ["token"], "token": {"id": first}}

    def again(**scope):
        body = json.dumps({"auth": {"identity": identity, **scope}}).encode()
        return server.request("POST", "/v3/auth/tokens", body, token=None)

    same = again(scope={"project": {"id": someone.project_id}})
    assert [role["name"] for role in same.json["token"]["roles"]] == ["reader"]
    assert same.json["token"]["application_credential"]["id"] == made["id"]
    assert set(same.json["token"]["methods"]) == {"token", "application_credential"}
    assert again().json["token"]["project"]["id"] == someone.project_id
    accounts.grant(Role.MEMBER, someone.name, "admin")
    assert again(scope={"project": {"name": "admin", "domain": DOMAIN}}).status == 401
    assert again(scope="unscoped").status == 401
    someone.ask("DELETE", f"/{made['id']}")
    assert server.request("GET", "/v1/images", token=same.headers["X-Subject-Token"]).status == 401


def test_anothers_are_for_admins_to_see_and_delete_and_for_nobody_else(server, someone):
    made = someone.create()
    stranger, admin = server.token_of(), server.token_of("calotype-admin")

    for method, path in (("GET", ""), ("GET", f"/{made['id']}"), ("DELETE", f"/{made['id']}"), ("GET", "/nothing")):
        assert someone.ask(method, path, token=stranger).status == 403
        assert someone.ask(method, path, token=stranger, user_id="nobody").status == 403
    body = {"application_credential": {"name": "theirs"}}
    assert someone.ask("POST", body=body, token=stranger).status == 403
    assert someone.ask("POST", body=body, token=admin).status == 403
    assert someone.ask("GET", token=admin, user_id="nobody").status == 404
    assert someone.ask("GET", f"/{made['id']}", token=admin, user_id="nobody").status == 404
    assert [each["id"] for each in someone.ask("GET", token=admin).json["application_credentials"]] == [made["id"]]
    assert someone.ask("DELETE", f"/{made['id']}", token=admin).status == 204


def test_a_name_is_given_once_by_each_user(server, someone):
    someone.create(name="ci")

    answer = someone.ask("POST", body={"application_credential": {"name": "ci"}})

    assert (answer.status, answer.json["error"]["title"]) == (409, "Conflict")


def test_a_token_for_no_project_makes_none(server, someone):
    identity = {"methods": ["token"], "token": {"id": someone.token}}
    body = json.dumps({"auth": {"identity": identity, "scope": "unscoped"}}).encode()
    token = server.request("POST", "/v3/auth/tokens", body, token=None).headers["X-Subject-Token"]

    assert someone.ask("POST", body={"application_credential": {"name": "ci"}}, token=token).status == 403


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"name": ""},
        {"name": " x"},
        {"name": "a\0b"},
        {"name": 1},
        {"name": "x" * 256},
        {"name": "x", "secret": ""},
        {"name": "x", "secret": "s" * 1025},
        {"name": "x", "description": "d" * 65_536},
        {"name": "x", "expires_at": "2000-01-01T00:00:00Z"},
        {"name": "x", "expires_at": "tomorrow"},
        {"name": "x", "expires_at": "9999-12-31T23:59:59-23:00"},
        {"name": "x", "expires_at": 5},
        {"name": "x", "roles": [{"name": "admin"}]},
        {"name": "x", "roles": [{"name": "boss"}]},
        {"name": "x", "roles": [{}]},
        {"name": "x", "roles": ["member"]},
        {"name": "x", "unrestricted": "yes"},
        {"name": "x", "access_rules": [{"path": "/v2/images", "method": "GET", "service": "image"}]},
    ],
)
def test_what_cannot_be_made_is_a_400_that_tells_no_secret(anyone, wanted):
    answer = anyone.ask("POST", body={"application_credential": wanted})

    assert (answer.status, answer.json["error"]["code"]) == (400, 400)
    assert b"ssss" not in answer.body


@pytest.mark.parametrize("body", [None, [], {}, {"application_credential": []}, "text"])
def test_a_body_of_another_shape_is_a_400(anyone, body):
    assert anyone.ask("POST", body=body).status == 400


@pytest.mark.parametrize("part", ["%7F", "x" * 300, "%F0%9F%93%B7", "..", "%2F"])
def test_an_id_that_nothing_can_have_is_not_found(server, anyone, part):
    assert anyone.ask("GET", f"/{part}").status == 404
    assert anyone.ask("GET", token=server.token_of("calotype-admin"), user_id=part).status == 404


def test_without_a_good_token_there_is_only_a_401(server, anyone):
    for method, path in (("POST", ""), ("GET", ""), ("GET", "/x"), ("DELETE", "/x")):
        url = f"/v3/users/{anyone.id}/application_credentials{path}"
        assert server.request(method, url, token=None).status == 401


def test_no_secret_is_in_the_log(server, someone):
    made = someone.create(secret="a-secret-of-my-own")
    someone.log_in(id=made["id"], secret="a-secret-of-my-own")
    someone.log_in(id=made["id"], secret="a-wrong-secret")

    log = server.log.read_text()
    assert someone.id in log
    assert "a-secret-of-my-own" not in log
    assert "a-wrong-secret" not in log
