"""A good request for each row of the table: what fuzzing begins with, so that it gets past the first check."""

import json
from dataclasses import dataclass, replace
from typing import Any

from rows import NAMED, PARTS, WORDS, Row

from calotype.http.routes import Wants

Header = tuple[bytes, bytes]

VENDOR_TYPE = b"application/vnd.openstack.images-v1"
DEFAULT_DOMAIN = {"id": "default"}

_PASSWORD = {"user": {"name": "@bob.user_name@", "domain": DEFAULT_DOMAIN, "password": "@bob.password@"}}
_PROJECT = {"project": {"name": "@bob.project_name@", "domain": DEFAULT_DOMAIN}}
_LOGIN = {"auth": {"identity": {"methods": ["password"], "password": _PASSWORD}, "scope": _PROJECT}}
_USER = {"name": "new", "password": "password", "enabled": True, "email": "", "default_project_id": "@bob.project@"}

#: JSON by method and path; a row that wants some and has none here fails a test.
BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/images/{image}/members"): {"memberships": [{"member_id": "@eve.project@", "can_share": True}]},
    ("PUT", "/images/{image}/members/{member}"): {"member": {"can_share": True}},
    ("POST", "/auth/tokens"): _LOGIN,
    ("POST", "/projects"): {"project": {"name": "new", "domain_id": "default", "enabled": True, "description": ""}},
    ("PATCH", "/projects/{project}"): {"project": {"name": "other", "description": "", "enabled": True}},
    ("POST", "/users"): {"user": _USER},
    ("PATCH", "/users/{user}"): {"user": _USER},
    ("POST", "/users/{user}/password"): {"user": {"password": "new", "original_password": "@bob.password@"}},
    ("POST", "/users/{user}/application_credentials"): {
        "application_credential": {
            "name": "new",
            "secret": "secret",
            "description": "",
            "roles": [{"name": "member"}],
            "expires_at": "2999-01-01T00:00:00.000000",
            "unrestricted": False,
        }
    },
}

#: Each parameter that a list of v1 looks at, and those of identity's, with a good value.
PARAMETERS: dict[str, str] = {
    "name": "@bob.image_name@",
    "status": "active",
    "container_format": "bare",
    "disk_format": "raw",
    "size_min": "0",
    "size_max": "100",
    "min_ram": "0",
    "min_disk": "0",
    "protected": "False",
    "is_public": "none",
    "changes-since": "2016-05-22T06:04:20Z",
    "property-@bob.image_property@": "@bob.image_value@",
    "sort_key": "name",
    "sort_dir": "asc",
    "marker": "@bob.image@",
    "limit": "3",
    "owner": "@bob.project@",
    "nocatalog": "",
    "domain_id": "default",
    "enabled": "true",
    "user.id": "@bob.user@",
    "user_id": "@bob.user@",
    "role.id": "member",
    "scope.project.id": "@bob.project@",
    "include_names": "true",
    "effective": "true",
}

#: A good value of each field that a meta header can carry.
META: dict[str, str] = {
    "name": "new",
    "disk_format": "raw",
    "container_format": "bare",
    "size": "4",
    "is_public": "False",
    "status": "active",
    "location": "",
    "uri": "",
    "checksum": "",
    "created_at": "2016-05-22T06:04:20",
    "updated_at": "2016-05-22",
    "deleted_at": "",
    "min_ram": "1",
    "min_disk": "1",
    "owner": "@bob.project@",
    "store": "local",
    "id": "",
    "protected": "False",
    "deleted": "False",
    "virtual_size": "4",
    "copy_from": "",
    "property-os": "debian",
    "property-": "empty",
    "nonsense": "1",
}


@dataclass(frozen=True)
class Template:
    """A request, with signs. *framing*: the headers that say how long the body is; None: the true length, if it has any."""

    method: bytes
    path: bytes
    query: bytes = b""
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    framing: tuple[Header, ...] | None = None
    version: bytes = b"HTTP/1.1"

    @property
    def head(self) -> bytes:
        """All but length and body; signs in it are still signs."""
        target = self.path + (b"?" + self.query if self.query else b"")
        lines = [b" ".join([self.method, target, self.version])]
        lines += [name + b": " + value for name, value in self.headers]
        return b"\r\n".join(lines)

    def with_headers(self, *more: Header) -> "Template":
        return replace(self, headers=(*self.headers, *more))


def good(row: Row, prefix: str, who: str, parts: dict[str, str]) -> Template:
    """What *who* would send to *row*; *parts*: what stands for each named part of its path, ready to be sent."""
    path = NAMED.sub(lambda match: parts[match[1]], prefix + row.path)
    headers: list[Header] = [(b"Host", b"h"), (b"X-Auth-Token", f"@{who}.token@".encode())]
    if prefix == "" and row.face == "v1":
        headers.append((b"Accept", VENDOR_TYPE))
    if row.path == "/auth/tokens":
        headers.append((b"X-Subject-Token", f"@{who}.token@".encode()))
    template = Template(row.method.encode(), path.encode() or b"/", headers=(*headers, (b"Connection", b"close")))
    match row.wants:
        case Wants.JSON:
            body = json.dumps(BODIES.get((row.method, row.shape), {})).encode()
            return replace(template.with_headers((b"Content-Type", b"application/json")), body=body)
        case Wants.STREAM:
            meta = [(f"x-image-meta-{field}".encode(), META[field].encode()) for field in ("name", "disk_format")]
            meta += [(b"x-image-meta-container_format", b"bare"), (b"Content-Type", b"application/octet-stream")]
            return replace(template.with_headers(*meta), body=b"data" if row.method == "POST" else b"")
    return template


def stand_ins(part: str) -> list[str]:
    """What can stand for a named part of a path, good and bad, as it is sent."""
    if part in WORDS:
        return list(WORDS[part])
    signs = PARTS[part].all
    return [f"@{sign}{spelling}@" for sign in signs for spelling in ("", ":upper", ":bare")]
