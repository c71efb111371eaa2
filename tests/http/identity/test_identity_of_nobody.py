"""A service with `--auth none`. Source: docs/operate/accounts.md, "Without accounts"."""

import json

import pytest

import servers


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    """A running service that asks nobody who they are; its tests count only what they made."""
    running = servers.start(tmp_path_factory.mktemp("open") / "log", "--ephemeral", "--auth", "none")
    yield running
    running.stop()


DOMAIN = {"id": "default"}
USER = {"name": "whoever", "domain": DOMAIN, "password": "whatever"}
LOGINS = {
    "password": {"methods": ["password"], "password": {"user": USER}},
    "token": {"methods": ["token"], "token": {"id": "any"}},
    "application credential": {
        "methods": ["application_credential"],
        "application_credential": {"id": "any", "secret": "any"},
    },
}
SCOPES = [None, "unscoped", {"project": {"name": "anything", "domain": DOMAIN}}, {"system": {"all": True}}]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("identity", LOGINS.values(), ids=LOGINS.keys())
def test_any_proof_and_any_scope_get_an_admin_token_of_the_project_default(open_server, identity, scope):
    auth = {"identity": identity} | ({} if scope is None else {"scope": scope})

    answer = open_server.request("POST", "/v3/auth/tokens", json.dumps({"auth": auth}).encode(), token=None)

    token = answer.json["token"]
    assert (answer.status, token["user"]["name"]) == (201, "admin")
    assert (token["project"]["id"], token["project"]["name"]) == ("default", "default")
    assert [role["name"] for role in token["roles"]] == ["admin"]
    assert {service["type"] for service in token["catalog"]} == {"identity", "image", "imagev1"}
    assert len(answer.headers["X-Subject-Token"]) == 64


@pytest.mark.parametrize("token", [None, "guess"])
def test_every_request_is_an_admins(open_server, token):
    made = open_server.request("POST", "/v1/images", headers={"x-image-meta-name": f"made by {token}"}, token=token)

    image_id = made.json["image"]["id"]
    assert (made.status, made.json["image"]["owner"]) == (201, "default")
    public = open_server.request(
        "PUT", f"/v1/images/{image_id}", headers={"x-image-meta-is_public": "true"}, token=token
    )
    assert (public.status, public.json["image"]["is_public"]) == (200, True)
    listed = open_server.request("GET", "/v1/images/detail", token=None)
    assert image_id in [image["id"] for image in listed.json["images"]]
    assert open_server.request("DELETE", f"/v1/images/{image_id}", token=token).status == 200


def test_any_token_is_described_and_can_be_given_back(open_server):
    headers = {"X-Subject-Token": "guess"}

    shown = open_server.request("GET", "/v3/auth/tokens", headers=headers, token=None)

    assert (shown.status, shown.json["token"]["project"]["name"]) == (200, "default")
    assert open_server.request("DELETE", "/v3/auth/tokens", headers=headers, token=None).status == 204
    assert open_server.request("GET", "/v3/auth/tokens", headers=headers, token=None).status == 200


def test_the_one_project_is_the_one_to_log_in_to(open_server):
    listed = open_server.request("GET", "/v3/auth/projects", token=None)

    assert [project["id"] for project in listed.json["projects"]] == ["default"]
    assert open_server.request("GET", "/v3/auth/catalog", token=None).status == 200


def test_what_is_no_login_is_still_refused(open_server):
    assert open_server.request("POST", "/v3/auth/tokens", b"{}", token=None).status == 400


def test_an_application_credential_would_be_nobodys(open_server):
    body = json.dumps({"application_credential": {"name": "ci"}}).encode()

    assert open_server.request("GET", "/v3/users/admin/application_credentials", token=None).status == 404
    assert open_server.request("POST", "/v3/users/admin/application_credentials", body, token=None).status == 404


def test_at_a_loopback_address_nobody_is_warned(open_server):
    assert "everybody" not in open_server.log.read_text()


def test_at_another_address_the_start_warns(start_server):
    server = start_server("--ephemeral", "--auth", "none", "--host", "0.0.0.0")

    warning = next(line for line in server.log.read_text().splitlines() if "0.0.0.0" in line)
    assert "everybody who reaches 0.0.0.0 may read, change and delete every image" in warning


@pytest.mark.parametrize(
    ("auth", "said"),
    [("keystone", "this release cannot ask a Keystone"), ("nobody", "neither embedded nor none"), ("", "neither")],
)
def test_another_way_to_prove_who_one_is_stops_the_start_and_is_named(tmp_path, auth, said):
    result = servers.run("serve", "--port", "0", f"--auth={auth}", cwd=tmp_path)

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "auth" in result.stderr
    assert said in result.stderr
