"""Clients that insist on logging in, at a service with `--auth none`. Source: docs/operate/accounts.md, "Without accounts"."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from servers import Server

#: What nobody was ever told.
ANYBODY = "export OS_USERNAME=anybody OS_PASSWORD=anything OS_PROJECT_NAME=anywhere"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running service that asks nobody who they are."""
    running = servers.start(tmp_path_factory.mktemp("open") / "log", "--ephemeral", "--auth", "none")
    yield running
    running.stop()


def test_openstackclient_logs_in_with_any_password(clients):
    issued = json.loads(clients.after_openrc("openstack", "token", "issue", "-f", "json", before=ANYBODY))

    assert (issued["user_id"], issued["project_id"]) == ("admin", "default")


def test_glance_makes_lists_and_deletes_an_image_with_any_password(clients, iso: Path):
    v1 = ("glance", "--os-image-api-version", "1")
    options = ("--name", "free", "--disk-format", "iso", "--container-format", "bare", "--file", str(iso))

    clients.after_openrc(*v1, "image-create", *options, before=ANYBODY)

    assert "free" in clients.after_openrc(*v1, "image-list", before=ANYBODY)
    clients.after_openrc(*v1, "image-delete", "free", before=ANYBODY)
    assert "free" not in clients.after_openrc(*v1, "image-list", before=ANYBODY)
