"""python-glanceclient's command, which takes version 2 of the Image API by itself and validates what it is told by our schemas."""

import filecmp
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import Clients, rows, shown

from servers import Server


@pytest.fixture
def glance(clients: Clients) -> Callable[..., str]:
    """Runs a command of glance; gives what it prints."""
    return lambda *command, **how: clients.after_openrc("glance", *command, **how)


@pytest.fixture
def as_friend(server: Server, friend: dict[str, str]) -> str:
    """Shell commands that make glance an ordinary user of another project, after openrc."""
    return "export " + " ".join(f"OS_{name.upper()}={shlex.quote(value)}" for name, value in friend.items())


FORMATS = ("--disk-format", "qcow2", "--container-format", "bare")


def test_a_real_image_is_created_changed_downloaded_and_deleted(glance, qcow2: Path, iso, tmp_path):
    again = tmp_path / "again.qcow2"

    created = shown(glance("image-create", "--name", "My größe", *FORMATS, "--property", "a=b", "--file", qcow2))
    image_id = created["id"]
    glance("image-tag-update", image_id, "boot")
    more = ("--property", "hw_disk_bus=virtio", "--remove-property", "a", "--min-ram", "64", "--os-distro", "ipxe")
    updated = shown(glance("image-update", image_id, "--name", "ipxe", *more))
    glance("image-tag-update", image_id, "tested")
    glance("image-tag-delete", image_id, "boot")
    seen = shown(glance("image-show", image_id))
    glance("image-download", "--file", again, image_id)
    glance("image-delete", image_id)

    assert (created["name"], created["status"], created["size"]) == ("My größe", "active", str(qcow2.stat().st_size))
    assert (created["a"], created["virtual_size"]) == ("b", str(iso.stat().st_size))
    assert (updated["name"], updated["hw_disk_bus"], updated["min_ram"]) == ("ipxe", "virtio", "64")
    assert (updated["os_distro"], updated["tags"], "a" in updated) == ("ipxe", '["boot"]', False)
    assert seen["tags"] == '["tested"]'
    assert filecmp.cmp(qcow2, again, shallow=False)
    assert "404" in glance("image-show", image_id, ends=1)


def test_data_come_later_and_through_a_pipe_without_a_known_length(glance, clients: Clients, server: Server, iso):
    (image_id,) = clients.python("""
import openstack
result = [openstack.connect(cloud="calotype").image.create_image("later", disk_format="iso").id]
""")

    glance("image-upload", image_id, stdin=iso)

    seen = shown(glance("image-show", image_id))
    assert (seen["status"], seen["size"]) == ("active", str(iso.stat().st_size))


def test_an_image_is_offered_to_another_project_and_accepted(glance, as_friend, friends_project, upload, server, qcow2):
    image_id = upload(server, "passed on", qcow2, visibility="shared")

    (offered,) = rows(glance("member-create", image_id, friends_project))
    before = rows(glance("image-list", before=as_friend))
    (accepted,) = rows(glance("member-update", image_id, friends_project, "accepted", before=as_friend))
    after = rows(glance("image-list", before=as_friend))
    members = rows(glance("member-list", "--image-id", image_id))
    glance("member-delete", image_id, friends_project)

    assert (offered["Member ID"], offered["Status"]) == (friends_project, "pending")
    assert before == []
    assert accepted["Status"] == "accepted"
    assert [image["ID"] for image in after] == [image_id]
    assert members == [accepted]
    assert "404" in glance("image-show", image_id, before=as_friend, ends=1)


def test_pages_are_walked_to_the_end_and_filters_kept(glance, clients: Clients):
    clients.python("""
import openstack
images = openstack.connect(cloud="calotype").image
for number in range(7):
    images.create_image(f"paged-{number}", tags=[f"t{number % 2}"], meta={"walk": "yes"}, allow_duplicates=True)
result = None
""")

    names = [image["Name"] for image in rows(glance("image-list", "--page-size", "3", "--property-filter", "walk=yes"))]
    odd = rows(
        glance("image-list", "--tag", "t1", "--sort", "name:desc", "--property-filter", "walk=yes", "--limit", "2")
    )

    assert names == [f"paged-{number}" for number in range(7)]
    assert [image["Name"] for image in odd] == ["paged-5", "paged-3"]


def test_data_of_a_deactivated_image_stay_where_they_are(glance, upload, server, qcow2, tmp_path):
    image_id = upload(server, "held back", qcow2)

    glance("image-deactivate", image_id)
    refused = glance("image-download", "--file", tmp_path / "never", image_id, ends=1)
    glance("image-reactivate", image_id)
    glance("image-download", "--file", tmp_path / "again", image_id)

    assert "403" in refused
    assert filecmp.cmp(qcow2, tmp_path / "again", shallow=False)


def test_what_the_service_tells_about_itself_is_shown(glance):
    assert "import-methods" in glance("import-info")
    assert "Multi Backend support is not enabled" in glance("stores-info", ends=1)
    assert {row["Quota"] for row in rows(glance("usage"))} >= {"image_size_total", "image_count_total"}
    assert "os_hash_value" in glance("explain", "image")


def test_data_of_another_format_than_declared_are_refused_and_glance_says_why(glance, iso):
    said = glance("image-create", "--name", "mistaken", *FORMATS, "--file", iso, ends=1)

    assert "qcow2" in said


def test_an_image_is_put_into_the_store_that_is_named(start_server, clients_of, qcow2, tmp_path):
    server = start_server("--ephemeral", "--store", "quick=file:quick", "--store", "large=file:large")
    clients = clients_of(server)

    known = clients.after_openrc("glance", "stores-info")
    created = shown(clients.after_openrc("glance", "image-create", *FORMATS, "--store", "large", "--file", qcow2))
    clients.after_openrc("glance", "image-download", "--file", tmp_path / "again", created["id"])

    assert "quick" in known
    assert created["stores"] == "large"
    assert filecmp.cmp(qcow2, tmp_path / "again", shallow=False)
    assert "is not valid" in clients.after_openrc(
        "glance", "image-create", *FORMATS, "--store", "none", "--file", qcow2, ends=1
    )
