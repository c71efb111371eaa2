"""Identity over the whole application, at both of its prefixes. Source: docs/api/identity.md."""

import json
import uuid

import pytest

import servers

DOMAIN = {"id": "default", "name": "Default"}
PREFIXES = ("/identity/v3", "/v3")


@pytest.fixture(params=PREFIXES)
def prefix(request):
    return request.param


@pytest.fixture
def post(server):
    """Sends a login and gives the answer."""

    def send(auth, path="/v3/auth/tokens"):
        body = auth if isinstance(auth, bytes) else json.dumps({"auth": auth}).encode()
        return server.request("POST", path, body, {"Content-Type": "application/json"}, token=None)

    return send


@pytest.fixture
def by_password(server):
    """The identity of the ordinary user, who is in the project `calotype`; *telling* replaces parts of the user."""

    def make(**telling):
        known = server.credentials()
        user = {"name": known["username"], "domain": {"id": "default"}, "password": known["password"]}
        return {"methods": ["password"], "password": {"user": user | telling}}

    return make


@pytest.fixture
def calotype(server):
    """Runs a command beside the running server."""

    def command(*arguments):
        done = servers.run(*arguments, "--data-dir", server.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return command


@pytest.fixture
def someone(calotype):
    """A new user, member of the project `calotype`: name and password."""
    name = f"user-{uuid.uuid4().hex}"
    made = json.loads(calotype("user", "create", name, "--project", "calotype", "--format", "json"))
    calotype("role", "grant", "member", "--user", name, "--project", "calotype")
    return name, made["password"]


def error(answer):
    return answer.status, answer.json["error"]["code"], answer.json["error"]["title"]


def test_a_login_for_a_project_gives_a_token_that_lists_images(server, post, by_password, prefix):
    scope = {"project": {"name": "calotype", "domain": {"name": "Default"}}}

    answer = post({"identity": by_password(), "scope": scope}, f"{prefix}/auth/tokens")

    token = answer.json["token"]
    assert answer.status == 201
    assert answer.headers["Vary"] == "X-Auth-Token"
    assert (token["methods"], token["is_domain"]) == (["password"], False)
    assert (token["user"]["name"], token["user"]["domain"], token["user"]["password_expires_at"]) == (
        "calotype",
        DOMAIN,
        None,
    )
    assert (token["project"]["name"], token["project"]["domain"]) == ("calotype", DOMAIN)
    assert [role["name"] for role in token["roles"]] == ["member"]
    assert server.request("GET", "/v1/images", token=answer.headers["X-Subject-Token"]).status == 200


def test_a_login_without_scope_is_for_the_default_project(post, by_password):
    assert post({"identity": by_password()}).json["token"]["project"]["name"] == "calotype"


def test_an_unscoped_login_sees_its_projects_but_no_services_and_no_images(server, post, by_password, prefix):
    answer = post({"identity": by_password(), "scope": "unscoped"})
    token = answer.headers["X-Subject-Token"]

    assert not {"project", "roles", "catalog"} & answer.json["token"].keys()
    projects = server.request("GET", f"{prefix}/auth/projects", token=token)
    assert [project["name"] for project in projects.json["projects"]] == ["calotype"]
    assert projects.json["links"]["self"] == f"{server.url}{prefix}/auth/projects"
    assert error(server.request("GET", f"{prefix}/auth/catalog", token=token)) == (403, 403, "Forbidden")
    assert server.request("GET", "/v1/images", token=token).status == 403


def test_a_token_can_be_changed_into_one_for_a_project(post, by_password):
    first = post({"identity": by_password(), "scope": "unscoped"})
    by_token = {"methods": ["token"], "token": {"id": first.headers["X-Subject-Token"]}}

    second = post({"identity": by_token, "scope": {"project": {"name": "calotype", "domain": DOMAIN}}})

    assert second.status == 201
    assert second.json["token"]["methods"] == ["token", "password"]
    assert second.json["token"]["expires_at"] == first.json["token"]["expires_at"]
    assert second.json["token"]["audit_ids"][1:] == first.json["token"]["audit_ids"]


def test_the_services_have_the_address_the_client_used(server, prefix):
    answer = server.request("GET", f"{prefix}/auth/catalog", headers={"Host": "images.example.org"})

    urls = {
        service["type"]: {endpoint["url"] for endpoint in service["endpoints"]} for service in answer.json["catalog"]
    }
    assert urls == {
        "identity": {"http://images.example.org/identity/v3"},
        "image": {"http://images.example.org"},
        "imagev1": {"http://images.example.org"},
    }


def test_nocatalog_leaves_the_services_out(server, post, by_password):
    token = server.token_of()

    assert "catalog" not in post({"identity": by_password()}, "/v3/auth/tokens?nocatalog").json["token"]
    shown = server.request("GET", "/v3/auth/tokens?nocatalog", headers={"X-Subject-Token": token})
    assert "catalog" not in shown.json["token"]


def test_a_token_says_again_what_it_said_when_it_was_issued(server, post, by_password, prefix):
    issued = post({"identity": by_password()}, f"{prefix}/auth/tokens")
    token = issued.headers["X-Subject-Token"]

    shown = server.request("GET", f"{prefix}/auth/tokens", headers={"X-Subject-Token": token})
    head = server.request("HEAD", f"{prefix}/auth/tokens", headers={"X-Subject-Token": token})

    assert (shown.status, shown.json, shown.headers["X-Subject-Token"]) == (200, issued.json, token)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(shown.body)))


def test_a_deleted_token_is_worth_nothing(server, post, by_password, prefix):
    token = post({"identity": by_password()}).headers["X-Subject-Token"]

    gone = server.request("DELETE", f"{prefix}/auth/tokens", headers={"X-Subject-Token": token}, token=token)

    assert (gone.status, gone.body) == (204, b"")
    assert server.request("GET", "/v1/images", token=token).status == 401
    again = server.request("GET", f"{prefix}/auth/tokens", headers={"X-Subject-Token": token})
    assert error(again) == (404, 404, "Not Found")


def test_anothers_token_is_shown_to_an_admin_and_to_nobody_else(server):
    ordinary, admin = server.token_of("calotype"), server.token_of("calotype-admin")

    refused = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": admin}, token=ordinary)
    shown = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": ordinary}, token=admin)

    assert error(refused) == (403, 403, "Forbidden")
    assert shown.json["token"]["user"]["name"] == "calotype"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"X-Subject-Token": "guess"}, {"X-Subject-Token": ""}])
def test_a_subject_that_is_no_token_is_not_found(server, method, headers):
    assert server.request(method, "/v3/auth/tokens", headers=headers).status == 404


@pytest.mark.parametrize("token", [None, "guess"])
@pytest.mark.parametrize("path", ["tokens", "projects", "catalog"])
def test_without_a_good_token_nothing_is_said_but_where_to_get_one(server, prefix, path, token):
    answer = server.request("GET", f"{prefix}/auth/{path}", token=token)

    assert error(answer) == (401, 401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{server.url}/identity/v3"'
    assert answer.headers["X-Openstack-Request-Id"].startswith("req-")


@pytest.mark.parametrize(
    "telling",
    [
        {"password": "guess"},
        {"name": "nobody"},
        {"id": "nobody"},
        {"domain": {"id": "elsewhere"}},
        {"name": "a\0b"},
        {"password": "x" * 2000},
        {"name": "x" * 100_000},
        {"id": ""},
    ],
)
def test_a_wrong_password_and_an_unknown_user_are_answered_alike(post, by_password, telling):
    answer = post({"identity": by_password(**telling)})

    assert error(answer) == (401, 401, "Unauthorized")
    assert answer.json["error"]["message"] == "The request you have made requires authentication."


@pytest.mark.parametrize(
    "scope",
    [
        {"project": {"name": "admin", "domain": DOMAIN}},
        {"project": {"name": "nowhere", "domain": DOMAIN}},
        {"project": {"name": "calotype", "domain": {"id": "elsewhere"}}},
        {"domain": {"id": "default"}},
        {"system": {"all": True}},
    ],
)
def test_a_scope_the_user_has_no_part_in_is_a_401(post, by_password, scope):
    assert post({"identity": by_password(), "scope": scope}).status == 401


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"auth": "\xff"}',
    "half a surrogate pair": b'{"auth": "\\ud800"}',
    "50,000 brackets": b"[" * 50_000,
    "50,000 objects": b'{"auth":' * 50_000,
    "a number": b"9223372036854775808",
    "a huge number inside": b'{"auth": {"identity": {"methods": ["token"], "token": {"id": 1e400}}}}',
    "no identity": b'{"auth": {}}',
    "methods that are no list": b'{"auth": {"identity": {"methods": {"password": 1}}}}',
    "a method without its part": b'{"auth": {"identity": {"methods": ["password"]}}}',
    "a user of another type": b'{"auth": {"identity": {"methods": ["password"], "password": {"user": 1}}}}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_login_is_a_400(post, body):
    assert error(post(body)) == (400, 400, "Bad Request")


def test_a_body_of_more_than_a_mebibyte_is_a_413(post):
    assert post(b'{"auth": "' + b"x" * (1 << 20) + b'"}').status == 413


@pytest.mark.parametrize(("methods", "status"), [([], 401), (["totp"], 401), (["password", "totp"], 401)])
def test_methods_that_prove_nothing_are_a_401(post, by_password, methods, status):
    assert error(post({"identity": {**by_password(), "methods": methods}})) == (status, status, "Unauthorized")


def test_a_name_that_failed_ten_times_has_to_wait_although_the_password_is_right(post, by_password, someone):
    name, password = someone
    for _ in range(10):
        assert post({"identity": by_password(name=name, password="guess")}).status == 401

    answer = post({"identity": by_password(name=name, password=password)})

    assert error(answer) == (429, 429, "Too Many Requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert post({"identity": by_password()}).status == 201


def test_a_new_password_counts_at_once_for_the_running_service(server, post, by_password, calotype, someone):
    name, password = someone
    token = post({"identity": by_password(name=name, password=password)}).headers["X-Subject-Token"]

    calotype("user", "delete", name)

    assert server.request("GET", "/v1/images", token=token).status == 401
    assert post({"identity": by_password(name=name, password=password)}).status == 401


@pytest.mark.parametrize("path", ["/identity", "/identity/"])
def test_the_root_lists_the_versions(server, path):
    answer = server.request("GET", path, token=None)

    [version] = answer.json["versions"]["values"]
    assert answer.status == 300
    assert (version["id"][:3], version["status"]) == ("v3.", "stable")
    assert version["links"] == [{"rel": "self", "href": f"{server.url}/identity/v3/"}]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_version_describes_itself(server, prefix, slash):
    answer = server.request("GET", prefix + slash, token=None)

    assert answer.status == 200
    assert answer.json["version"]["links"] == [{"rel": "self", "href": f"{server.url}{prefix}/"}]
    assert answer.json["version"]["media-types"][0]["base"] == "application/json"


def test_what_is_not_there_and_what_may_not_be_done_is_said_in_keystones_form(server, prefix):
    assert error(server.request("GET", f"{prefix}/groups")) == (404, 404, "Not Found")
    assert error(server.request("GET", "/identity/v2.0")) == (404, 404, "Not Found")
    refused = server.request("PUT", f"{prefix}/auth/tokens")
    assert error(refused) == (405, 405, "Method Not Allowed")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "DELETE"}
