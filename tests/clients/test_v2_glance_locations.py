"""python-glanceclient from Python, where the operator lets images have their data at URLs: both of its ways to say so."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import origins
import servers
from servers import Server

PYTHON = """
import hashlib, time
from glanceclient import exc, v2
from keystoneauth1 import session
from keystoneauth1.identity.v3 import Password

def client(login):
    made = Password(url + "/identity/v3", user_domain_id="default", project_domain_id="default", **login)
    return v2.Client(session=session.Session(made)).images

def queued(name):
    return images.create(name=name, disk_format="qcow2", container_format="bare").id

def digest_of(image_id):
    return hashlib.sha256(b"".join(images.data(image_id))).hexdigest()

images, as_admin = client(login), client(admin)
"""


@pytest.fixture(scope="module")
def origin() -> Iterator[origins.Origin]:
    """A web server that is not the service's."""
    with origins.running() as origin:
        yield origin


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, origin: origins.Origin) -> Iterator[Server]:
    """A running service whose images may have their data at that server, and tell so."""
    flags = ("--fetch-allowed-hosts", "127.0.0.1", "--fetch-allowed-ports", str(origin.port))
    folder = tmp_path_factory.mktemp("locations")
    running = servers.start(folder / "log", "--ephemeral", "--http-locations", "--show-multiple-locations", *flags)
    yield running
    running.stop()


@pytest.fixture
def in_python(clients: Any, server: Server, origin: origins.Origin, qcow2: Path) -> Any:
    """Runs a program that has both users' `images`, and the `places` where the image's data are; gives its `result`."""
    places = [origin.put(path, qcow2.read_bytes()) for path in ("/one.qcow2", "/two.qcow2")]
    return lambda program: clients.python(PYTHON + program, admin=server.credentials("calotype-admin"), places=places)


def test_locations_are_added_told_changed_and_removed_by_patches(in_python, qcow2):
    said = in_python("""
image_id = queued("by patches")
first = images.add_location(image_id, places[0], {})
second = images.add_location(image_id, places[1], {"speed": "slow"})
changed = images.update_location(image_id, places[1], {"speed": "quick"})
digest = digest_of(image_id)
as_admin.delete_locations(image_id, {places[0]})
left = images.get(image_id)
result = {"status": first.status, "first": [each["url"] for each in first.locations], "size": first.size,
          "second": [each["url"] for each in second.locations], "speed": changed.locations[1]["metadata"]["speed"],
          "digest": digest, "left": [each["url"] for each in left.locations], "places": places}
""")

    one, two = said["places"]
    assert (said["status"], said["size"]) == ("active", qcow2.stat().st_size)
    assert (said["first"], said["second"], said["left"]) == ([one], [one, two], [two])
    assert said["speed"] == "quick"
    assert said["digest"] == hashlib.sha256(qcow2.read_bytes()).hexdigest()


def test_a_queued_image_is_told_where_its_data_are_and_their_digest_is_checked(in_python, qcow2):
    said = in_python(f"""
image_id = queued("by the newer way")
wanted = {{"os_hash_algo": "sha512", "os_hash_value": "{hashlib.sha512(qcow2.read_bytes()).hexdigest()}"}}
images.add_image_location(image_id, places[0], wanted)
for _ in range(100):
    image = images.get(image_id)
    if image.status == "active":
        break
    time.sleep(0.1)
try:
    told = images.get_image_locations(image_id)
except exc.HTTPForbidden:
    told = None
result = {{"status": image.status, "hash": image.os_hash_value, "wanted": wanted["os_hash_value"], "digest": digest_of(image_id),
          "told": told, "admin": [each["url"] for each in as_admin.get_image_locations(image_id)], "place": places[0]}}
""")

    assert (said["status"], said["hash"]) == ("active", said["wanted"])
    assert said["digest"] == hashlib.sha256(qcow2.read_bytes()).hexdigest()
    assert (said["told"], said["admin"]) == (None, [said["place"]])
