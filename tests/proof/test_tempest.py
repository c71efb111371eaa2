"""tempest 47's tests of the Image API v2, as they are, with accounts that they make at the embedded identity service.

Source: openstack/tempest:tempest/api/image/v2/. What it is told of us is what we are: no imports, no cache.
"""

import configparser
import http.server
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import servers
from servers import Server

VENV = Path(__file__).parents[2] / ".venv-tempest"
PROGRAM = Path(__file__).with_name("tempest_tests.py")
PACKAGE = "tempest.api.image.v2"
LIMIT_S = 1500
DATA = os.urandom(1 << 20)

_IMPORTS = "images are not imported"
_TASKS = "there are no tasks"
_METADEFS = "there are no metadata definitions"
_OWNS = "a project that owns images is not deleted, and the class leaves some"

#: What does not pass, whatever we are set up as: its beginning, how it ends, and why.
NEVER = {
    "admin.test_image_caching.": ("skipped", "there is no cache"),
    "admin.test_image_task.ImageTaskCreate.test_image_tasks_create": (
        "skipped",
        "tempest skips it for a bug of Glance's",
    ),
    "admin.test_image_task.ImageTaskCreate.test_task_create_fake_image_location": ("failed", _TASKS),
    "admin.test_images.ImportCopyImagesTest": ("skipped", _IMPORTS),
    "admin.test_images.MultiStoresImagesTest": ("skipped", _IMPORTS),
    "admin.test_images.ImageLocationsAdminTest.tearDownClass": ("failed", _OWNS),
    "admin.test_images_metadefs_": ("failed", _METADEFS),
    "test_images.ImageLocationsTest.tearDownClass": ("failed", _OWNS),
    "test_images.ImportImagesTest": ("skipped", _IMPORTS),
    "test_images.MultiStoresImportImagesTest": ("skipped", _IMPORTS),
    "test_images.StoreWeightTest": ("skipped", _IMPORTS),
    "test_images_dependency.": ("skipped", "there is no Nova"),
    "test_images_formats.": ("skipped", "there is no Nova"),
    "test_images_negative.ImportImagesNegativeTest": ("skipped", _IMPORTS),
}

#: How many pass at the least, so that a test that is gone is missed.
PASSING = 45


@dataclass(frozen=True)
class Kind:
    """A way to be set up. *flags*: ours. *features*: what tempest is told of them. *besides*: like NEVER."""

    name: str
    flags: tuple[str, ...]
    features: dict[str, str]
    besides: dict[str, tuple[str, str]]


#: Tests that ask for the task which adds a location, each in two forms.
ADDED = ("LocationImportTest.test_add_location", "MultistoreLocationImportTest.test_add_location")
LOCATIONS = ("--show-multiple-locations", "--http-locations", "--fetch-allowed-hosts", "127.0.0.1")

KINDS = (
    Kind(
        "one store, formats enforced, locations digested",
        LOCATIONS,
        {"image_format_enforcement": "true", "do_secure_hash": "true"},
        {
            "test_images.ListUserImagesTest": (
                "skipped",
                "formats are enforced, and its data are none of what they are called",
            ),
            **{f"test_images.{name}_for_image_with_do_secure_hash_true": ("failed", _TASKS) for name in ADDED},
            **{f"test_images.{name}_with_do_secure_hash_false": ("skipped", "they are digested") for name in ADDED},
        },
    ),
    Kind(
        "two stores, formats not enforced, locations believed",
        (
            *LOCATIONS,
            "--store",
            "one=file:one",
            "--store",
            "two=file:two",
            "--no-do-secure-hash",
            "--no-require-image-format-match",
        ),
        {"image_format_enforcement": "false", "do_secure_hash": "false"},
        {
            "test_images.HashCalculationRemoteDeletionTest": ("skipped", "nothing is digested"),
            **{
                f"test_images.{name}_for_image_with_do_secure_hash_true": ("skipped", "they are believed")
                for name in ADDED
            },
            **{f"test_images.{name}_with_do_secure_hash_false": ("failed", _TASKS) for name in ADDED},
        },
    ),
)


@pytest.fixture
def origin() -> Iterator[str]:
    """The URL of 1 MiB on this machine."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(DATA)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/image"
        listening.shutdown()
        thread.join()


@pytest.mark.proof
@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_tempest_passes_but_where_it_wants_what_is_not_offered(kind, origin, start_server, tmp_path, missing):
    if not (VENV / "bin" / "tempest").exists():
        missing(".venv-tempest, which `make reference` makes,")
    port = origin.rpartition(":")[2].partition("/")[0]
    server = start_server("--ephemeral", *kind.flags, "--fetch-allowed-ports", port)

    outcomes = run(server, kind, origin, tmp_path)

    listed = NEVER | kind.besides
    not_passed = {name: outcome for name, (outcome, _) in outcomes.items() if outcome != "passed"}
    unlisted = {name: outcomes[name] for name in not_passed if not any(map(name.startswith, listed))}
    passing = [
        name for name, (outcome, _) in outcomes.items() if outcome == "passed" and any(map(name.startswith, listed))
    ]
    idle = [start for start, (ends, _) in listed.items() if ends not in _of(start, not_passed)]
    assert not unlisted
    assert not passing, "these pass, and are listed as if they did not"
    assert not idle, "these are listed, and nothing ends so"
    assert len(outcomes) - len(not_passed) >= PASSING


def _of(start: str, outcomes: dict[str, str]) -> set[str]:
    return {outcome for name, outcome in outcomes.items() if name.startswith(start)}


def run(server: Server, kind: Kind, origin: str, folder: Path) -> dict[str, tuple[str, str]]:
    """How each test of the package ended and why, by its name in the package; a class that is skipped whole is one entry."""
    configure(server, kind, origin, folder)
    env = servers.environment(TEMPEST_CONFIG_DIR=str(folder), TEMPEST_CONFIG="tempest.conf")
    command = [VENV / "bin" / "python", PROGRAM, PACKAGE]
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 0, result.stderr
    ended = [json.loads(line) for line in result.stdout.splitlines()]
    return {_name(test): (outcome, reason) for test, outcome, reason in ended}


def _name(test: str) -> str:
    """`setUpClass (tempest.api.image.v2.test_x.Y)` is test_x.Y.setUpClass; idempotent ids are left out."""
    if whole := re.fullmatch(r"(\w+) \((.*)\)", test):
        test = f"{whole[2]}.{whole[1]}"
    return test.removeprefix(f"{PACKAGE}.").partition("[")[0]


def configure(server: Server, kind: Kind, origin: str, folder: Path) -> None:
    """tempest.conf in *folder*."""
    admin = {f"admin_{name}": value for name, value in server.credentials("calotype-admin").items()}
    sections = {
        "DEFAULT": {"log_file": str(folder / "tempest.log"), "use_stderr": "false"},
        "oslo_concurrency": {"lock_path": str(folder)},
        "auth": {
            **admin,
            "admin_domain_name": "Default",
            "create_isolated_networks": "false",
            "tempest_roles": "member",
        },
        "identity": {"uri_v3": f"{server.url}/identity/v3", "auth_version": "v3", "region": "RegionOne"},
        "image": {"build_timeout": "30", "http_image": origin},
        "image-feature-enabled": {
            "import_image": "false",
            "manage_locations": "true",
            "http_store_enabled": "true",
            **kind.features,
        },
        "enforce_scope": {"glance": "true"},
        "service_available": dict.fromkeys(("cinder", "neutron", "nova", "swift"), "false"),
    }
    written = configparser.ConfigParser(interpolation=None, default_section="none")
    written.read_dict(sections)
    with (folder / "tempest.conf").open("w") as file:
        written.write(file)
