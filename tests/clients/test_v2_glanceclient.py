"""python-glanceclient from Python, version 2 of the Image API: every object is validated by the schemas the service serves."""

import hashlib
from typing import Any

import pytest
from programs import Clients

from servers import Server

PYTHON = """
import hashlib
from glanceclient import exc, v2
from keystoneauth1 import session
from keystoneauth1.identity.v3 import Password

def client(login):
    made = Password(url + "/identity/v3", user_domain_id="default", project_domain_id="default", **login)
    opened = session.Session(made)
    return v2.Client(session=opened), opened.get_project_id()

def refused(call, *given, **how):
    try:
        call(*given, **how)
    except (exc.HTTPException, exc.ClientException, TypeError) as error:
        return [type(error).__name__, str(error)]

glance, project = client(login)
images = glance.images
"""


def in_python(clients: Clients, program: str, **given: Any) -> Any:
    return clients.python(PYTHON + program, **given)


@pytest.fixture(scope="module")
def life(clients: Clients, qcow2: Any) -> dict[str, Any]:
    """What it saw of an image from its creation to its deletion."""
    found: dict[str, Any] = in_python(
        clients,
        """
made = images.create(name="größe", disk_format="qcow2", container_format="bare", min_ram=64, tags=["boot"],
                     os_distro="ipxe", visibility="private", my_own="1")
with open(path, "rb") as file:
    images.upload(made.id, file, image_size=size)
filled = images.get(made.id)
updated = images.update(made.id, remove_props=["os_distro"], name="late", my_own="2", hw_disk_bus="virtio",
                        tags=["boot", "tested"])
glance.image_tags.update(made.id, "third")
glance.image_tags.delete(made.id, "boot")
changed = images.get(made.id)
digest = hashlib.sha256(b"".join(images.data(made.id))).hexdigest()
images.delete(made.id)
result = {"made": dict(made), "filled": dict(filled), "updated": dict(updated), "changed": dict(changed),
          "digest": digest, "after": refused(images.get, made.id)}
""",
        path=str(qcow2),
        size=qcow2.stat().st_size,
    )
    return found


def test_an_image_is_created_and_filled(life, qcow2):
    made, filled = life["made"], life["filled"]

    assert (made["name"], made["status"], made["visibility"], made["tags"]) == ("größe", "queued", "private", ["boot"])
    assert (made["os_distro"], made["my_own"], made["size"]) == ("ipxe", "1", None)
    assert (filled["status"], filled["size"]) == ("active", qcow2.stat().st_size)
    assert filled["checksum"] == hashlib.md5(qcow2.read_bytes(), usedforsecurity=False).hexdigest()


def test_it_is_changed_by_what_it_is_told_and_by_nothing_else(life):
    updated, changed = life["updated"], life["changed"]

    assert (updated["name"], updated["my_own"], updated["hw_disk_bus"]) == ("late", "2", "virtio")
    assert "os_distro" not in updated
    assert sorted(updated["tags"]) == ["boot", "tested"]
    assert sorted(changed["tags"]) == ["tested", "third"]
    assert updated["min_ram"] == 64


def test_its_data_come_back_and_their_digest_is_checked(life, qcow2):
    assert life["digest"] == hashlib.sha256(qcow2.read_bytes()).hexdigest()
    assert life["after"][0] == "HTTPNotFound"


def test_what_the_schema_does_not_allow_is_refused_before_it_is_sent_and_what_it_does_by_the_service(clients):
    said = in_python(
        clients,
        """
queued = images.create(name="queued")
result = {
    "format": refused(images.create, name="odd", disk_format="floppy", container_format="bare"),
    "number": refused(images.create, name="odd", my_own=5),
    "unknown": refused(images.get, "3c3d1d01-b48a-4639-8a88-08be3b9b5d78"),
    "used id": refused(images.create, id=queued.id, name="again"),
    "public": refused(images.create, name="for all", visibility="public"),
    "read-only": refused(images.update, queued.id, checksum="0" * 32),
    "twice": [refused(glance.image_members.create, queued.id, "a") for _ in range(2)][1],
    "no data": images.data(queued.id).wrapped,
}
""",
    )

    assert said.pop("no data") is None
    assert {what: kind for what, (kind, _) in said.items()} == {
        "format": "TypeError",
        "number": "TypeError",
        "unknown": "HTTPNotFound",
        "used id": "HTTPConflict",
        "public": "HTTPForbidden",
        "read-only": "HTTPForbidden",
        "twice": "HTTPConflict",
    }


def test_images_are_listed_in_pages_and_by_every_filter(clients, server: Server):
    said = in_python(
        clients,
        """
for number in range(7):
    images.create(name=f"counted-{number}", min_disk=number, tags=[f"t{number % 2}", "all"], of="python")
requests = []
def names(page_size=200, **how):
    filters = {"of": "python", **how.pop("filters", {})}
    return [image.name for image in images.list(filters=filters, page_size=page_size, **how)]
result = {
    "pages": names(2, sort="name:asc"),
    "some": names(2, sort="name:asc", limit=3),
    "two tags": names(filters={"tag": ["t1", "all"]}, sort_key="name", sort_dir="desc"),
    "range": names(filters={"min_disk": 3}),
    "in": names(filters={"name": "in:counted-0,counted-4"}, sort="name:asc"),
    "before": names(filters={"created_at": "lt:2000-01-01T00:00:00Z"}),
    "mine": len(names(filters={"owner": project})),
    "marker": names(marker=next(images.list(filters={"name": "counted-5"})).id, sort="name:asc"),
}
""",
    )

    everything = [f"counted-{number}" for number in range(7)]
    assert said == {
        "pages": everything,
        "some": everything[:3],
        "two tags": ["counted-5", "counted-3", "counted-1"],
        "range": ["counted-3"],
        "in": ["counted-0", "counted-4"],
        "before": [],
        "mine": 7,
        "marker": ["counted-6"],
    }


def test_another_project_accepts_an_image_and_sees_it(clients, friend, upload, server: Server, qcow2):
    image_id = upload(server, "passed on", qcow2, visibility="shared")

    said = in_python(
        clients,
        """
theirs, their_project = client(friend)
listed = lambda **filters: image_id in [image.id for image in theirs.images.list(filters=filters)]
offered = dict(glance.image_members.create(image_id, their_project))
before = [listed(), listed(member_status="pending", visibility="shared")]
accepted = dict(theirs.image_members.update(image_id, their_project, "accepted"))
during = [listed(), [member.status for member in glance.image_members.list(image_id)],
          len(b"".join(theirs.images.data(image_id)))]
not_theirs = refused(theirs.images.update, image_id, name="mine")
glance.image_members.delete(image_id, their_project)
result = {"offered": offered["status"], "before": before, "accepted": accepted["status"], "during": during,
          "not theirs": not_theirs[0], "after": refused(theirs.images.get, image_id)[0]}
""",
        image_id=image_id,
        friend=friend,
    )

    assert said == {
        "offered": "pending",
        "before": [False, True],
        "accepted": "accepted",
        "during": [True, ["accepted"], qcow2.stat().st_size],
        "not theirs": "HTTPForbidden",
        "after": "HTTPNotFound",
    }


def test_what_the_service_tells_about_itself_is_read(clients):
    said = in_python(
        clients,
        """
result = {"import": images.get_import_info()["import-methods"]["value"],
          "stores": refused(images.get_stores_info)[0],
          "schemas": [glance.schemas.get(name).name for name in ("image", "images", "member", "members")],
          "usage": sorted(glance.info.get_usage())}
""",
    )

    assert said["import"] == []
    assert said["stores"] == "HTTPNotFound"  # there is one
    assert said["schemas"] == ["image", "images", "member", "members"]
    assert {"image_count_total", "image_size_total"} <= set(said["usage"])
