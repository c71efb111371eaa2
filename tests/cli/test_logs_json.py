"""The log as programs read it, from every process of a running service."""

import json
import os
import signal
from collections.abc import Callable
from typing import Any

from watching import children

import servers

FORMATS = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}


def lines_of(server: servers.Server) -> list[dict[str, Any]]:
    """Every line there is; one that is no object fails."""
    return [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]


def test_each_line_of_a_service_is_an_object_whatever_clients_send(
    start_server: Callable[..., servers.Server],
) -> None:
    server = start_server("--log-format", "json", "--workers", "2", "--housekeeping-interval-s", "0.1")
    server.request("GET", '/v2/"},{%0Aforged"\\/%FF', headers={"X-Openstack-Request-Id": 'req-"}{'})
    servers.raw(server.host, server.port, b"no request\r\n\r\n", timeout_s=2)
    short = b"PUT /v2/images/x/file HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nX-Auth-Token: SECRET\r\n\r\nhalf"
    servers.raw(server.host, server.port, short, timeout_s=2)
    server.request("POST", "/v1/images", b"not qcow2", {**FORMATS, "X-Image-Meta-Disk_format": "qcow2"})
    server.request("GET", "/v2/images?name=SECRET", token="SECRET")
    os.kill(children(server.process.pid)[0], signal.SIGKILL)
    server.stop()

    lines = lines_of(server)
    assert {"access", "service.upload", "processes.family"} <= {line["subject"] for line in lines}
    assert all(list(line)[:6] == ["time", "level", "subject", "message", "node", "pid"] for line in lines)
    assert "SECRET" not in server.log.read_text()
    ended = [line for line in lines if "ended without success" in line["message"]]
    assert [line["request_id"] for line in ended] == [
        line["request_id"] for line in lines if line.get("path") == "/v1/images"
    ]


def test_a_format_that_there_is_not_stops_the_start() -> None:
    ended = servers.run("serve", "--log-format", "yaml")

    assert ended.returncode == 2
    assert "log_format" in ended.stderr


def test_the_password_in_a_databases_url_is_in_no_log(start_server: Callable[..., servers.Server]) -> None:
    """Nobody listens there: all that is said is said about the database."""
    url = "postgresql://ann:geheim-1234@127.0.0.1:1/images"
    ended = servers.run("serve", "--ephemeral", "--port", "0", "--log-format", "json", CALOTYPE_DATABASE=url)

    assert ended.returncode == 5
    assert "geheim" not in ended.stdout + ended.stderr
