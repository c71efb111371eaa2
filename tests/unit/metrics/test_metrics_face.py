"""Whom `/metrics` answers, and in which form."""

import pytest

from calotype import app
from calotype.config import ServeOptions, Settings
from calotype.faces import metrics
from calotype.http.errors import HttpError
from calotype.http.messages import Request, Response
from calotype.http.options import HttpOptions


def asked(client: str, accept: str | None = None, **options) -> Response:
    face = metrics.face(lambda is_openmetrics: b"open" if is_openmetrics else b"plain", HttpOptions(**options))
    methods, _ = face.table.match("/metrics")
    headers = () if accept is None else (("accept", accept),)
    request = Request(
        method="GET",
        path="/metrics",
        raw_query="",
        headers=headers,
        request_id="req-1",
        base_url="http://h",
        client=client,
    )
    return methods["GET"].handler(None, request)


@pytest.mark.parametrize("client", ["203.0.113.9", "::1", ""])
def test_where_nobody_is_listed_everybody_may_read(client):
    assert asked(client).body == b"plain"


@pytest.mark.parametrize("client", ["10.1.2.3", "10.9.255.1", "::ffff:10.1.2.3", "fd00::7"])
def test_who_is_listed_may_read(client):
    assert asked(client, metrics_clients=("10.1.2.3", "10.9.0.0/16", "fd00::/8")).status == 200


@pytest.mark.parametrize("client", ["10.1.2.4", "203.0.113.9", "::1", "", "unknown"])
def test_who_is_not_is_refused(client):
    with pytest.raises(HttpError) as refusal:
        asked(client, metrics_clients=("10.1.2.3", "10.9.0.0/16", "fd00::/8"))

    assert refusal.value.status == 403


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        (None, b"plain"),
        ("*/*", b"plain"),
        ("text/plain;version=0.0.4", b"plain"),
        ("image/png", b"plain"),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", b"open"),
        ("application/openmetrics-text;version=0.0.1;q=0.2,text/plain;q=0.9", b"plain"),
    ],
)
def test_the_form_is_the_one_that_accept_likes_best(accept, body):
    assert asked("::1", accept).body == body


def test_without_metrics_the_path_is_nobody_s():
    settings = Settings(serve=ServeOptions(), http=HttpOptions(metrics_enabled=False))

    assert "metrics" not in {face for _, _, face in app.join_faces(settings, checks=None).table()}
