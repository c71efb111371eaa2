"""schemathesis asks a running service what its OpenAPI document says may be asked, and what it does not say.

It never hears a 500 or a code that is not in the document, and every answer has the shape that the document gives it.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import servers
from servers import Server

HERE = Path(__file__).parent
PROGRAM = HERE.parents[1] / ".venv-schemathesis/bin/schemathesis"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
)
#: The admin asks a service that shows where data are, as one behind a cloud may; so both shapes of images are seen.
SHOWING = {
    "calotype": {},
    "calotype-admin": {"CALOTYPE_SHOW_MULTIPLE_LOCATIONS": "true", "CALOTYPE_SHOW_IMAGE_DIRECT_URL": "true"},
}
BUDGET_S = 120
LIMIT_S = 4 * BUDGET_S


@pytest.mark.proof
@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("cloud", SHOWING)
def test_every_answer_is_one_that_the_document_tells_of(
    start_server: Callable[..., Server], tmp_path: Path, missing: Callable[[str], None], cloud: str
) -> None:
    if not PROGRAM.exists():
        missing(".venv-schemathesis, which `make proof` makes,")
    stores = ("--store", "local=file:blobs", "--store", "second=file:second")
    server = start_server("--ephemeral", *stores, **SHOWING[cloud])
    token = server.token_of(cloud)
    (tmp_path / "schemathesis.toml").write_text(f"{settings()}\n{parameters(server, cloud)}")

    result = subprocess.run(
        [
            *(PROGRAM, "--no-color", "run", f"{server.url}/openapi.json", "-H", f"X-Auth-Token: {token}"),
            *("--checks", ",".join(CHECKS), "--max-time", str(BUDGET_S), "--workers", "1"),
        ],
        cwd=tmp_path,
        env=servers.environment(SCHEMATHESIS_HOOKS=str(HERE / "schemathesis_hooks.py")),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )

    assert result.returncode == 0, result.stdout[-20_000:]
    assert server.request("GET", "/v2/schemas/image", token=token).status == 200, (
        "the token did not last, nor the proof"
    )
    assert "Traceback" not in server.log.read_text()


def settings() -> str:
    return (HERE / "schemathesis.toml").read_text()


def parameters(server: Server, cloud: str) -> str:
    """Values with which the questions are about something: what others own is not found by guessing.

    An admin's go to a user and a project that nobody needs, since it may delete them; everybody else's to the own ones.
    """
    told = described(server, cloud)
    user, project = told["user"]["id"], told["project"]["id"]
    if cloud == "calotype-admin":
        user = made(server, "user")
        project = made(server, "project")
    values = {
        "path.user": user,
        "path.user_id": user,
        "path.project": project,
        "path.role": "member",
        "path.domain": "default",
        "path.store": "second",
        "header.X-Subject-Token": server.log_in(**server.credentials(cloud)),
        "header.X-Image-Meta-Store": "second",
        "header.x-image-meta-store": "second",
    }
    return "\n".join(["[parameters]", *(f'"{name}" = "{value}"' for name, value in values.items())])


def described(server: Server, cloud: str) -> dict[str, dict[str, str]]:
    """What *cloud*'s token says."""
    token = server.token_of(cloud)
    answer = server.request("GET", "/v3/auth/tokens", headers={"X-Subject-Token": token}, token=token)
    found: dict[str, dict[str, str]] = answer.json["token"]
    return found


def made(server: Server, kind: str) -> str:
    """The id of a new user or project."""
    body = f'{{"{kind}": {{"name": "of-no-use"}}}}'.encode()
    answer = server.request("POST", f"/v3/{kind}s", body, token=server.token_of("calotype-admin"))
    assert answer.status == 201, answer.body
    found: str = answer.json[kind]["id"]
    return found
