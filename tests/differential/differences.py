"""The differences that are meant: differences.yaml, each under the row of docs/api/v2-differences.md that gives its reason.

An entry names a story and one fact of its answers; `*` stands for anything in both. `glance` and `ours` are the values, which may
be left out where they say nothing, and `absent` is a fact that is not there. Where a status differs as meant, the rest of that
answer follows from it and is not compared.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from answers import Facts

FILE = Path(__file__).parent / "differences.yaml"
ABSENT = "absent"
ANYTHING = "anything"


@dataclass(frozen=True)
class Seen:
    """One fact that differs."""

    story: str
    fact: str
    glance: Any
    ours: Any


@dataclass(frozen=True)
class Meant:
    """An entry. *row*: the situation in the document, as it stands there."""

    row: str
    story: str
    fact: str
    glance: Any = ANYTHING
    ours: Any = ANYTHING

    def covers(self, seen: Seen) -> bool:
        return bool(
            self._story.fullmatch(seen.story)
            and self._fact.fullmatch(seen.fact)
            and self.glance in (ANYTHING, seen.glance)
            and self.ours in (ANYTHING, seen.ours)
        )

    @cached_property
    def _story(self) -> re.Pattern[str]:
        return _pattern(self.story)

    @cached_property
    def _fact(self) -> re.Pattern[str]:
        return _pattern(self.fact)


def read() -> list[Meant]:
    """All entries."""
    groups = yaml.safe_load(FILE.read_text())
    return [Meant(group["row"], **entry) for group in groups for entry in group["seen"]]


def between(story: str, glance: Facts, ours: Facts) -> list[Seen]:
    """Every fact of one answer that differs, the status first."""
    names = sorted({*glance, *ours}, key=lambda name: (name != "status", name))
    pairs = [(name, glance.get(name, ABSENT), ours.get(name, ABSENT)) for name in names]
    return [Seen(story, name, theirs, own) for name, theirs, own in pairs if theirs != own]


def unmeant(seen: Iterable[Seen], meant: Iterable[Meant], used: set[Meant]) -> Iterator[Seen]:
    """What no entry covers of one answer's differences; those that cover one are added to *used*."""
    for difference in seen:
        covering = [entry for entry in meant if entry.covers(difference)]
        used.update(covering)
        if not covering:
            yield difference
        elif difference.fact == "status":
            return


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def subject(title: str) -> str:
    """What a story, or an entry's, is about."""
    return title.partition(":")[0]
