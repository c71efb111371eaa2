"""A good request for each row of the table: what fuzzing begins with, so that it gets past the first check."""

import json
from dataclasses import dataclass, replace
from typing import Any

from rows import NAMED, PARTS, WORDS, Row

from calotype.http.routes import Wants

Header = tuple[bytes, bytes]

#: By which a path without version is led to a dialect.
VENDOR_TYPES = {"v1": b"application/vnd.openstack.images-v1", "v2": b"application/vnd.openstack.images-v2"}
PATCH_TYPE = b"application/openstack-images-v2.1-json-patch"
OLD_PATCH_TYPE = b"application/openstack-images-v2.0-json-patch"
OCTETS = (b"Content-Type", b"application/octet-stream")
DEFAULT_DOMAIN = {"id": "default"}

_PASSWORD = {"user": {"name": "@bob.user_name@", "domain": DEFAULT_DOMAIN, "password": "@bob.password@"}}
_PROJECT = {"project": {"name": "@bob.project_name@", "domain": DEFAULT_DOMAIN}}
_LOGIN = {"auth": {"identity": {"methods": ["password"], "password": _PASSWORD}, "scope": _PROJECT}}
_USER = {"name": "new", "password": "password", "enabled": True, "email": "", "default_project_id": "@bob.project@"}

_IMAGE = {
    "name": "new",
    "visibility": "shared",
    "disk_format": "raw",
    "container_format": "bare",
    "min_disk": 1,
    "min_ram": 1,
    "protected": False,
    "os_hidden": False,
    "owner": "@bob.project@",
    "tags": ["new", "@bob.image_tag@"],
    "os_distro": "debian",
    "@bob.image_property@": "@bob.image_value@",
}

#: Operations of a patch, as both media types can say them: verb, path, value.
OPERATIONS: list[tuple[str, str, Any]] = [
    *[(verb, f"/{name}", value) for name, value in _IMAGE.items() for verb in ("replace", "add")],
    *[("remove", f"/{name}", None) for name in ("os_distro", "@bob.image_property@", "name", "tags", "locations/0")],
    ("add", "/locations/-", {"url": "http://127.0.0.1:1/@ada.private@", "metadata": {}}),
    ("add", "/locations/0", {"url": "file:///etc/passwd", "metadata": {"a": "b"}}),
    ("replace", "/locations", [{"url": "http://127.0.0.1/a", "metadata": {}, "validation_data": {}}]),
    ("add", "/os_glance_stage_host", "http://h.example"),
    ("add", "/a~1b~0c", "d"),
    *[("replace", f"/{name}", "active") for name in ("status", "checksum", "id", "size", "stores", "deleted", "file")],
    ("replace", "/visibility", "private"),
    ("replace", "/visibility", "public"),
    ("replace", "/visibility", "community"),
    ("add", "/owner", "@ada.project@"),
]

#: JSON by dialect, method and path; a row that wants some and has none here fails a test.
BODIES: dict[tuple[str, str, str], Any] = {
    ("v1", "PUT", "/images/{image}/members"): {"memberships": [{"member_id": "@eve.project@", "can_share": True}]},
    ("v1", "PUT", "/images/{image}/members/{member}"): {"member": {"can_share": True}},
    ("v2", "POST", "/images"): _IMAGE,
    ("v2", "PATCH", "/images/{image}"): [{"op": "replace", "path": "/name", "value": "new"}],
    ("v2", "POST", "/images/{image}/members"): {"member": "@eve.project@"},
    ("v2", "PUT", "/images/{image}/members/{member}"): {"status": "accepted"},
    ("v2", "POST", "/images/{image}/locations"): {
        "url": "http://127.0.0.1:1/data",
        "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "a" * 128},
    },
    ("identity", "POST", "/auth/tokens"): _LOGIN,
    ("identity", "POST", "/projects"): {
        "project": {"name": "new", "domain_id": "default", "enabled": True, "description": ""}
    },
    ("identity", "PATCH", "/projects/{project}"): {"project": {"name": "other", "description": "", "enabled": True}},
    ("identity", "POST", "/users"): {"user": _USER},
    ("identity", "PATCH", "/users/{user}"): {"user": _USER},
    ("identity", "POST", "/users/{user}/password"): {
        "user": {"password": "new", "original_password": "@bob.password@"}
    },
    ("identity", "POST", "/users/{user}/application_credentials"): {
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

#: Each parameter that a list of images looks at, and those of identity's, with a good value.
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
    "visibility": "shared",
    "member_status": "all",
    "os_hidden": "false",
    "tag": "@bob.image_tag@",
    "sort": "name:asc,size",
    "created_at": "gte:2016-05-22T06:04:20Z",
    "updated_at": "lt:2999-01-01",
    "id": "in:@bob.image@,@ada.private@",
    "checksum": "@bob.image_checksum@",
    "os_hash_value": "@bob.stored_checksum@",
    "min_ram_min": "0",
    "@bob.image_property@": "@bob.image_value@",
    "prefer": "local",
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
    if prefix == "" and row.face in VENDOR_TYPES:
        headers.append((b"Accept", VENDOR_TYPES[row.face]))
    if row.path == "/auth/tokens":
        headers.append((b"X-Subject-Token", f"@{who}.token@".encode()))
    template = Template(row.method.encode(), path.encode() or b"/", headers=(*headers, (b"Connection", b"close")))
    match row.wants:
        case Wants.JSON:
            body = json.dumps(BODIES.get((row.dialect, row.method, row.shape), {})).encode()
            kind = PATCH_TYPE if (row.dialect, row.method) == ("v2", "PATCH") else b"application/json"
            return replace(template.with_headers((b"Content-Type", kind)), body=body)
        case Wants.STREAM if row.dialect == "v2":
            return replace(template.with_headers(OCTETS), body=b"data")
        case Wants.STREAM:
            meta = [(f"x-image-meta-{field}".encode(), META[field].encode()) for field in ("name", "disk_format")]
            meta += [(b"x-image-meta-container_format", b"bare"), OCTETS]
            return replace(template.with_headers(*meta), body=b"data" if row.method == "POST" else b"")
    return template


def stand_ins(part: str) -> list[str]:
    """What can stand for a named part of a path, good and bad, as it is sent."""
    if part in WORDS:
        return list(WORDS[part])
    signs = PARTS[part].all
    return [f"@{sign}{spelling}@" for sign in signs for spelling in ("", ":upper", ":bare")]
