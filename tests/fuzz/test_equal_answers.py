"""What is not yours is answered as what is not there is: the same status, headers and body, to the letter.

Source: docs/design/0008-hostile-neighbours.md, which names the two places where this cannot be.
"""

import json
import re
from collections.abc import Sequence

import mutations
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from neighbours import ROLES, Neighbours
from rows import IMAGE, PARTS, PROJECT, USER, Kind, Row, places
from seeds import PATCH_TYPE, Template
from test_noise import send, several
from wires import Answer

WITH_A_SECRET = pytest.mark.parametrize(
    "at", [at for at, found in places().items() if any(part in PARTS for row in found for part in row.parts)]
)

#: Differ from one answer to the next, whatever was asked.
_CHANGING = ("x-openstack-request-id", "date")
_TIMES = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+")

Shape = tuple[int, tuple[tuple[str, str], ...], bytes]


def shape(answer: Answer, target: str) -> Shape:
    """All of *answer* that may tell one *target* from another: without the target itself, and times."""
    headers = [(name, value.replace(target, "TARGET")) for name, value in answer.headers]
    told = tuple(header for header in headers if header[0].lower() not in _CHANGING)
    return answer.status, told, _TIMES.sub(b"TIME", answer.body.replace(target.encode(), b"TARGET"))


def shapes(neighbours: Neighbours, template: Template, *signs: str) -> list[list[Shape]]:
    """The shapes of the answers to *template* with each of *signs* for its target; what else is unknown is the same in all."""
    targets = [neighbours.spell(f"@{sign}@".encode()).bytes.decode() for sign in signs]
    unknown = {kind.unknown: neighbours.spell(f"@{kind.unknown}@".encode()).bytes.decode() for kind in PARTS.values()}
    neighbours.known |= unknown
    found = []
    for target in targets:
        neighbours.known["the.target"] = target
        found.append([shape(answer, target) for answer in send(neighbours, template)[1]])
    for sign in unknown:
        del neighbours.known[sign]
    return found


def is_throttled(told: list[Shape]) -> bool:
    """Guessing is refused after a while, whoever is guessed at; then nothing can be compared."""
    return any(status == 429 for status, _, _ in told)


@st.composite
def aimed(draw: st.DrawFn, choice: Sequence[Row], who: str) -> tuple[Template, Kind]:
    """A request with one part of its path aimed at the target, and what the target may be; changed, or as it should be."""
    row = draw(st.sampled_from(choice))
    part = draw(st.sampled_from([part for part in row.parts if part in PARTS]))
    template = draw(mutations.requests([row], who, aim=(part, "@the.target@")))
    return template, PARTS[part]


def share_with_nobody(neighbours: Neighbours) -> None:
    """Take Bob's images back: in his noise he may have shared some with Ada, and he may see what he shares."""
    for sign in ("bob.image", "bob.queued", "bob.stored"):
        is_shared = {"op": "replace", "path": "/visibility", "value": "shared"}
        kind = f"Content-Type: {PATCH_TYPE.decode()}\r\n"
        neighbours.ask("PATCH", f"/v2/images/@{sign}@", "bob", kind, json.dumps([is_shared]).encode())
        neighbours.ask("PUT", f"/v1/images/@{sign}@/members", "bob", body=b'{"memberships": []}')


@WITH_A_SECRET
def test_a_route_answers_for_what_is_not_yours_as_for_what_is_not_there(neighbours: Neighbours, at: str) -> None:
    choice = [row for row in places()[at] if any(part in PARTS for part in row.parts)]
    for who in ("bob", "eve"):
        neighbours.keep_alive(who, ROLES[who])

    @several(0.6)
    @given(data=st.data(), who=st.sampled_from(["bob", "bob", "eve", "nobody"]))
    def compare(data: st.DataObject, who: str) -> None:
        template, kind = data.draw(aimed(choice, who))
        foreign = data.draw(st.sampled_from(kind.foreign))
        note(foreign)
        if kind is PROJECT:
            share_with_nobody(neighbours)
        mine, nobodys = shapes(neighbours, template, foreign, kind.unknown)

        assume(not is_throttled(mine + nobodys))
        assert mine == nobodys

    compare()


#: What can be asked for beside the path: a line with its target, and what stands there.
ASIDE = [
    ("GET", "/v1/images?marker=@the.target@", b"", IMAGE),
    ("GET", "/v1/images/detail?marker=@the.target@&sort_key=name", b"", IMAGE),
    ("GET", "/v1/images/detail?owner=@the.target@&property-owner=@the.target@", b"", PROJECT),
    ("PUT", "/v1/images/@bob.queued@/members", b'{"memberships": [{"member_id": "@the.target@"}]}', PROJECT),
    ("GET", "/v2/images?marker=@the.target@", b"", IMAGE),
    ("GET", "/v2/images?marker=@the.target@&sort=name:asc&visibility=all&member_status=all", b"", IMAGE),
    ("GET", "/v2/images?id=@the.target@", b"", IMAGE),
    ("GET", "/v2/images?id=in:@bob.image@,@the.target@", b"", IMAGE),
    ("GET", "/images?owner=@the.target@&visibility=all", b"", PROJECT),
    ("GET", "/v2/images?tag=@the.target@", b"", Kind((), ("ada.private_tag", "ada.lent_tag"), "unknown.name")),
    ("GET", "/v2/images?name=@the.target@", b"", Kind((), ("ada.private_name", "ada.gone_name"), "unknown.name")),
    ("GET", "/v2/images?@the.target@=a", b"", Kind((), ("ada.private_property",), "unknown.name")),
    ("GET", "/v2/images?checksum=@the.target@", b"", Kind((), ("ada.private_checksum",), "unknown.name")),
    ("POST", "/v2/images/@bob.queued@/members", b'{"member": "@the.target@"}', PROJECT),
    ("POST", "/v2/images", b'{"owner": "@the.target@"}', PROJECT),
    ("GET", "/v3/projects?name=@the.target@", b"", Kind((), ("ada.project_name",), "unknown.name")),
    ("GET", "/v3/users?name=@the.target@", b"", Kind((), ("ada.user_name",), "unknown.name")),
    ("GET", "/v3/role_assignments?user.id=@the.target@", b"", USER),
    ("GET", "/v3/role_assignments?scope.project.id=@the.target@", b"", PROJECT),
    (
        "POST",
        "/v3/auth/tokens",
        (
            b'{"auth": {"identity": {"methods": ["token"], "token": {"id": "@bob.token@"}}, '
            b'"scope": {"project": {"id": "@the.target@"}}}}'
        ),
        PROJECT,
    ),
    (
        "POST",
        "/v3/auth/tokens",
        (
            b'{"auth": {"identity": {"methods": ["password"], '
            b'"password": {"user": {"id": "@the.target@", "password": "wrong"}}}}}'
        ),
        USER,
    ),
    (
        "POST",
        "/v3/auth/tokens",
        (
            b'{"auth": {"identity": {"methods": ["application_credential"], '
            b'"application_credential": {"id": "@the.target@", "secret": "wrong"}}}}'
        ),
        PARTS["application_credential"],
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "kind"), ASIDE, ids=[f"{ask[0]} {ask[1]}" for ask in ASIDE])
@pytest.mark.parametrize("who", ["bob", "eve"])
def test_what_is_asked_for_beside_the_path_is_answered_alike_too(
    neighbours: Neighbours, method: str, path: str, body: bytes, kind: Kind, who: str
) -> None:
    neighbours.keep_alive(who, ROLES[who])
    share_with_nobody(neighbours)
    headers = ((b"Host", b"h"), (b"X-Auth-Token", f"@{who}.token@".encode()), (b"Content-Type", b"application/json"))
    path_only, _, query = path.partition("?")
    template = Template(method.encode(), path_only.encode(), query.encode(), headers, body)

    nobodys, *foreign = shapes(neighbours, template, kind.unknown, *kind.foreign)

    told = {sign: said for sign, said in zip(kind.foreign, foreign, strict=True) if not is_throttled(said)}
    assert told == dict.fromkeys(told, nobodys)
