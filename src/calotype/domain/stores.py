"""A configured store of image data, as callers may know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """*kind*: what it is made of, by the name the field has for that. *weight*: of two that hold the same data the heavier is
    read, and named first. *properties*: more about it that only admins and services are told, plain values by name.
    """

    name: str
    kind: str = "file"
    weight: int = 0
    description: str | None = None
    is_default: bool = False
    is_read_only: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)
