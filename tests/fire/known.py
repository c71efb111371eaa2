"""What clients know of the images they made: a set of possibilities for each thing, one where it was acknowledged."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from content import Content

#: What an image may be without data, in the words of the API.
QUEUED, KILLED, SAVING = "queued", "killed", "saving"

Data = Content | str
"""Data that were acknowledged, or the status of an image without any."""


@dataclass
class Known:
    """An image of one client, which alone changes it.

    *exists*: {True} once acknowledged, {False} once its deletion was, both while one of them was not answered.
    *data*, *names*, *properties*, *members* (project to membership): likewise what may be.
    *is_going*: its deletion was asked for, so that whoever reads it may miss it. *doubted_at*: when an answer last failed to
    come, on the monotonic clock.
    """

    id: str
    project: str
    exists: set[bool]
    data: set[Data]
    names: set[str]
    properties: dict[str, set[str | None]] = field(default_factory=dict)
    members: dict[str, set[bool]] = field(default_factory=dict)
    is_going: bool = False
    doubted_at: float = 0.0

    @property
    def is_certain(self) -> bool:
        """True if it is there for certain and it is clear what its data are."""
        return self.exists == {True} and len(self.data) == 1

    @property
    def content(self) -> Content | None:
        """Its data, if it has them for certain."""
        if self.exists != {True} or len(self.data) != 1:
            return None
        (only,) = self.data
        return only if isinstance(only, Content) else None

    @property
    def contents(self) -> list[Content]:
        """Data it may have."""
        return [one for one in self.data if isinstance(one, Content)]

    @property
    def statuses(self) -> set[str]:
        """What may be shown as its status."""
        return {"active" if isinstance(one, Content) else one for one in self.data}


class Shelf:
    """All images of a run, those that are gone too; every client adds to it and any may read from it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: list[Known] = []

    def add(self, known: Known) -> None:
        with self._lock:
            self._known.append(known)

    def __iter__(self) -> Iterator[Known]:
        with self._lock:
            return iter(list(self._known))

    def readable(self, project: str) -> list[Known]:
        """Images with data that members of the project may read."""
        return [
            one
            for one in self
            if one.content is not None
            and not one.is_going
            and (one.project == project or one.members.get(project) == {True})
        ]
