"""Ansible's openstack.cloud.image and image_info: a playbook run against the service, told of it by clouds.yaml."""

import json
from pathlib import Path
from typing import Any

import pytest

PLAYBOOK = Path(__file__).with_name("ansible_v2.yml")


@pytest.fixture(scope="module")
def told(automation, clients, qcow2, tmp_path_factory) -> dict[str, Any]:
    """What the playbook's tasks registered, by name."""
    report = tmp_path_factory.mktemp("ansible") / "report.json"
    given = {"path": str(qcow2), "report": str(report)}
    # It wants UTF-8, and without an inventory it knows localhost, but says that it knows no more.
    env = clients.clouds | {"LC_ALL": "C.UTF-8", "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_PIPELINING": "1"}
    clients.run("ansible-playbook", "-e", json.dumps(given), PLAYBOOK, limit_s=110, **env)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def test_an_image_is_created_once_from_a_file(told, qcow2):
    image = told["created"]["image"]

    assert (told["created"]["changed"], told["again"]["changed"]) == (True, False)
    assert (image["status"], image["size"], image["min_ram"]) == ("active", qcow2.stat().st_size, 64)
    assert (image["os_distro"], image["tags"], image["visibility"]) == ("ipxe", ["boot"], "private")
    assert told["again"]["image"] == image


def test_only_what_differs_is_changed(told):
    image = told["changed"]["image"]

    assert told["changed"]["changed"]
    assert (image["id"], image["tags"]) == (told["created"]["image"]["id"], ["boot"])
    assert (image["min_ram"], image["is_protected"]) == (128, True)
    assert (image["os_distro"], image["hw_disk_bus"]) == ("debian", "virtio")


def test_it_is_found_by_its_name_and_by_a_filter(told):
    assert told["by_name"]["images"] == [told["changed"]["image"]]
    assert told["by_filter"]["images"] == [told["changed"]["image"]]


def test_it_is_deactivated_and_deleted(told):
    assert told["inactive"]["image"]["status"] == "deactivated"
    assert told["deleted"]["changed"]
    assert told["afterwards"]["images"] == []
