"""Whatever anybody sends to any route: no failure of ours, no hang, no trace in the log, nothing of a neighbour's.

Source: docs/design/0008-hostile-neighbours.md.
"""

from typing import Any

import mutations
import pytest
from hypothesis import HealthCheck, currently_in_test_context, given, note, settings
from hypothesis import strategies as st
from neighbours import ROLES, Neighbours, Sent
from rows import places, rows
from seeds import BODIES, Template
from wires import Answer

from calotype.http.routes import METHODS, Wants

EVERYWHERE = pytest.mark.parametrize("at", places())

#: What is said when we have failed, or wait for something of ours; no request alone brings about either.
_OURS = (500, 502, 503, 504)


def several(share: float) -> Any:
    """*share* of the examples that a test may have by itself: there are many rows."""
    most = max(1, round(settings.default.max_examples * share))
    return settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck))


def write(template: Template) -> bytes:
    framing = template.framing
    if framing is None:
        framing = ((b"Content-Length", str(len(template.body)).encode()),) if template.body else ()
    lines = b"".join(b"\r\n" + name + b": " + value for name, value in framing)
    return template.head + lines + b"\r\n\r\n" + template.body


def send(neighbours: Neighbours, template: Template) -> tuple[Sent, list[Answer]]:
    """The answers to *template*; its length is that of the body once the signs in it are spelt."""
    if currently_in_test_context():
        note(repr(template)[:2000])
    if template.framing is None and template.body:
        body = neighbours.spell(template.body)
        length = (b"Content-Length", str(len(body.bytes)).encode())
        template = Template(
            template.method, template.path, template.query, template.headers, body.bytes, (length,), template.version
        )
        sent, answers = neighbours.say(write(template))
        return Sent(sent.bytes, sent.signs | body.signs), answers
    return neighbours.say(write(template))


def check_answer(answer: Answer, template: Template) -> None:
    assert answer.status not in _OURS, answer
    if answer.status == 501:
        assert template.method.decode() not in METHODS or b"transfer-encoding" in write(template).lower(), answer
    if answer.status == 505:
        assert template.version not in (b"HTTP/1.0", b"HTTP/1.1"), answer
    assert (answer.header("x-openstack-request-id") or "").startswith("req-"), answer
    assert answer.header("server") is None
    assert answer.header("x-injected") is None
    assert b"Traceback" not in answer.bytes


class Log:
    """What a service writes while a test runs."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._begin = neighbours.server.log.stat().st_size

    def check(self) -> None:
        with self._neighbours.server.log.open("rb") as file:
            file.seek(self._begin)
            said = file.read()
        assert b"Traceback" not in said, said
        assert b"request failed" not in said, said
        secrets = [text for sign, text in self._neighbours.known.items() if sign.endswith((".token", ".password"))]
        assert [secret for secret in secrets if secret.encode() in said] == []


@EVERYWHERE
def test_a_tenant_s_noise_is_answered_in_our_own_words_and_tells_nothing_of_a_neighbour(
    neighbours: Neighbours, at: str
) -> None:
    log, choice = Log(neighbours), places()[at]
    for who in ("bob", "eve"):
        neighbours.keep_alive(who, ROLES[who])

    @several(0.6)
    @given(data=st.data(), who=st.sampled_from(["bob", "bob", "eve", "nobody"]))
    def fuzz(data: st.DataObject, who: str) -> None:
        template = data.draw(mutations.requests(choice, who))
        sent, answers = send(neighbours, template)

        for answer in answers:
            check_answer(answer, template)
            assert neighbours.leaks(sent, answer.bytes) == []

    fuzz()
    log.check()


@EVERYWHERE
def test_an_admin_s_noise_is_answered_in_our_own_words_and_shows_no_password_or_token(
    ruins: Neighbours, at: str
) -> None:
    log, choice = Log(ruins), places()[at]
    ruins.keep_alive("root", ROLES["root"])
    ruins.secrets = {sign for sign in ruins.known if sign.endswith((".password", ".token"))}

    @several(0.3)
    @given(data=st.data())
    def fuzz(data: st.DataObject) -> None:
        template = data.draw(mutations.requests(choice, "root"))
        sent, answers = send(ruins, template)

        for answer in answers:
            check_answer(answer, template)
            assert ruins.leaks(sent, answer.bytes) == []

    fuzz()
    log.check()


def test_every_named_part_of_a_path_is_known_to_the_fuzz() -> None:
    assert [str(row) for row in rows() if not all(map(mutations.has_generator, row.parts))] == []


def test_every_route_that_reads_json_has_a_good_body_to_begin_with() -> None:
    assert [
        str(row) for row in rows() if row.wants is Wants.JSON and (row.dialect, row.method, row.shape) not in BODIES
    ] == []
