"""What the measured catalogues hold: the same on every machine but for the tenant's id.

Shape `few`: whatever the size, the tenant owns 200 images, 500 are public and 200 shared with it; the rest is other projects'.
Shape `many`: the same, but the tenant owns a fiftieth of everything.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

SHAPES = ("few", "many")
SIZES = (1_000, 100_000, 1_000_000)

#: The moment at which the data end; "the last hour" is the one before it.
END = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
_SPAN_S = 2 * 365 * 24 * 3600

PUBLIC, SHARED_WITH_TENANT, OWN = 500, 200, 200
SHARED_PART = OWN_PART = GONE_PART = 50  # one image in fifty

#: What a fixed number of images have, whatever the size; half of them are the tenant's to see.
RARE_NAME, RARE_VALUE, RARE = "debian-13-golden", "canary", 40
#: Changed within the last hour: as many of what the tenant sees, and as many of the rest.
CHANGED = 50

_DISTROS = ("debian", "debian", "ubuntu", "fedora")
_FORMATS = ("qcow2", "qcow2", "raw", "vmdk", "iso")


def lines(shape: str, size: int, tenant: str) -> Iterator[bytes]:
    """The records of a catalogue, in no order that would help anybody."""
    chance = random.Random(size)
    kinds = _kinds(shape, size, chance)
    for number, kind in enumerate(kinds):
        yield msgspec.json.encode(_record(chance, number, kind, tenant)) + b"\n"


@dataclass(slots=True)
class _Kind:
    """What sets an image apart: whose it is to see, and whether it counts among the few that a filter finds."""

    audience: str
    is_rare: bool = False
    is_fresh: bool = False


def _kinds(shape: str, size: int, chance: random.Random) -> list[_Kind]:
    own = OWN if shape == "few" else max(OWN, size // OWN_PART)
    shared = max(SHARED_WITH_TENANT, size // SHARED_PART)
    audiences = ["own"] * own + ["public"] * PUBLIC + ["with tenant"] * SHARED_WITH_TENANT
    audiences += ["with others"] * min(shared - SHARED_WITH_TENANT, size - len(audiences))
    audiences += ["nobody"] * (size - len(audiences))
    kinds = [_Kind(audience) for audience in audiences]
    visible = chance.sample(kinds[: own + PUBLIC + SHARED_WITH_TENANT], RARE // 2 + CHANGED)
    hidden = chance.sample(kinds[own + PUBLIC + SHARED_WITH_TENANT :], RARE // 2 + CHANGED)
    for some in (visible, hidden):
        for kind in some[: RARE // 2]:
            kind.is_rare = True
        for kind in some[RARE // 2 :]:
            kind.is_fresh = True
    for kind in hidden[RARE // 2 :: 5]:
        kind.audience = "gone"
    for kind in kinds[own + PUBLIC + SHARED_WITH_TENANT :: GONE_PART]:
        if not kind.is_rare and not kind.is_fresh:
            kind.audience = "gone"
    chance.shuffle(kinds)
    return kinds


def _record(chance: random.Random, number: int, kind: _Kind, tenant: str) -> dict[str, object]:
    created = END - timedelta(seconds=chance.randrange(7200, _SPAN_S), microseconds=chance.randrange(1_000_000))
    updated = created + (END - HOUR - created) * chance.random()
    if kind.is_fresh:
        updated = END - HOUR * chance.random()
    distro = chance.choice(_DISTROS)
    record: dict[str, object] = {
        "id": _id(chance),
        "name": RARE_NAME if kind.is_rare else f"{distro}-{chance.randrange(30)}-server-amd64-{number}",
        "owner": tenant if kind.audience == "own" else f"{chance.randrange(5000):032x}",
        "visibility": {"public": "public", "nobody": "private", "gone": "private"}.get(kind.audience, "shared"),
        "status": "active" if chance.randrange(100) else "queued",
        "disk_format": chance.choice(_FORMATS),
        "container_format": "bare",
        "size": chance.randrange(1 << 20, 20 << 30),
        "min_disk": 10,
        "min_ram": 512,
        "checksum": f"{chance.getrandbits(128):032x}",
        "created_at": _time(created),
        "updated_at": _time(updated),
        "properties": {
            "os_distro": distro,
            "os_version": str(chance.randrange(30)),
            "architecture": "x86_64",
            "hw_disk_bus": "virtio",
            "build": f"{number:08d}",
            "channel": RARE_VALUE if kind.is_rare else chance.choice(("stable", "testing")),
        },
        "tags": ["golden" if chance.randrange(10) else "spare", f"team-{chance.randrange(100)}"],
    }
    if kind.audience.startswith("with"):
        member = tenant if kind.audience == "with tenant" else f"{chance.randrange(5000):032x}"
        record["members"] = [{"member": member, "status": "accepted"}]
    if kind.audience == "gone":
        record |= {"status": "deleted", "deleted_at": _time(updated)}
    return record


def _id(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
