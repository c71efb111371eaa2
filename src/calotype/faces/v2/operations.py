"""The operations of a PATCH, in both of the syntaxes that name each other by media type.

v2.1 is a part of RFC 6902; v2.0 is what that was as a draft: `{"replace": "/name", "value": "new"}`.
Source: openstack/glance:api-ref/source/v2/images-images-v2.inc, "Update image"; docs/api/v2.md, "Update".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calotype.domain.edits import Premise
from calotype.domain.errors import Invalid
from calotype.http.bodies import read_json
from calotype.http.errors import unsupported_media_type
from calotype.http.messages import Request


class Verb(StrEnum):
    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. *path*: the parts of *pointer*, at least one; *value*: None where the verb takes none.

    *premise*: what must be true of what it sets.
    """

    verb: Verb
    pointer: str
    path: tuple[str, ...]
    value: Any
    premise: Premise


def read(request: Request) -> tuple[Operation, ...]:
    """The operations in the body of *request*, in their order.

    Raises HttpError 415, naming the types, for another media type; Invalid for what is no list of operations.
    """
    syntax = _SYNTAXES.get(request.media_type)
    if syntax is None:
        raise unsupported_media_type(sorted(_SYNTAXES), "Accept-Patch")
    said = read_json(request.body)
    if not isinstance(said, list):
        raise Invalid("body", said, "not a list of operations")
    return tuple(_operation(one, syntax) for one in said)


@dataclass(frozen=True, slots=True)
class _Syntax:
    """*read* finds verb and pointer in an operation; *premises* are those of verbs that set something."""

    read: Callable[[Mapping[str, Any]], tuple[Any, Any]]
    premises: Mapping[Verb, Premise]


def _operation(said: Any, syntax: _Syntax) -> Operation:
    if not isinstance(said, dict):
        raise Invalid("operation", said, "not an object")
    verb, pointer = syntax.read(said)
    if not isinstance(pointer, str):
        raise Invalid("path", pointer, "not a text")
    path = _path(pointer)
    if verb is not Verb.REMOVE and "value" not in said:
        raise Invalid("operation", said, "it has no value")
    return Operation(verb, pointer, path, said.get("value"), syntax.premises.get(verb, Premise.NOTHING))


def _read_v2_1(said: Mapping[str, Any]) -> tuple[Verb, Any]:
    name = said.get("op")
    if name not in tuple(Verb):
        raise Invalid("op", name, f"not one of {', '.join(Verb)}")
    if "path" not in said:
        raise Invalid("operation", said, "it has no path")
    return Verb(name), said["path"]


def _read_v2_0(said: Mapping[str, Any]) -> tuple[Verb, Any]:
    verbs = [verb for verb in Verb if verb in said]
    if len(verbs) != 1:
        raise Invalid("operation", said, f"it has not exactly one of {', '.join(Verb)}")
    return verbs[0], said[verbs[0]]


_SYNTAXES: Mapping[str, _Syntax] = {
    "application/openstack-images-v2.1-json-patch": _Syntax(_read_v2_1, {Verb.REPLACE: Premise.IS_THERE}),
    "application/openstack-images-v2.0-json-patch": _Syntax(
        _read_v2_0, {Verb.ADD: Premise.IS_NEW, Verb.REPLACE: Premise.IS_THERE}
    ),
}

_PART = re.compile(r"(?:[^/~]|~[01])*")


def _path(pointer: str) -> tuple[str, ...]:
    """The parts of a JSON pointer (RFC 6901), each without blanks around it. Only `/` alone has an empty one."""
    if not pointer.startswith("/"):
        raise Invalid("path", pointer, "it does not begin with a slash")
    parts = pointer[1:].split("/")
    if not all(_PART.fullmatch(part) for part in parts):
        raise Invalid("path", pointer, "a tilde in it stands for itself only as ~0")
    names = tuple(part.replace("~1", "/").replace("~0", "~").strip() for part in parts)
    if len(names) > 1 and "" in names:
        raise Invalid("path", pointer, "a part of it is empty")
    return names
