"""Projects, users and roles over the whole application. Source: docs/api/identity.md, "Projects, users and roles"."""

import json
import uuid
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def ask(server):
    """Sends *body* as JSON to a path of version 3 with a token, the admin's unless told otherwise."""

    def send(method, path, body=None, token=None):
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        token = token or server.token_of("calotype-admin")
        return server.request(method, f"/v3{path}", sent, {"Content-Type": "application/json"}, token=token)

    return send


@pytest.fixture
def make(ask):
    """Makes a project or user of a new name; gives the entry."""

    def one(kind, **telling):
        answer = ask("POST", f"/{kind}s", {kind: {"name": a_name()} | telling})
        assert answer.status == 201, answer.body
        return answer.json[kind]

    return one


@pytest.fixture
def settled(ask, make):
    """A new project, and a new user who has the role member there; the password is `secret`."""
    project, user = make("project"), make("user", password="secret")
    assert ask("PUT", f"/projects/{project['id']}/users/{user['id']}/roles/member").status == 204
    return project, user


def a_name():
    return f"x-{uuid.uuid4().hex}"


def log_in(server, project, user, password=None):
    return server.log_in(user["name"], password or "secret", project["name"])


def is_good(server, token):
    return server.request("GET", "/v1/images", token=token).status == 200


def names(answer, kind):
    return [entry["name"] for entry in answer.json[kind]]


def test_tempest_makes_its_credentials_uses_them_and_clears_them(server, ask):
    """The calls of openstack/tempest:tempest/lib/common/{dynamic_creds,cred_client}.py, in their order."""
    name, password = a_name(), "Rand-0m!"
    (domain,) = ask("GET", "/domains?name=Default").json["domains"]
    made = {"name": name, "description": f"{name}-desc", "domain_id": domain["id"]}
    project = ask("POST", "/projects", {"project": made}).json["project"]
    sent = {"name": f"{name}-project", "password": password, "domain_id": domain["id"]}
    user = ask("POST", "/users", {"user": sent}).json["user"]
    (role,) = [each for each in ask("GET", "/roles").json["roles"] if each["name"] == "member"]
    grant = f"/projects/{project['id']}/users/{user['id']}/roles/{role['id']}"

    assert ask("PUT", grant).status == 204
    assert ask("GET", f"/projects/{project['id']}").json["project"] == project
    token = log_in(server, project, user, password)
    assert is_good(server, token)
    assert [ask("DELETE", path).status for path in (f"/users/{user['id']}", f"/projects/{project['id']}")] == [204, 204]
    assert not is_good(server, token)
    assert ask("DELETE", f"/users/{user['id']}").status == 404


@pytest.mark.parametrize("prefix", ["/v3", "/identity/v3"])
def test_a_project_is_what_was_sent_with_the_rest_as_keystone_fills_it(server, ask, prefix):
    token, name = server.token_of("calotype-admin"), a_name()
    body = json.dumps({"project": {"name": name, "description": "größe", "tags": ["a"], "colour": "red"}}).encode()

    answer = server.request("POST", f"{prefix}/projects", body, {"Content-Type": "application/json"}, token=token)

    project = answer.json["project"]
    assert project == {
        "id": project["id"],
        "name": name,
        "domain_id": "default",
        "parent_id": "default",
        "description": "größe",
        "enabled": True,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"{server.url}{prefix}/projects/{project['id']}"},
    }
    assert answer.headers["Vary"] == "X-Auth-Token"


def test_a_user_shows_what_is_known_and_never_a_password(ask, make):
    plain, full = make("user"), make("user", password="secret", email="a@example.org", default_project_id="p")

    assert {"email", "description", "default_project_id", "password"} & plain.keys() == set()
    assert (full["email"], full["default_project_id"], full["password_expires_at"]) == ("a@example.org", "p", None)
    assert b"secret" not in ask("GET", f"/users/{full['id']}").body
    assert b"argon2" not in ask("GET", "/users").body


@pytest.mark.parametrize("kind", ["project", "user"])
def test_a_patch_changes_what_it_names_and_null_empties_a_text(ask, make, kind):
    made = make(kind, description="old")
    path, renamed = f"/{kind}s/{made['id']}", a_name()

    changed = ask("PATCH", path, {kind: {"name": renamed, "description": None, "id": made["id"]}}).json[kind]

    assert (changed["name"], changed.get("description", "")) == (renamed, "")
    assert ask("GET", path).json[kind] == changed
    assert ask("PATCH", path, {kind: {}}).json[kind] == changed


@pytest.mark.parametrize("kind", ["project", "user"])
def test_a_name_belongs_to_one(ask, make, kind):
    first, second = make(kind), make(kind)

    assert ask("POST", f"/{kind}s", {kind: {"name": first["name"]}}).status == 409
    assert ask("PATCH", f"/{kind}s/{second['id']}", {kind: {"name": first["name"]}}).status == 409
    assert ask("PATCH", f"/{kind}s/{first['id']}", {kind: {"name": first["name"]}}).status == 200


WRONG = {
    "project": [
        {},
        {"name": ""},
        {"name": " x"},
        {"name": "x" * 65},
        {"name": 1},
        {"name": None},
        {"name": "a\0b"},
        {"name": "x", "enabled": "true"},
        {"name": "x", "description": 1},
        {"name": "x", "description": "a\0b"},
        {"name": "x", "domain_id": "elsewhere"},
        {"name": "x", "parent_id": "elsewhere"},
        {"name": "x", "is_domain": True},
        {"name": "x", "tags": "red"},
        {"name": "x", "options": []},
    ],
    "user": [
        {},
        {"name": "x" * 256},
        {"name": ["x"]},
        {"name": "x", "password": ""},
        {"name": "x", "password": 1},
        {"name": "x", "password": "x" * 1025},
        {"name": "x", "email": "x" * 256},
        {"name": "x", "email": {}},
        {"name": "x", "enabled": 1},
        {"name": "x", "default_project_id": "a b\n"},
        {"name": "x", "domain_id": 1},
    ],
}


@pytest.mark.parametrize(("kind", "sent"), [(kind, sent) for kind, bodies in WRONG.items() for sent in bodies])
def test_what_cannot_be_is_a_400_in_keystones_form(ask, kind, sent):
    answer = ask("POST", f"/{kind}s", {kind: sent})

    assert (answer.status, answer.json["error"]["title"]) == (400, "Bad Request")
    assert set(answer.json["error"]) == {"code", "message", "title"}


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b'{"user": 1}', b'{"project": []}', b"\xff", b"[" * 50_000])
@pytest.mark.parametrize("path", ["/projects", "/users"])
def test_a_body_of_another_shape_is_a_400(ask, path, body):
    assert ask("POST", path, body).status == 400


def test_a_new_user_in_a_domain_that_is_not_there_is_a_404_and_no_user_moves_there(ask, make):
    sent = {"user": {"name": a_name(), "domain_id": "elsewhere"}}

    assert ask("POST", "/users", sent).status == 404
    assert ask("PATCH", f"/users/{make('user')['id']}", sent).status == 400


@pytest.mark.parametrize("kind", ["project", "user"])
def test_an_id_cannot_be_changed(ask, make, kind):
    assert ask("PATCH", f"/{kind}s/{make(kind)['id']}", {kind: {"id": "another"}}).status == 400


ADMINS_ONLY = [
    ("GET", "/projects"),
    ("GET", "/projects?name=admin"),
    ("POST", "/projects"),
    ("GET", "/projects/{project}"),
    ("PATCH", "/projects/{project}"),
    ("DELETE", "/projects/{project}"),
    ("GET", "/users"),
    ("POST", "/users"),
    ("GET", "/users/{user}"),
    ("PATCH", "/users/{user}"),
    ("DELETE", "/users/{user}"),
    ("GET", "/users/{user}/projects"),
    ("GET", "/domains"),
    ("GET", "/roles"),
    ("GET", "/roles/member"),
    ("GET", "/role_assignments"),
    ("GET", "/projects/{project}/users/{user}/roles"),
    ("GET", "/projects/{project}/users/{user}/roles/member"),
    ("PUT", "/projects/{project}/users/{user}/roles/member"),
    ("DELETE", "/projects/{project}/users/{user}/roles/member"),
]
BODY = {"project": {"name": "mine"}, "user": {"name": "mine", "password": "mine"}}


@pytest.mark.parametrize(("method", "path"), ADMINS_ONLY)
def test_what_is_others_and_what_is_not_there_are_the_same_403_to_everybody_but_admins(
    server, ask, settled, method, path
):
    project, user = settled
    body = BODY if method in ("POST", "PATCH") else None

    foreign = ask(method, path.format(project=project["id"], user=user["id"]), body, server.token_of())
    unknown = ask(method, path.format(project="nope", user="nope"), body, server.token_of())

    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert (foreign.status, foreign.json["error"]["title"]) == (403, "Forbidden")


@pytest.mark.parametrize(("method", "path"), [*ADMINS_ONLY, ("GET", "/domains/default")])
def test_nothing_is_said_without_a_good_token(ask, method, path):
    assert ask(method, path.format(project="nope", user="nope"), b"{", token="guess").status == 401


def test_everybody_sees_the_own_user_the_tokens_project_and_the_domain(server, ask, make, settled):
    project, user = settled
    token = log_in(server, project, user)
    other = make("project")
    assert ask("PUT", f"/projects/{other['id']}/users/{user['id']}/roles/reader").status == 204

    seen = {path: ask("GET", path, token=token) for path in (f"/users/{user['id']}", f"/projects/{project['id']}")}

    assert seen[f"/users/{user['id']}"].json["user"] == user
    assert seen[f"/projects/{project['id']}"].json["project"] == project
    assert ask("GET", "/domains/default", token=token).json["domain"]["name"] == "Default"
    assert sorted(names(ask("GET", f"/users/{user['id']}/projects", token=token), "projects")) == sorted(
        [project["name"], other["name"]]
    )
    assert ask("GET", f"/projects/{other['id']}", token=token).status == 403
    assert ask("PATCH", f"/users/{user['id']}", {"user": {"name": a_name()}}, token).status == 403
    assert ask("PUT", f"/projects/{project['id']}/users/{user['id']}/roles/admin", token=token).status == 403


def test_an_admin_is_told_what_is_not_there(ask, settled):
    project, user = settled
    there = f"/projects/{project['id']}/users/{user['id']}/roles"
    asked = [
        ("GET", "/projects/nope"),
        ("PATCH", "/projects/nope"),
        ("DELETE", "/projects/nope"),
        ("GET", "/users/nope"),
        ("PATCH", "/users/nope"),
        ("GET", "/users/nope/projects"),
        ("GET", "/domains/nope"),
        ("GET", "/roles/nope"),
        ("GET", f"{there}/reader"),
        ("DELETE", f"{there}/reader"),
        ("PUT", f"{there}/nope"),
        ("PUT", f"/projects/nope/users/{user['id']}/roles/member"),
        ("PUT", f"/projects/{project['id']}/users/nope/roles/member"),
    ]

    statuses = {(method, path): ask(method, path, BODY if method == "PATCH" else None).status for method, path in asked}

    assert {each: status for each, status in statuses.items() if status != 404} == {}


def test_pages_are_walked_to_the_end_and_every_entry_comes_once(ask, make):
    made = {make("project", enabled=False)["name"] for _ in range(5)}
    everything = names(ask("GET", "/projects"), "projects")
    path, walked, pages = "/projects?limit=2", [], 0
    while path:
        page = ask("GET", path)
        walked += names(page, "projects")
        following, pages = page.json["links"]["next"], pages + 1
        assert page.json.get("truncated", False) == (following is not None)
        path = following and "/projects?" + urlsplit(following).query

    assert walked == everything == sorted(everything)
    assert made <= set(walked)
    assert pages == (len(walked) + 1) // 2


def test_users_come_in_pages_too(ask, make):
    make("user"), make("user")

    first = ask("GET", "/users?limit=1")

    assert len(first.json["users"]) == 1
    assert f"marker={first.json['users'][0]['id']}" in first.json["links"]["next"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=-1", "limit=9999999999", "marker=nope", "enabled=maybe", "name__contains=a"]
)
@pytest.mark.parametrize("path", ["/projects", "/users"])
def test_a_query_that_cannot_be_read_is_a_400(ask, path, query):
    assert ask("GET", f"{path}?{query}").status == 400


@pytest.mark.parametrize(
    ("filters", "is_found"),
    [
        ("", True),
        ("domain_id=default", True),
        ("domain_id=elsewhere", False),
        ("enabled=1", True),
        ("enabled=true", True),
        ("enabled", True),
        ("enabled=False", False),
        ("parent_id=default", True),
        ("is_domain=false", True),
        ("is_domain=true", False),
        ("tags=red", False),
        ("sort_key=name", True),
    ],
)
def test_a_list_has_what_its_filters_leave(ask, make, filters, is_found):
    project = make("project")

    found = ask("GET", f"/projects?name={project['name']}&{filters}")

    assert found.json["projects"] == ([project] if is_found else [])
    assert found.json["links"]["self"].endswith(f"/v3/projects?name={project['name']}&{filters}")


def test_role_assignments_are_listed_by_user_project_and_role(server, ask, settled):
    project, user = settled
    ids = {"scope": {"project": {"id": project["id"]}}, "user": {"id": user["id"]}, "role": {"id": "member"}}
    link = f"{server.url}/v3/projects/{project['id']}/users/{user['id']}/roles/member"

    for query in (f"user.id={user['id']}", f"scope.project.id={project['id']}&role.id=member&effective=True"):
        assert ask("GET", f"/role_assignments?{query}").json["role_assignments"] == [
            {**ids, "links": {"assignment": link}}
        ]
    (named,) = ask("GET", f"/role_assignments?user.id={user['id']}&include_names=True").json["role_assignments"]
    assert (named["user"]["name"], named["scope"]["project"]["name"]) == (user["name"], project["name"])
    assert named["user"]["domain"] == {"id": "default", "name": "Default"}
    assert ask("GET", f"/role_assignments?user.id={user['id']}&role.id=admin").json["role_assignments"] == []
    assert ask("GET", "/role_assignments?group.id=g").json["role_assignments"] == []


@pytest.mark.parametrize(
    "query", ["user.id=u&group.id=g", "scope.project.id=p&scope.domain.id=d", "group.id=g&effective", "include_subtree"]
)
def test_filters_of_role_assignments_that_exclude_each_other_are_a_400(ask, query):
    assert ask("GET", f"/role_assignments?{query}").status == 400


def test_a_role_is_given_as_often_as_one_likes_and_taken_once(server, ask, settled):
    project, user = settled
    token, grant = log_in(server, project, user), f"/projects/{project['id']}/users/{user['id']}/roles"

    assert [ask(method, f"{grant}/member").status for method in ("PUT", "GET", "HEAD")] == [204, 204, 204]
    assert names(ask("GET", grant), "roles") == ["member"]
    assert [ask("DELETE", f"{grant}/member").status for _ in range(2)] == [204, 404]
    assert not is_good(server, token)


@pytest.mark.parametrize("sent", [{"enabled": False}, {"password": "another"}, {"password": None}])
def test_a_user_who_is_disabled_or_gets_another_password_is_logged_out(server, ask, settled, sent):
    project, user = settled
    token = log_in(server, project, user)

    assert ask("PATCH", f"/users/{user['id']}", {"user": sent}).status == 200

    assert not is_good(server, token)
    ask("PATCH", f"/users/{user['id']}", {"user": {"enabled": True}})
    assert not is_good(server, token)


def test_a_project_that_is_disabled_has_no_tokens_and_they_do_not_come_back(server, ask, settled):
    project, user = settled
    token = log_in(server, project, user)

    ask("PATCH", f"/projects/{project['id']}", {"project": {"enabled": False}})
    assert not is_good(server, token)
    ask("PATCH", f"/projects/{project['id']}", {"project": {"enabled": True}})

    assert not is_good(server, token)
    assert is_good(server, log_in(server, project, user))


def test_a_project_that_owns_an_image_is_kept(server, ask, settled):
    project, user = settled
    token = log_in(server, project, user)
    made = server.request("POST", "/v1/images", headers={"x-image-meta-name": "kept"}, token=token)
    assert made.status == 201

    refused = ask("DELETE", f"/projects/{project['id']}")

    assert (refused.status, "still owns images" in refused.json["error"]["message"]) == (409, True)
    server.request("DELETE", f"/v1/images/{made.json['image']['id']}", token=token)
    assert ask("DELETE", f"/projects/{project['id']}").status == 204
    assert not is_good(server, token)


def test_who_knows_the_old_password_may_choose_a_new_one(server, ask, settled):
    project, user = settled
    token, path = log_in(server, project, user), f"/v3/users/{user['id']}/password"

    def change(original, password):
        body = json.dumps({"user": {"original_password": original, "password": password}}).encode()
        return server.request("POST", path, body, {"Content-Type": "application/json"}, token=None).status

    assert [change("guess", "new"), change("secret", ""), change("secret", "new"), change("secret", "new")] == [
        401,
        400,
        204,
        401,
    ]
    assert not is_good(server, token)
    assert is_good(server, log_in(server, project, user, "new"))
    path = "/v3/users/nope/password"
    assert change("secret", "new") == 401


@pytest.mark.parametrize(
    "path",
    [
        "/projects",
        "/users",
        "/domains",
        "/domains/default",
        "/roles",
        "/roles/admin",
        "/role_assignments?user.id=x",
        "/projects/{project}",
        "/users/{user}",
        "/users/{user}/projects",
        "/projects/{project}/users/{user}/roles",
    ],
)
def test_a_head_is_its_get_without_the_body(ask, settled, path):
    project, user = settled
    path = path.format(project=project["id"], user=user["id"])

    got, head = ask("GET", path), ask("HEAD", path)

    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(got.body)))


@pytest.mark.parametrize("part", ["%00", "%ff", "%ed%a0%80", "x" * 4000, "%F0%9F%92%BE", "a%2Fb", "'--", "..%2f"])
def test_an_id_that_nothing_can_have_is_not_found_or_not_text(ask, part):
    for path in (
        f"/projects/{part}",
        f"/users/{part}",
        f"/roles/{part}",
        f"/projects/{part}/users/{part}/roles/member",
    ):
        assert ask("GET", path).status in (400, 404)
    assert ask("GET", f"/users?name={part}").status in (200, 400)
    assert ask("GET", f"/projects?marker={part}").status == 400
