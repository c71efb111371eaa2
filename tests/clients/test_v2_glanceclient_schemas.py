"""python-glanceclient's models, made of the schemas the service serves, take every image and member that it shows.

Lists and `get` build models that look at nothing; here the ones that validate are asked.
"""

import json
from typing import Any

import pytest
from programs import Clients

from servers import Server

PROGRAM = """
import jsonschema
from glanceclient import v2
from keystoneauth1 import session
from keystoneauth1.identity.v3 import Password

glance = v2.Client(session=session.Session(Password(url + "/identity/v3", user_domain_id="default",
                                                    project_domain_id="default", **login)))

def read(path):
    return glance.http_client.get(path)[1]

def check(model, sent):  # "self" cannot be given by name; the client leaves it out as well
    model(**{name: value for name, value in sent.items() if name != "self"})

images = []
for hidden in ("false", "true"):
    images += read("/v2/images?os_hidden=" + hidden)["images"]
members = [member for image in images if image["visibility"] == "shared"
           for member in read("/v2/images/" + image["id"] + "/members")["members"]]
for image in images:
    check(glance.images.model, image)
    check(glance.images.model, read(image["self"]))
for member in members:
    check(glance.image_members.model, member)
    check(glance.image_members.model, read("/v2/images/" + member["image_id"] + "/members/" + member["member_id"]))

def is_refused(**fields):
    try:
        glance.images.model(**fields)
    except (jsonschema.ValidationError, ValueError):
        return True

schema = glance.schemas.get("image")
loaded = [glance.schemas.get(name).name for name in names]
result = {
    "images": len(images),
    "members": len(members),
    "refused": [is_refused(disk_format="unheard-of"), is_refused(own=1)],
    "base": [schema.is_base_property(name) for name in ("disk_format", "kernel_id", "own")],
    "known": [schema.is_core_property(name) for name in ("disk_format", "kernel_id", "own")],
    "loaded": loaded,
}
"""

OTHERS = ("image", "images", "member", "members", "task", "tasks")
METADEFS = {
    "namespace": "namespace",
    "namespaces": "namespaces",
    "resource_type": "resource_type_association",
    "resource_types": "resource_type_associations",
    "property": "property",
    "properties": "properties",
    "object": "object",
    "objects": "objects",
    "tag": "tag",
    "tags": "tags",
}


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """A service with images as v1 and v2 make them, in their states, with and without all that may be missing."""

    def create(**fields: Any) -> str:
        answer = server.request("POST", "/v2/images", json.dumps(fields).encode())
        assert answer.status == 201, answer.body
        found: str = answer.json["id"]
        return found

    def act(method: str, path: str, body: bytes | None = None, token: str = "", code: int = 204) -> None:
        answer = server.request(method, path, body, token=token)
        assert answer.status == code, answer.body

    create()
    create(name=None, kernel_id=None, ramdisk_id="aaaaaaaa-0000-4000-8000-000000000001", own="", description="größe")
    create(name="hidden", os_hidden=True, protected=True, tags=["a", "b"], min_ram=1, min_disk=2, visibility="private")
    formats = {"disk_format": "raw", "container_format": "bare"}
    active, withheld, shared = (create(name=name, **formats) for name in ("active", "withheld", "shared"))
    for image in (active, withheld):
        act("PUT", f"/v2/images/{image}/file", b"data")
    act("POST", f"/v2/images/{withheld}/actions/deactivate")
    for project in ("one", "two"):
        act("POST", f"/v2/images/{shared}/members", json.dumps({"member": project}).encode(), code=200)
    answer = json.dumps({"status": "rejected"}).encode()
    act("PUT", f"/v2/images/{shared}/members/one", answer, server.token_of("calotype-admin"), code=200)
    act("PUT", f"/v1/images/{active}/members/three", b"{}")
    by_v1 = {
        "x-image-meta-id": "aaaaaaaa000040008000000000000002",
        "x-image-meta-name": "by v1",
        "x-image-meta-property-own": "",
        "x-image-meta-property-kernel_id": "",
        "x-image-meta-property-size": "a property of that name",
    }
    assert server.request("POST", "/v1/images", headers=by_v1).status == 201
    return server


def test_its_models_take_everything_that_is_shown(filled: Server, clients: Clients) -> None:
    names = [*OTHERS, *(f"metadefs/{name}" for name in METADEFS)]

    told = clients.python(PROGRAM, names=names)

    assert (told["images"], told["members"]) == (7, 3)
    assert told["refused"] == [True, True]
    assert told["base"] == [True, False, False]
    assert told["known"] == [True, True, False]
    assert told["loaded"] == [*OTHERS, *METADEFS.values()]
