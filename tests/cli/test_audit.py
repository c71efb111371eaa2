"""The audit log of a running service, read as an operator reads it."""

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from watching import eventually

import origins
import servers
from calotype import app
from calotype.config import Settings
from calotype.domain.audit import Act

JSON = {"Content-Type": "application/json"}
OCTETS = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
RAW = {"disk_format": "raw", "container_format": "bare"}
V1_RAW = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}

Event = dict[str, Any]

#: Rows that change nothing, and why they answer other methods than GET all the same.
CHANGE_NOTHING = {
    "versions": "a list of versions, whatever the method",
    "v1 /": "v1's list of versions, whatever the method",
}


def changing_routes() -> set[tuple[str, str]]:
    """Method and path of every row that may change something, once for all prefixes of its face."""
    faces = app.join_faces(Settings(), None, None)  # type: ignore[arg-type]
    claimed = {face.name: face for claims in faces.claimed.values() for _, face in claims}
    rows = set()
    for face in claimed.values():
        name = face.name.removesuffix("-root")
        for route in face.routes:
            if route.method in ("GET", "HEAD") or {name, f"{name} {route.path}"} & set(CHANGE_NOTHING):
                continue
            rows.add((route.method, f"{name} {route.path}"))
    return rows


@dataclass
class Office:
    """A service with an audit log, and what was asked of it."""

    server: servers.Server
    file: Path
    asked: set[tuple[str, str]]

    def events(self) -> list[Event]:
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def of_request(self, answer: servers.Answer) -> list[Event]:
        return [one for one in self.events() if one.get("request_id") == answer.headers["X-Openstack-Request-Id"]]

    def ask(
        self,
        method: str,
        row: str,
        body: Any = None,
        headers: Mapping[str, str] = {},
        *,
        cloud: str | None = "calotype-admin",
        **params: str,
    ) -> servers.Answer:
        """One request to *row*, `face /path/{param}`, which is noted as asked."""
        self.asked.add((method, row))
        face, path = row.split(" ", 1)
        prefix = {"v1": "/v1", "v2": "/v2", "identity": "/identity/v3"}[face]
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        of_type = JSON if isinstance(body, dict) else {}
        token = None if cloud is None else self.server.token_of(cloud)
        url = prefix + path.format(**params)
        return self.server.request(method, url, content, {**of_type, **headers}, token=token)

    def one(self, *arguments: Any, **more: Any) -> tuple[servers.Answer, Event]:
        """The answer, and the one event of this request."""
        answer = self.ask(*arguments, **more)
        events = self.of_request(answer)
        assert len(events) == 1, (arguments, answer.status, answer.body, events)
        return answer, events[0]

    def done(self, action: str, *arguments: Any, **more: Any) -> tuple[servers.Answer, Event]:
        """The same, where it is that action and done."""
        answer, event = self.one(*arguments, **more)
        assert answer.status < 300, answer.body
        assert (event["action"], event["outcome"]) == (action, "done")
        return answer, event


@pytest.fixture(scope="module")
def origin() -> Iterator[origins.Origin]:
    with origins.running() as served:
        yield served


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, origin: origins.Origin) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    file = folder / "audit.log"
    stores = ["--store", "local=file:blobs", "--store", "fast=file:fast"]
    urls = ["--http-locations", "--fetch-allowed-hosts", "127.0.0.1", "--fetch-allowed-ports", str(origin.port)]
    server = servers.start(folder / "log", "--audit-log", file, *stores, *urls, "--show-multiple-locations")
    yield Office(server, file, set())
    server.stop()


def v2_image(office: Office, data: bytes | None = None, **said: Any) -> str:
    made = office.ask("POST", "v2 /images", {**RAW, **said})
    image_id: str = made.json["id"]
    if data is not None:
        assert office.ask("PUT", "v2 /images/{image_id}/file", data, OCTETS, image_id=image_id).status == 204
    return image_id


def test_every_route_that_changes_something_leaves_the_event_of_it(office: Office, origin: origins.Origin) -> None:
    """One test, so that what was asked can be compared with the tables of routes."""
    office.asked.clear()
    change_images(office, origin)
    change_v1(office)
    change_accounts(office)

    assert office.asked == changing_routes()


def change_images(office: Office, origin: origins.Origin) -> None:
    member = office.server.credentials()["project_name"]
    made, event = office.done("image.create", "POST", "v2 /images", {**RAW, "name": "one", "os_password": "SECRET"})
    image_id = made.json["id"]
    assert event["target"] == image_id
    assert event["changed"]["name"] == {"from": None, "to": "one"}
    assert event["changed"]["properties.os_password"] == {}

    change = [
        {"op": "replace", "path": "/name", "value": "two"},
        {"op": "add", "path": "/more", "value": "SECRET"},
        {"op": "remove", "path": "/os_password"},
    ]
    row = "v2 /images/{image_id}"
    _, event = office.done("image.update", "PATCH", row, json.dumps(change).encode(), PATCH, image_id=image_id)
    assert event["changed"] == {
        "name": {"from": "one", "to": "two"},
        "properties.os_password": {},
        "properties.more": {},
    }

    tag = {"image_id": image_id, "tag": "blue"}
    _, event = office.done("image.update", "PUT", "v2 /images/{image_id}/tags/{tag}", b"", **tag)
    assert event["changed"] == {"tags": {"from": [], "to": ["blue"]}}
    office.done("image.update", "DELETE", "v2 /images/{image_id}/tags/{tag}", **tag)

    answer = office.ask("PUT", "v2 /images/{image_id}/file", b"data", OCTETS, image_id=image_id)
    begun, ended = office.of_request(answer)
    assert (begun["action"], ended["action"]) == ("image.upload.begin", "image.upload")
    assert ended["changed"]["size"] == {"from": None, "to": 4}
    assert (begun["user"], begun["client"]) == (ended["user"], ended["client"])

    office.done("image.deactivate", "POST", "v2 /images/{image_id}/actions/deactivate", b"", image_id=image_id)
    office.done("image.reactivate", "POST", "v2 /images/{image_id}/actions/reactivate", b"", image_id=image_id)

    named = {"image_id": image_id}
    _, event = office.done("image.member.add", "POST", "v2 /images/{image_id}/members", {"member": member}, **named)
    assert event["changed"] == {"member": {"from": None, "to": member}}
    one = {"image_id": image_id, "member_id": member}
    status = {"status": "accepted"}
    _, event = office.done("image.member.answer", "PUT", "v2 /images/{image_id}/members/{member_id}", status, **one)
    assert event["changed"]["member_status"] == {"from": "pending", "to": "accepted"}
    office.done("image.member.remove", "DELETE", "v2 /images/{image_id}/members/{member_id}", **one)

    url = origin.put("/disk?signature=SECRET", b"elsewhere")
    waiting = v2_image(office)
    answer = office.ask("POST", "v2 /images/{image_id}/locations", {"url": url}, image_id=waiting)
    assert answer.status == 202, answer.body
    eventually(lambda: len(office.of_request(answer)) == 2)
    added, digested = office.of_request(answer)
    assert (added["action"], added["changed"]["locations"]) == ("image.location.add", {})
    assert (digested["action"], digested["outcome"]) == ("image.location.digest", "done")

    twice = json.dumps([{"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}}}]).encode()
    two = v2_image(office, b"elsewhere")
    _, event = office.done("image.update", "PATCH", "v2 /images/{image_id}", twice, PATCH, image_id=two)
    assert event["changed"] == {"locations": {}}
    where = {"store": "local", "image_id": two}
    _, event = office.done("image.store.remove", "DELETE", "v2 /stores/{store}/{image_id}", **where)
    assert event["changed"] == {"stores": {"from": ["local"], "to": []}}

    _, event = office.done("image.delete", "DELETE", "v2 /images/{image_id}", image_id=image_id)
    assert (event["target"], event["changed"]) == (image_id, {"status": {"from": "active", "to": "deleted"}})
    assert "SECRET" not in office.file.read_text()


def change_v1(office: Office) -> None:
    headers = {**V1_RAW, "X-Image-Meta-Name": "one"}
    _, event = office.done("image.create", "POST", "v1 /images", None, headers, cloud="calotype")
    image_id = event["target"]
    answer = office.ask(
        "PUT",
        "v1 /images/{image_id}",
        b"data",
        {**OCTETS, "X-Image-Meta-Name": "two"},
        cloud="calotype",
        image_id=image_id,
    )
    begun, ended = office.of_request(answer)
    assert begun["changed"] == {
        "name": {"from": "one", "to": "two"},
        "status": {"from": "queued", "to": "saving"},
    }
    assert (ended["action"], ended["roles"], ended["owner"]) == ("image.upload", ["member"], begun["project"])
    named: dict[str, Any] = {"cloud": "calotype", "image_id": image_id}
    _, event = office.done(
        "image.member.add", "PUT", "v1 /images/{image_id}/members/{member_id}", None, member_id="a", **named
    )
    assert event["changed"]["member"] == {"from": None, "to": "a"}
    wanted = {"memberships": [{"member_id": "b"}, {"member_id": "c"}]}
    _, event = office.done("image.member.replace", "PUT", "v1 /images/{image_id}/members", wanted, **named)
    assert event["changed"] == {"members": {"from": ["a"], "to": ["b", "c"]}}
    office.done("image.member.remove", "DELETE", "v1 /images/{image_id}/members/{member_id}", member_id="b", **named)
    office.done("image.delete", "DELETE", "v1 /images/{image_id}", **named)


def change_accounts(office: Office) -> None:
    made, event = office.done("project.create", "POST", "identity /projects", {"project": {"name": "lab"}})
    project = made.json["project"]["id"]
    assert (event["target"], event["changed"]) == (
        project,
        {"name": {"from": None, "to": "lab"}, "enabled": {"from": None, "to": True}},
    )
    change = {"project": {"description": "SECRET"}}
    _, event = office.done("project.update", "PATCH", "identity /projects/{project}", change, project=project)
    assert event["changed"] == {"description": {}}

    made, event = office.done(
        "user.create", "POST", "identity /users", {"user": {"name": "ann", "password": "SECRET 1"}}
    )
    user = made.json["user"]["id"]
    grant = {"project": project, "user": user, "role": "member"}
    row = "identity /projects/{project}/users/{user}/roles/{role}"
    _, event = office.done("user.role.grant", "PUT", row, **grant)
    assert (event["target"], event["owner"], event["changed"]) == (
        user,
        project,
        {"role": {"from": None, "to": "member"}},
    )
    assert office.of_request(office.ask("PUT", row, **grant)) == []

    change = {"user": {"password": "SECRET 2", "email": "SECRET@example"}}
    _, event = office.done("user.update", "PATCH", "identity /users/{user}", change, user=user)
    assert event["changed"] == {"email": {}, "password": {}}
    passwords = {"user": {"original_password": "SECRET 2", "password": "SECRET 3"}}
    row = "identity /users/{user}/password"
    _, event = office.done("user.password", "POST", row, passwords, cloud=None, user=user)
    assert (event["actor"], event["user"], event["changed"]) == ("user", user, {"password": {}})

    login = proof({"id": user, "password": "SECRET 3"}, project)
    made, event = office.done("user.login", "POST", "identity /auth/tokens", login, cloud=None)
    assert (event["user"], event["project"], event["roles"]) == (user, project, ["member"])
    token = made.headers["X-Subject-Token"]

    credential = {"application_credential": {"name": "ci", "secret": "SECRET 4"}}
    asked = office.server.request(
        "POST", f"/v3/users/{user}/application_credentials", json.dumps(credential).encode(), JSON, token=token
    )
    office.asked.add(("POST", "identity /users/{user_id}/application_credentials"))
    [event] = office.of_request(asked)
    assert (event["action"], event["owner"], event["changed"]["roles"]["to"]) == (
        "credential.create",
        project,
        ["member"],
    )
    made_id = asked.json["application_credential"]["id"]
    row = "identity /users/{user_id}/application_credentials/{application_credential_id}"
    _, event = office.done("credential.delete", "DELETE", row, user_id=user, application_credential_id=made_id)
    assert event["target"] == made_id

    row = "identity /auth/tokens"
    _, event = office.done("user.token.revoke", "DELETE", row, None, {"X-Subject-Token": token})
    assert event["target"] == user
    office.done("user.role.revoke", "DELETE", "identity /projects/{project}/users/{user}/roles/{role}", **grant)
    office.done("user.delete", "DELETE", "identity /users/{user}", user=user)
    office.done("project.delete", "DELETE", "identity /projects/{project}", project=project)
    assert "SECRET" not in office.file.read_text()
    assert token not in office.file.read_text()


def proof(user: dict[str, str], project: str) -> dict[str, Any]:
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"id": project}}}}


def test_what_is_refused_says_who_wanted_what_and_why_not(office: Office) -> None:
    image_id = v2_image(office, b"data", visibility="public", protected=True)
    mine: dict[str, Any] = {"cloud": "calotype", "image_id": image_id}

    _, event = office.one("DELETE", "v1 /images/{image_id}", **mine)
    assert (event["action"], event["outcome"], event["reason"], event["target"]) == (
        "image.delete",
        "refused",
        "Refused",
        image_id,
    )
    assert "changed" not in event
    change = json.dumps([{"op": "replace", "path": "/visibility", "value": "public"}]).encode()
    own = office.ask("POST", "v2 /images", RAW, cloud="calotype").json["id"]
    _, event = office.one("PATCH", "v2 /images/{image_id}", change, PATCH, cloud="calotype", image_id=own)
    assert (event["reason"], event["right"]) == ("Refused", "publicize_image")
    _, event = office.one("DELETE", "v2 /images/{image_id}", image_id="x" * 5000)
    assert len(event["target"]) < 130
    _, event = office.one("POST", "v1 /images", b"data", {**V1_RAW, "X-Image-Meta-Is_public": "true"}, cloud="calotype")
    assert (event["action"], event["reason"]) == ("image.create", "Refused")


def test_data_that_are_refused_leave_the_image_made_and_the_upload_not(office: Office) -> None:
    answer = office.ask("POST", "v1 /images", b"no qcow2", {**V1_RAW, "X-Image-Meta-Disk_format": "qcow2"})

    assert [(one["action"], one["outcome"], one.get("reason")) for one in office.of_request(answer)] == [
        ("image.create", "done", None),
        ("image.upload", "refused", "WrongFormat"),
    ]


def test_an_upload_whose_client_hangs_up_is_given_up(office: Office) -> None:
    image_id = v2_image(office)
    head = f"PUT /v2/images/{image_id}/file HTTP/1.1\r\nHost: h\r\nContent-Type: application/octet-stream\r\n"
    sent = f"{head}X-Auth-Token: {office.server.token_of('calotype-admin')}\r\nContent-Length: 9\r\n\r\nhalf"
    servers.raw(office.server.host, office.server.port, sent.encode(), timeout_s=0.2)

    def told() -> list[Event]:
        return [
            event for event in office.events() if (event["action"], event.get("target")) == ("image.upload", image_id)
        ]

    eventually(lambda: len(told()) == 1)
    [event] = told()
    assert (event["outcome"], event["reason"]) == ("refused", "GaveUp")
    assert event["client"] == "127.0.0.1"


def test_a_login_that_fails_names_the_user_if_there_is_one_and_nobody_else(office: Office) -> None:
    domain = {"name": "Default"}
    row = "identity /auth/tokens"
    known = {"name": "admin", "domain": domain, "password": "SECRET"}
    _, event = office.one("POST", row, proof(known, "x"), cloud=None)
    assert (event["action"], event["outcome"], event["reason"]) == ("user.login", "refused", "Unauthenticated")
    assert event["actor"] == "anybody"
    assert len(event["user"]) == 32

    unknown = {"name": "SECRET typed into the wrong field", "domain": domain, "password": "x"}
    _, event = office.one("POST", row, proof(unknown, "x"), cloud=None)
    assert "user" not in event
    assert "SECRET" not in office.file.read_text()


def test_no_password_and_no_token_is_in_any_log_wherever_it_is_sent(office: Office) -> None:
    """Forty secrets, each in a place where one belongs, or where somebody may put it by mistake."""
    token = office.server.token_of("calotype-admin")
    secrets = [f"s3cret-{uuid.uuid4().hex}" for _ in range(40)]
    for number, secret in enumerate(secrets):
        send_secret(office, number % 8, secret)

    said = office.file.read_text() + office.server.log.read_text()
    assert [secret for secret in (token, *secrets) if secret in said] == []


def send_secret(office: Office, place: int, secret: str) -> None:
    domain = {"name": "Default"}
    users, logins = "identity /users", "identity /auth/tokens"
    match place:
        case 0:
            office.ask("POST", logins, proof({"name": "admin", "domain": domain, "password": secret}, "x"), cloud=None)
        case 1:
            office.ask("POST", logins, proof({"name": secret, "domain": domain, "password": "x"}, secret), cloud=None)
        case 2:
            token = {"methods": ["token"], "token": {"id": secret}}
            office.ask("POST", logins, {"auth": {"identity": token}}, cloud=None)
        case 3:
            credential = {
                "methods": ["application_credential"],
                "application_credential": {"id": secret, "secret": secret},
            }
            office.ask("POST", logins, {"auth": {"identity": credential}}, cloud=None)
        case 4:
            office.ask("POST", users, {"user": {"name": f"user-{uuid.uuid4().hex}", "password": secret}})
        case 5:
            office.ask("DELETE", logins, None, {"X-Subject-Token": secret})
        case 6:
            office.ask("POST", "v2 /images", {**RAW, "os_admin_password": secret})
        case 7:
            headers = {**V1_RAW, "X-Image-Meta-Location": f"http://u:{secret}@h/?{secret}", "X-Auth-Token": secret}
            office.ask("POST", "v1 /images", None, headers, cloud=None)


def test_commands_are_events_of_who_ran_them(office: Office) -> None:
    where = ["--data-dir", office.server.folder, "--audit-log", office.file]
    before = len(office.events())
    for command in (
        ["project", "create", "lab"],
        ["project", "set", "lab", "--quota-images", "7"],
        ["user", "create", "bob", "--project", "lab"],
        ["role", "grant", "member", "--user", "bob", "--project", "lab"],
        ["credential", "create", "ci", "--user", "bob", "--project", "lab"],
        ["credential", "delete", "ci", "--user", "bob"],
        ["role", "revoke", "member", "--user", "bob", "--project", "lab"],
        ["user", "disable", "bob"],
        ["user", "delete", "bob"],
        ["project", "delete", "lab"],
    ):
        assert servers.run(*command, *where).returncode == 0, command
    assert servers.run("user", "delete", "nobody", *where).returncode == 2

    events = office.events()[before:]
    assert [(event["action"], event["outcome"]) for event in events] == [
        ("project.create", "done"),
        ("project.quota", "done"),
        ("user.create", "done"),
        ("user.role.grant", "done"),
        ("credential.create", "done"),
        ("credential.delete", "done"),
        ("user.role.revoke", "done"),
        ("user.update", "done"),
        ("user.delete", "done"),
        ("project.delete", "done"),
        ("user.delete", "refused"),
    ]
    assert all(event["os_user"] for event in events)
    assert events[1]["changed"] == {"quota_images": {"from": None, "to": 7}}
    assert events[-1]["target"] == "nobody"


def test_a_command_whose_change_could_not_be_told_of_changes_nothing(office: Office, tmp_path: Path) -> None:
    ended = servers.run(
        "user", "create", "bob", "--data-dir", office.server.folder, "--audit-log", tmp_path / "absent" / "audit.log"
    )

    assert ended.returncode == 4
    assert "absent/audit.log cannot be written" in ended.stderr
    assert "bob" not in servers.run("user", "list", "--data-dir", office.server.folder).stdout


def test_a_service_does_not_start_without_its_audit_log(tmp_path: Path) -> None:
    ended = servers.run("serve", "--ephemeral", "--port", "0", "--audit-log", tmp_path / "absent" / "audit.log")

    assert ended.returncode == 4
    assert "absent/audit.log cannot be written" in ended.stderr


def test_writers_of_two_workers_never_write_into_each_others_lines_while_the_file_is_moved_away(
    start_server: Callable[..., servers.Server], tmp_path: Path
) -> None:
    file = tmp_path / "audit.log"
    server = start_server("--audit-log", file, "--workers", "2")
    server.token_of()

    def write(number: int) -> str:
        name = f"{number} " + "ü" * 60
        body = {"name": name, **{f"property_{one:03}_{uuid.uuid4().hex}": "x" for one in range(100)}}
        made: str = server.request("POST", "/v2/images", json.dumps(body).encode(), JSON).json["id"]
        if number % 40 == 0:
            file.rename(tmp_path / f"audit.log.{number}")
        return made

    with ThreadPoolExecutor(8) as clients:
        made = list(clients.map(write, range(120)))
    server.stop()

    lines = [
        line for part in sorted(tmp_path.glob("audit.log*")) for line in part.read_bytes().splitlines(keepends=True)
    ]
    events = [json.loads(line) for line in lines]
    assert len(list(tmp_path.glob("audit.log*"))) == 4
    assert {event["target"] for event in events if event["action"] == "image.create"} == set(made)
    assert all(len(line) <= 4096 and line.endswith(b"\n") for line in lines)
    assert len({event["pid"] for event in events if event["action"] == "image.create"}) == 2
    assert all((part.stat().st_mode & 0o777) == 0o600 for part in tmp_path.glob("audit.log*"))


def test_a_full_disk_holds_up_nobody_and_is_told_once(start_server: Callable[..., servers.Server]) -> None:
    server = start_server("--audit-log", "/dev/full")

    made = [server.request("POST", "/v2/images", b"{}", JSON).status for _ in range(3)]

    assert made == [201, 201, 201]
    # The login, and three images.
    assert "\ncalotype_audit_lines_lost_total 4" in server.request("GET", "/metrics", token=None).text
    told = [line for line in server.log.read_text().splitlines() if "audit log cannot be written" in line]
    assert sum("pid" not in line for line in told) <= 2  # one of the start, one of the worker
    assert any(" critical audit " in line and "No space left" in line for line in told)


def test_an_audit_log_on_standard_output_stands_behind_what_the_service_says(
    start_server: Callable[..., servers.Server],
) -> None:
    server = start_server("--audit-log", "-")
    server.request("POST", "/v2/images", b"{}", JSON)
    assert server.process.stdout is not None
    events = [json.loads(server.process.stdout.readline()) for _ in range(2)]

    assert [event["action"] for event in events] == ["user.login", "image.create"]


def test_housekeeping_acts_by_itself(start_server: Callable[..., servers.Server], tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    server = start_server("--audit-log", file, "--housekeeping-interval-s", "0.2")
    orphan = server.folder / "blobs" / "0r" / "0rphan"
    orphan.parent.mkdir()
    orphan.touch()
    os.utime(orphan, (0, 0))

    def told() -> list[Event]:
        return [event for event in map(json.loads, file.read_text().splitlines()) if event["actor"] == "housekeeping"]

    eventually(lambda: bool(told()))
    assert [(event["action"], event["target"]) for event in told()] == [("housekeeping.remove_bytes", "local/0rphan")]


def test_every_action_is_in_the_document() -> None:
    page = Path(__file__).parents[2] / "docs" / "operate" / "logs.md"
    table = page.read_text(encoding="utf-8").partition("### Actions")[2].partition("\nWhat is only read")[0]

    documented = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert documented == [act.value for act in Act]
