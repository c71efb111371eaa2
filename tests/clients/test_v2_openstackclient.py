"""python-openstackclient, which takes version 2 of the Image API by itself: a real image from its creation to its deletion."""

import filecmp
from collections.abc import Callable
from typing import Any

import pytest
from programs import Clients

from servers import Server

Said = Callable[..., list[Any]]


@pytest.fixture
def openstack(clients: Clients) -> Said:
    """Runs commands, one a line, as the ordinary user unless told otherwise."""
    return lambda lines, *options: clients.openstack(lines, *(options or ("--os-cloud", "calotype")))


@pytest.fixture
def as_friend(server: Server, friend: dict[str, str]) -> list[str]:
    """The options that make openstackclient an ordinary user of another project."""
    login = {
        "auth_url": server.url + "/identity",
        **friend,
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    return [part for name, value in login.items() for part in (f"--os-{name.replace('_', '-')}", value)]


def test_a_real_image_is_created_found_by_name_changed_saved_and_deleted(openstack: Said, qcow2, iso, tmp_path):
    again = tmp_path / "again.qcow2"
    created, listed, *changes, shown, unset, stripped, saved, deleted, gone = openstack(f"""
        image create --disk-format qcow2 --property os_distro=ipxe --tag boot --file {qcow2} "My größe" -f json
        image list --name "My größe" --long -f json
        image set --property hw_disk_bus=virtio --property trait:HW_CPU=required --min-ram 64 --tag tested "My größe"
        image set --name ipxe "My größe"
        image show ipxe -f json
        image unset --property os_distro --tag boot ipxe
        image show ipxe -f json
        image save --file {again} ipxe
        image delete ipxe
        image show ipxe
    """)

    assert (created["status"], created["size"], created["name"]) == ("active", qcow2.stat().st_size, "My größe")
    assert created["virtual_size"] == iso.stat().st_size
    (row,) = listed
    assert (row["ID"], row["Checksum"], row["Tags"]) == (created["id"], created["checksum"], ["boot"])
    assert (shown["id"], shown["min_ram"], sorted(shown["tags"])) == (created["id"], 64, ["boot", "tested"])
    wanted = {"os_distro": "ipxe", "hw_disk_bus": "virtio", "trait:HW_CPU": "required"}
    assert wanted.items() <= shown["properties"].items()
    assert "os_distro" not in stripped["properties"]
    assert stripped["tags"] == ["tested"]
    assert filecmp.cmp(qcow2, again, shallow=False)
    assert [*changes, unset, saved, deleted] == [""] * 5
    assert "No Image found for ipxe" in gone


def test_an_image_is_offered_to_another_project_accepted_and_taken_back(
    openstack: Said, as_friend, friend, friends_project, server: Server, qcow2
):
    created, offered = openstack(f"""
        image create --disk-format qcow2 --shared --file {qcow2} passed-on -f json
        image add project passed-on {friends_project} -f json
    """)
    image_id = created["id"]
    before, accepted, after = openstack(
        f"""
        image list -f value -c Name
        image set --accept {image_id}
        image list -f value -c Name
    """,
        *as_friend,
    )
    members, removed, left = openstack(f"""
        image member list passed-on -f json
        image remove project passed-on {friends_project}
        image member list passed-on -f json
    """)
    afterwards = server.request("GET", f"/v2/images/{image_id}", token=server.log_in(**friend))

    assert (offered["member_id"], offered["status"]) == (friends_project, "pending")
    assert (before.split(), accepted, after.split()) == ([], "", ["passed-on"])
    assert members == [{"Image ID": image_id, "Member ID": friends_project, "Status": "accepted"}]
    assert (removed, left) == ("", [])
    assert afterwards.status == 404


def test_data_of_a_deactivated_image_stay_where_they_are_until_it_is_activated(openstack: Said, qcow2, tmp_path):
    again = tmp_path / "again.qcow2"
    created, _, status, refused, _, saved = openstack(f"""
        image create --disk-format qcow2 --file {qcow2} held-back -f json
        image set --deactivate held-back
        image show held-back -f value -c status
        image save --file {again} held-back
        image set --activate held-back
        image save --file {again} held-back
    """)

    assert created["status"] == "active"
    assert status.strip() == "deactivated"
    assert "checksum mismatch" in refused  # it takes the words of a 403 for data, and then sees that they are none
    assert saved == ""
    assert filecmp.cmp(qcow2, again, shallow=False)


def test_a_list_keeps_what_its_filters_name_in_the_order_that_is_asked_for(openstack: Said):
    commands = [
        f"image create --property set=yes --property colour={colour} --tag {tag} --min-disk {size} {name} -f json"
        for name, colour, tag, size in (("small", "red", "a", 1), ("middle", "blue", "a", 2), ("large", "red", "b", 3))
    ]
    made = openstack("\n".join(commands))
    *named, first, second = openstack("""
        image list --property set=yes --sort name:asc -f value -c Name
        image list --property set=yes --property colour=red --sort name:asc -f value -c Name
        image list --tag a --property set=yes --sort name:desc -f value -c Name
        image list --status active --property set=yes --max-items 2 --sort name:desc -f value -c Name
        image list --property set=yes --private -f value -c Name
        image list --property set=yes --sort name:asc --limit 1 -f value -c Name
        image list --property set=yes --sort name:asc --limit 1 --marker large -f value -c Name
    """)

    assert [image["status"] for image in made] == ["active"] * 3  # nothing comes through its standard input
    assert [names.split() for names in named] == [
        ["large", "middle", "small"],
        ["large", "small"],
        ["small", "middle"],
        ["middle", "large"],  # of the two newest
        [],
    ]
    assert (first.split()[0], second.split()[0]) == ("large", "middle")


def test_what_is_refused_is_said(openstack: Said, iso, qcow2):
    mistaken, unknown, public = openstack(f"""
        image create --disk-format qcow2 --file {iso} mistaken
        image show nothing
        image create --public for-all
    """)

    assert "415" in mistaken  # openstacksdk asks for errors as text, and shows no more of them than the status
    assert "No Image found for nothing" in unknown
    assert "403" in public
