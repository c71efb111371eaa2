"""What is compared of an answer: the status, the headers that tell something, and the body without what may differ.

Ids, times and hosts get their names back: `{image}`, `{time}`, `{base}`. Sentences meant for people are dropped: their wording
is each service's own, and none of the reference's is kept here.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

#: One level: "status", "headers/location", "body/images/0/name"; what is absent has no key.
Facts = dict[str, Any]

TELLING = (
    "accept-patch",
    "allow",
    "content-md5",
    "content-range",
    "location",
    "openstack-image-import-methods",
    "openstack-image-store-ids",
    "www-authenticate",
)

_LEFT_OUT = object()
_JSON = "application/json"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
_BASE = re.compile(r"http://127\.0\.0\.1:\d+")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PLACE = re.compile(r"(file|calotype)://\S*/(?=\{image\}$)")  # where data that were uploaded lie
_HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)


def facts(
    path: str, asked: Collection[str], status: int, headers: Mapping[str, str], body: bytes, names: Mapping[str, str]
) -> Facts:
    """An answer to a request for *path*; *headers* by lower-case name, *names* as stories call ids, by id.

    *asked*: the request's own headers, in lower case.
    """
    seen: Facts = {"status": status}
    for name in TELLING:
        if name in headers:
            value = ", ".join(sorted(headers[name].split(", "))) if name == "allow" else headers[name]
            seen[f"headers/{name}"] = _plain(value, names)
    if "x-openstack-request-id" in asked:
        seen["headers/x-openstack-request-id"] = headers.get("x-openstack-request-id")
    if path.endswith("/file") and status in (200, 206):
        seen["headers/content-length"] = headers.get("content-length")
    if body:
        kind = headers.get("content-type", "")
        seen["headers/content-type"] = kind
        _flatten("body", _body(path, status, kind, body, names), seen)
    return {key: value for key, value in seen.items() if value is not None or key.startswith("body")}


def _body(path: str, status: int, kind: str, body: bytes, names: Mapping[str, str]) -> Any:
    if kind == _JSON:
        return _brief(path, _tree(json.loads(body), names, _prose(path, status)))
    if kind.startswith("text/") and status >= 300:
        return _error_page(status, body.decode())
    if len(body) <= 64:
        return body.decode("latin-1")
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def _brief(path: str, value: Any) -> Any:
    """Of the images that a query finds only which they are: what an image looks like, others say."""
    if path.startswith("/v2/images?") and isinstance(value, dict) and "images" in value:
        return {**value, "images": " ".join(image["id"] for image in value["images"])}
    return value


def _prose(path: str, status: int) -> str | None:
    """The key under which this answer has sentences for people."""
    if status >= 400:
        return "message"
    return "description" if "/schemas/" in path or "/info/import" in path else None


def _error_page(status: int, text: str) -> str:
    """Says whether the page names its status where HTML and plain text do."""
    heading = _HEADING.search(text)
    first = heading[1] if heading else text.partition("\n")[0]
    return "error page" if first.startswith(f"{status} ") else first


def _tree(value: Any, names: Mapping[str, str], prose: str | None) -> Any:
    if isinstance(value, dict):
        told = {_plain(key, names): _part(key, part, names, prose) for key, part in value.items()}
        return {key: part for key, part in told.items() if part is not _LEFT_OUT}
    if isinstance(value, list):
        return [_tree(part, names, prose) for part in value]
    return _plain(value, names) if isinstance(value, str) else value


def _part(key: str, value: Any, names: Mapping[str, str], prose: str | None) -> Any:
    if key == prose and isinstance(value, str):
        return "{sentence}" if key == "message" else _LEFT_OUT
    if key == "data_dir":
        return "{folder}"
    if key in ("tags", "enum") and isinstance(value, list) and None not in value:  # their order says nothing
        value = sorted(value)
    return _tree(value, names, prose)


def _plain(text: str, names: Mapping[str, str]) -> str:
    for found, name in names.items():
        text = text.replace(found, "{" + name + "}")
    text = _PLACE.sub("{place}/", _ID.sub("{id}", _BASE.sub("{base}", _TIME.sub("{time}", text))))
    path, mark, query = text.partition("?")
    if mark and path.startswith("/v2"):  # a link; the order of what it asks for says nothing
        return f"{path}?{urlencode(sorted(parse_qsl(query, keep_blank_values=True)), safe='{}')}"
    return text


def _flatten(key: str, value: Any, into: Facts) -> None:
    """Empty objects and arrays stand for themselves."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            _flatten(f"{key}/{name}", part, into)
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            _flatten(f"{key}/{number}", part, into)
    else:
        into[key] = value
