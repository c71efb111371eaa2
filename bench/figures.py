"""Figures of several rounds: the middle one, and how far they lie apart."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of the rounds, the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, rounds: Sequence[float]) -> "Figure":
        return cls(statistics.median(rounds), min(rounds), max(rounds))

    def show(self, digits: int = 2, scale: float = 1.0) -> str:
        low, middle, high = (f"{value * scale:,.{digits}f}" for value in (self.lowest, self.median, self.highest))
        return f"{middle} ({low} to {high})"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def verdict(*, is_met: bool | None) -> str:
    """How a row of a table ends: with its target met, missed, or without one."""
    return {True: "pass", False: "**miss**", None: ""}[is_met]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first to the right."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" + "---:|" * (len(heads) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
