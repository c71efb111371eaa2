"""Edits of an image, one after the other, and the image that comes of them: pure functions.

An edit is anything with `apply_to`; all of a list are applied or none. Source: docs/api/v2.md, "Update".
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol

from calotype.domain.errors import Conflict, NotFound, Refused
from calotype.domain.images import Image, Status
from calotype.domain.locations import Places


class Premise(Enum):
    """What an edit takes for granted about what it sets."""

    NOTHING = "nothing"
    IS_THERE = "it is there"
    IS_NEW = "it is not there"


@dataclass(slots=True)
class Draft:
    """An image while edits are at work on it. *was*: before the first of them. *places*: more about where its data are.

    Properties lie apart and are changed in place: a copy an edit would make long lists of edits slow.
    """

    was: Image
    fields: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, str | None] = field(default_factory=dict)
    places: Places = field(default_factory=Places)

    def __post_init__(self) -> None:
        self.properties = dict(self.was.properties)

    def get(self, name: str) -> Any:
        """The field of this name as it is by now."""
        return self.fields.get(name, getattr(self.was, name))

    def image(self) -> Image:
        return replace(self.was, **self.fields, properties=self.properties)


class Edit(Protocol):
    def apply_to(self, draft: Draft) -> None:
        """Change *draft*. Raises Conflict for a premise that does not hold, Refused for what may not be done to it."""


#: What data are judged by when they come; what was looked at under one name must not be handed out under another.
_FORMATS = frozenset({"disk_format", "container_format"})

#: States in which no data have been judged yet.
_UNJUDGED = frozenset({Status.QUEUED, Status.IMPORTING})


@dataclass(frozen=True, slots=True)
class SetField:
    """A base attribute gets a value. *field*: of `Image`; *name*: the caller's word for it."""

    field: str
    name: str
    value: Any
    premise: Premise = Premise.NOTHING

    def apply_to(self, draft: Draft) -> None:
        if self.premise is Premise.IS_NEW:
            raise Conflict(f"The attribute '{self.name}' is there already.")
        if self.field in _FORMATS and draft.was.status not in _UNJUDGED:
            raise Refused(f"The attribute '{self.name}' can only be changed before the image has data.")
        draft.fields[self.field] = self.value


@dataclass(frozen=True, slots=True)
class RemoveField:
    """A base attribute is to go: never."""

    name: str

    def apply_to(self, draft: Draft) -> None:  # noqa: ARG002 -- the protocol's
        raise Refused(f"The attribute '{self.name}' cannot be removed.")


@dataclass(frozen=True, slots=True)
class SetProperty:
    """A custom property gets a value."""

    name: str
    value: str | None
    premise: Premise = Premise.NOTHING

    def apply_to(self, draft: Draft) -> None:
        is_there = self.name in draft.properties
        if self.premise is Premise.IS_NEW and is_there:
            raise Conflict(f"The property '{self.name}' is there already.")
        if self.premise is Premise.IS_THERE and not is_there:
            raise _absent(self.name)
        draft.properties[self.name] = self.value


@dataclass(frozen=True, slots=True)
class RemoveProperty:
    """A custom property goes."""

    name: str

    def apply_to(self, draft: Draft) -> None:
        if self.name not in draft.properties:
            raise _absent(self.name)
        del draft.properties[self.name]


@dataclass(frozen=True, slots=True)
class AddTag:
    """A tag joins the others, unless it is one of them."""

    tag: str

    def apply_to(self, draft: Draft) -> None:
        tags = draft.get("tags")
        if self.tag not in tags:
            draft.fields["tags"] = (*tags, self.tag)


@dataclass(frozen=True, slots=True)
class RemoveTag:
    """A tag goes. Raises NotFound if the image has none such."""

    tag: str

    def apply_to(self, draft: Draft) -> None:
        tags = draft.get("tags")
        if self.tag not in tags:
            raise NotFound("The image has no such tag.")
        draft.fields["tags"] = tuple(tag for tag in tags if tag != self.tag)


def edited(image: Image, edits: Iterable[Edit], places: Places | None = None) -> Image:
    """*image* after all *edits* in their order, which change *places* too.

    Raises what the first of them raises that cannot be made.
    """
    draft = Draft(image, places=places or Places())
    for edit in edits:
        edit.apply_to(draft)
    return draft.image()


def _absent(name: str) -> Conflict:
    return Conflict(f"The image has no property '{name}'.")
