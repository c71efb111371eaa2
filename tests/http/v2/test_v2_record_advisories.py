"""What has gone wrong elsewhere with records of images: one test for each advisory and note that touches them.

Sources: openstack/ossa:ossa/, openstack/security-doc:security-notes/; docs/api/v2.md.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from asking_v2 import PATCH_TYPES, V2

Tell = Callable[[Any], AbstractContextManager[int]]

UUID = "0f0f0f0f-0000-4000-8000-00000000000c"


def create(v2: V2, caller: str = "me", **fields: Any) -> int:
    return v2.ask("POST", "/v2/images", body=json.dumps(fields).encode(), caller=caller).status


def replaced(v2: V2, image_id: str, path: str, value: Any, caller: str = "me") -> int:
    return v2.patch(image_id, {"op": "replace", "path": path, "value": value}, caller=caller).status


@pytest.mark.parametrize("status", ["active", "queued", "deactivated", "killed", "deleted"])
def test_ossa_2015_019_no_request_sets_a_status(tell: Tell, status: str) -> None:
    """CVE-2015-5251: a status in a header made an image queued again, and other data could be put in it."""
    record = {"id": UUID, "owner": "mine", "status": "deactivated"}
    with tell({"images": [record]}) as port:
        v2 = V2(port)

        assert create(v2, status=status) == 403
        for caller in ("me", "admin"):
            assert replaced(v2, UUID, "/status", status, caller) == 403
            assert replaced(v2, UUID, "/ status ", status, caller) == 403
            assert v2.patch(UUID, {"add": "/status", "value": status}, syntax="2.0", caller=caller).status == 403
        v2.ask(
            "PATCH", f"/v2/images/{UUID}", {"content-type": PATCH_TYPES["2.1"], "x-image-meta-status": status}, b"[]"
        )
        assert v2.show(UUID)["status"] == "deactivated"


@pytest.mark.parametrize("act", ["deactivate", "reactivate"])
def test_ossa_2016_006_nothing_makes_an_image_that_was_active_wait_for_data_again(tell: Tell, act: str) -> None:
    """CVE-2016-0757: an image without its last location was queued, and other data came under its id."""
    record = {"id": UUID, "owner": "mine", "status": "active"}
    with tell({"images": [record]}) as port:
        v2 = V2(port)

        v2.ask("POST", f"/v2/images/{UUID}/actions/deactivate")
        v2.ask("POST", f"/v2/images/{UUID}/actions/{act}")
        v2.patch(UUID, {"op": "replace", "path": "/disk_format", "value": None})
        v2.patch(UUID, {"op": "remove", "path": "/locations/0"}, caller="admin")

        assert v2.show(UUID)["status"] in ("active", "deactivated")


def test_ossa_2015_009_what_is_echoed_in_a_page_is_text(v2: V2) -> None:
    """CVE-2015-3988: scripts in metadata ran in a dashboard."""
    script = "<script>alert(1)</script>"
    body = json.dumps({"visibility": script}).encode()

    page = v2.ask("POST", "/v2/images", {"accept": "text/html"}, body)

    assert page.status == 400
    assert script not in page.text
    assert "&lt;script&gt;" in page.text


def test_ossn_0015_only_admins_publish(v2: V2) -> None:
    """Anybody could make an image that everybody sees."""
    made = v2.create()

    assert create(v2, visibility="public") == 403
    assert replaced(v2, made["id"], "/visibility", "public") == 403
    assert v2.patch(made["id"], {"op": "add", "path": "/visibility", "value": "public"}).status == 403
    assert v2.ask("PUT", f"/v1/images/{made['id']}", {"x-image-meta-is_public": "true"}).status == 403
    assert v2.show(made["id"])["visibility"] == "shared"


def test_ossn_0057_a_project_makes_as_many_records_as_its_quota_says(tell: Tell) -> None:
    """Records without data were free, so that a table could be flooded with them."""
    with tell({"quotas": {"mine": {"images": 3}}}) as port:
        assert [create(V2(port)) for _ in range(5)] == [201, 201, 201, 413, 413]


@pytest.mark.parametrize("respelled", [str, str.upper], ids=["as it was", "in capitals"])
def test_ossn_0075_an_id_is_given_once(v2: V2, respelled: Callable[[str], str]) -> None:
    """After a purge an attacker took the id of a public image that others went on to boot from."""
    made = v2.create()
    v2.ask("DELETE", f"/v2/images/{made['id']}")

    assert create(v2, "other", id=respelled(made["id"])) == 409
    assert create(v2, "admin", id=respelled(made["id"])) == 409


OWN = ["os_glance_stage_host", "os_glance_import_task", "os_glance_hash_op_host", "os_glance_", "os_glance"]


@pytest.mark.parametrize("name", OWN)
def test_properties_of_the_services_own_are_injected_by_nobody(v2: V2, name: str) -> None:
    """A stage host that a client named would have been sent the tokens of others."""
    made = v2.create()
    host = "https://attacker.example"

    assert create(v2, **{name: host}) == create(v2, "admin", **{name: host}) == 403
    for caller in ("me", "admin"):
        for path in (f"/{name}", f"/ {name}"):
            codes = [
                v2.patch(made["id"], {"op": op, "path": path, "value": host}, caller=caller).status
                for op in ("add", "replace", "remove")
            ]
            assert codes == [403, 403, 403]
    sent = {f"x-image-meta-property-{name.replace('_', '-')}": host}
    assert v2.ask("PUT", f"/v1/images/{made['id']}", sent).status == 403
    assert v2.ask("POST", "/v1/images", sent).status == 403
    assert host not in json.dumps(v2.show(made["id"]))


def test_of_properties_of_the_services_own_no_host_is_shown(tell: Tell) -> None:
    """Which node holds staged data is for nodes to know."""
    host = "https://node-1.internal"
    own = {"os_glance_stage_host": host, "os_glance_hash_op_host": host, "os_glance_import_task": "a task"}
    with tell({"images": [{"id": UUID, "owner": "mine", "properties": own}]}) as port:
        v2 = V2(port)
        shown = v2.show(UUID, "admin")

        assert {name for name in own if name in shown} == {"os_glance_import_task"}
        for path in ("/v2/images", "/v1/images/detail"):
            assert "node-1" not in v2.ask("GET", path).text
        assert "node-1" not in str(v2.ask("HEAD", f"/v1/images/{UUID}").headers)
        for filters in ("v2/images?os_glance_stage_host", "v1/images?property-os_glance_hash_op_host"):
            assert v2.ask("GET", f"/{filters}={host}").json["images"] == []


@pytest.mark.parametrize(
    "name", ["version", "member_count", "is_protected", "locations_", "blobs", "__class__", "extra_properties"]
)
def test_no_path_of_a_patch_leads_behind_the_attributes(v2: V2, name: str) -> None:
    """Elsewhere a path was resolved against the attributes of an object inside."""
    made = v2.create()

    answer = v2.patch(made["id"], {"op": "add", "path": f"/{name}", "value": "5"})

    assert answer.json == {**made, name: "5", "updated_at": answer.json["updated_at"]}
    assert v2.patch(made["id"], {"op": "remove", "path": f"/{name}"}).json.keys() == made.keys()
