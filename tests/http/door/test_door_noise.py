"""Whatever is sent, the door answers in its own words or ends the connection. Source: docs/design/0003-door.md."""

import contextlib
import random
import re

from doors import Client, MemoryBlob, RunningDoor, Stage

METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "FOO"]
TARGETS = [
    *("/echo", "/json", "/parsed", "/upload", "/blob", "/closed/json", "/closed/upload", "/echo/%ff", "/query?a=%00"),
    *("/nothing", "/empty", "/split", "/nowhere", "http://a/echo", "*", "a:80"),
]
HEADERS = [
    *("Content-Length: 5", "Content-Length: 100000", "Content-Length: -1", "Transfer-Encoding: chunked"),
    *("Expect: 100-continue", "Expect: x", "Connection: close", "Connection: keep-alive", "X-Auth-Token: good"),
    *("Connection: Upgrade\r\nUpgrade: websocket", "Connection: Upgrade\r\nUpgrade: h2c", "Content-Encoding: gzip"),
    *("X: \xff", "X: a\0b", "no colon", " folded", "Accept: application/json"),
]
BODIES = [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n", b"zz\r\n", b"a" * 70_000, b"[[[[["]


def noise(dice: random.Random) -> bytes:
    """Something like requests: mostly well formed, in parts that do not fit."""
    pieces = []
    for _ in range(dice.randint(1, 3)):
        version = dice.choice(["HTTP/1.1"] * 8 + ["HTTP/1.0", "HTTP/2.0"])
        lines = [f"{dice.choice(METHODS)} {dice.choice(TARGETS)} {version}", "Host: a"]
        lines += dice.sample(HEADERS, dice.randint(0, 3))
        pieces.append("\r\n".join([*lines, "", ""]).encode("latin-1"))
        pieces += dice.choices(BODIES, k=dice.randint(0, 2))
    return b"".join(pieces)


def said_to(client: Client, sent: bytes, dice: random.Random) -> bytes:
    """All that comes back for *sent*, cut into packets somewhere, and the end of our half."""
    cut = dice.randint(0, min(len(sent), 200))
    with contextlib.suppress(OSError):
        client.send(sent[:cut], sent[cut:]).end_own_half()
    said = b""
    try:
        while step := client.read(65_536):
            said += step
    except ConnectionResetError:
        pass
    return said


def test_noise_is_answered_without_a_500_and_every_connection_ends(start_door) -> None:
    door: RunningDoor = start_door(Stage(), linger_s=0.05)
    for seed in range(500):
        dice = random.Random(seed)
        door.stage.blob = MemoryBlob(b"twelve bytes")
        client = door.client()
        said = said_to(client, noise(dice), dice)
        client.close()

        statuses = re.findall(rb"HTTP/1\.1 (\d\d\d) ", said)
        assert b"500" not in statuses, seed
        assert len(statuses) == len(re.findall(rb"HTTP/1\.1 100 |X-Openstack-Request-Id: req-", said)), seed
        assert b"Traceback" not in said, seed
    assert door.ask("GET /echo").status == 200
    assert door.log.lines("request failed") == []
