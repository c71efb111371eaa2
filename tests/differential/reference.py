"""Glance 33 as `make proof` starts it: under uwsgi, on SQLite, with its own keystonemiddleware asking Calotype's identity service.

Nothing of it is changed or left out. Source: openstack/glance:doc/source/admin/apache-httpd.rst and its sample configuration.
"""

import configparser
import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deployments import Deployment

import servers
from servers import Server

VENV = Path(__file__).parents[2] / ".venv-glance"
START_LIMIT_S = 120

_BOUND = re.compile(r"bound to TCP address 127\.0\.0\.1:(\d+)")
_READY = "ready in"

_ID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

#: The custom properties that Glance's deployments describe: the file is in its source, and not in its package.
#: Source: openstack/glance:etc/schema-image.json.
DESCRIBED: dict[str, dict[str, object]] = {
    **{name: {"type": ["null", "string"], "pattern": _ID} for name in ("kernel_id", "ramdisk_id")},
    **{
        name: {"type": "string"}
        for name in (
            "instance_uuid",
            "architecture",
            "os_distro",
            "os_version",
            "description",
            "cinder_encryption_key_id",
        )
    },
    "cinder_encryption_key_deletion_policy": {"type": "string", "enum": ["on_image_deletion", "do_not_delete"]},
}


@contextmanager
def glance(folder: Path, deployment: Deployment, identity: Server) -> Iterator[str]:
    """The address of a Glance of its own in *folder*, which trusts the tokens of *identity*; stopped at the end."""
    environment = servers.environment(OS_GLANCE_CONFIG_DIR=str(folder))
    _configure(folder, deployment, identity)
    _run("glance-manage", "--config-file", str(folder / "glance-api.conf"), "db", "sync", env=environment)
    log = folder / "uwsgi.log"
    options = ["--http-socket", "127.0.0.1:0", "--module", "glance.wsgi.api:application", "--virtualenv", str(VENV)]
    options += ["--processes", "1", "--threads", "2", "--master", "--lazy-apps", "--need-app", "--die-on-term"]
    with log.open("w") as said:
        process = subprocess.Popen(
            [VENV / "bin" / "uwsgi", *options, "--http-chunked-input"],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=said,
        )
    try:
        yield f"http://127.0.0.1:{_port(process, log)}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _configure(folder: Path, deployment: Deployment, identity: Server) -> None:
    """Its configuration file, its pipelines as they are shipped, and what it says of custom properties."""
    admin = identity.credentials("calotype-admin")
    sections: dict[str, Mapping[str, str]] = {
        "database": {"connection": f"sqlite:///{folder}/glance.sqlite"},
        "paste_deploy": {"flavor": "keystone"},
        "oslo_concurrency": {"lock_path": f"{folder}/locks"},
        "keystone_authtoken": {
            "www_authenticate_uri": f"{identity.url}/identity",
            "auth_url": f"{identity.url}/identity/v3",
            "auth_type": "password",
            "user_domain_id": "default",
            "project_domain_id": "default",
            **admin,
        },
        **deployment.glance,
        "DEFAULT": {
            "enabled_import_methods": "[]",
            "node_staging_uri": f"file://{folder}/staging",
            **deployment.glance.get("DEFAULT", {}),
        },
    }
    written = configparser.ConfigParser(interpolation=None, default_section="none")
    for name, options in sections.items():
        written[name] = {option: value.replace("{folder}", str(folder)) for option, value in options.items()}
    with (folder / "glance-api.conf").open("w") as file:
        written.write(file)
    (folder / "schema-image.json").write_text(json.dumps(DESCRIBED))
    shutil.copy(VENV / "etc" / "glance" / "glance-api-paste.ini", folder)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Where it listens, once it answers."""
    ends_at = time.monotonic() + START_LIMIT_S
    while time.monotonic() < ends_at and process.poll() is None:
        said = log.read_text()
        bound = _BOUND.search(said)
        if bound and _READY in said:
            return int(bound[1])
        time.sleep(0.1)
    raise AssertionError(f"Glance did not start: {log.read_text()}")


def _run(program: str, *arguments: str, env: Mapping[str, str]) -> None:
    result = subprocess.run(
        [VENV / "bin" / program, *arguments], env=env, capture_output=True, text=True, timeout=START_LIMIT_S
    )
    assert result.returncode == 0, result.stderr
