"""python-glanceclient, told to use version 1: images shared, by its commands and by its Python API."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from programs import Clients

from servers import Server

V1 = ("glance", "--os-image-api-version", "1")


@pytest.fixture
def glance(clients: Clients) -> Callable[..., str]:
    """Runs a command of glance; gives what it prints."""
    return lambda *command, **how: clients.after_openrc(*V1, *command, **how)


def members(table: str) -> list[tuple[str, str, str]]:
    """The rows of a table of members: image, member, and `True` if that may share; glance draws false as nothing."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    assert lines[0] == ["Image ID", "Member ID", "Can Share"]
    return [(image_id, member, can_share) for image_id, member, can_share in lines[1:]]


def test_an_image_is_shared_looked_at_and_taken_back_by_commands(glance, server: Server, queue):
    image_id, friend, partner = queue(server, "to-be-shared"), uuid4().hex, f"p{uuid4().hex}"
    glance("member-create", "to-be-shared", friend)
    glance("member-create", "--can-share", image_id, partner)

    both = sorted([(image_id, friend, ""), (image_id, partner, "True")])
    assert members(glance("member-list", "--image-id", image_id)) == both
    assert members(glance("member-list", "--tenant-id", friend)) == [(image_id, friend, "")]
    glance("member-create", image_id, partner)
    glance("member-delete", "to-be-shared", friend)
    assert members(glance("member-list", "--image-id", image_id)) == [(image_id, partner, "")]
    assert members(glance("member-list", "--tenant-id", friend)) == []
    assert "404" in glance("member-delete", image_id, friend, ends=1)


PYTHON = """
from glanceclient import exc, v1
from keystoneauth1 import session
from keystoneauth1.identity.v3 import Password

def client(login):
    made = Password(url + "/identity/v3", user_domain_id="default", project_domain_id="default", **login)
    opened = session.Session(made)
    return v1.Client(session=opened), opened.get_project_id()

def refused(call, *given, **how):
    try:
        call(*given, **how)
    except exc.HTTPException as error:
        return type(error).__name__

mine, _ = client(login)
theirs, project = client(friend)
may_share = lambda members: {member.member_id: member.can_share for member in members}
"""


@pytest.fixture
def in_python(clients: Clients, friend: dict[str, str]) -> Callable[[str], Any]:
    """What a program leaves in `result`. It knows the clients of two ordinary users, and the project of the second."""
    return lambda program: clients.python(PYTHON + program, friend=friend)


def test_its_python_api_adds_lists_replaces_and_removes_members(in_python):
    said = in_python(
        """
image = mine.images.create(name="shared-from-python")
result = []
def note():
    result.append(may_share(mine.image_members.list(image=image)))
mine.image_members.create(image, "a"); note()
mine.image_members.create(image, "a", can_share=True); note()
mine.image_members.replace(image, [{"member_id": "a"}, {"member_id": "b", "can_share": True}]); note()
mine.image_members.replace(image, mine.image_members.list(image=image)); note()
mine.image_members.delete(image.id, "a"); note()
mine.image_members.replace(image, []); note()
result.append(refused(mine.image_members.delete, image.id, "a"))
result.append(refused(mine.image_members.create, "3c3d1d01-b48a-4639-8a88-08be3b9b5d78", "a"))
result.append(mine.image_members.list(image=image, member="a"))
""",
    )

    assert said == [
        {"a": False},
        {"a": True},
        {"a": True, "b": True},
        {"a": True, "b": True},
        {"b": True},
        {},
        "HTTPNotFound",
        "HTTPNotFound",
        [],
    ]


def test_another_project_gets_an_image_as_its_member_and_only_so(in_python):
    said = in_python(
        """
import io
image = mine.images.create(name="passed on", disk_format="raw", container_format="bare", data=io.BytesIO(b"data"))
named = lambda: [one.id for one in theirs.images.list(filters={"is_public": None}) if one.id == image.id]
shared = lambda: [one.image_id for one in theirs.image_members.list(member=project)]
before = [len(named()), len(shared())]
mine.image_members.create(image, project)
during = [len(named()), len(shared()), b"".join(theirs.images.data(image.id)).decode()]
mine.image_members.delete(image.id, project)
result = {"before": before, "during": during, "after": [len(named()), len(shared())]}
""",
    )

    assert said == {"before": [0, 0], "during": [1, 1, "data"], "after": [0, 0]}
