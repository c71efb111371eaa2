"""The two forms that Prometheus reads: its own text, and OpenMetrics.

Source: Prometheus, "Exposition formats"; the OpenMetrics specification, 1.0.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from calotype.metrics.families import DURATIONS_S, Family, Kind
from calotype.metrics.layout import Values

_BOUNDS = (*map(repr, DURATIONS_S), "+Inf")


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of *values*: one, or for a histogram the counts of its buckets, each by itself, and then their sum."""

    values: Values
    numbers: Sequence[float]


def write(told: Iterable[tuple[Family, Iterable[Series]]], *, is_openmetrics: bool) -> bytes:
    """Every family, with its head even where it has no series yet."""
    lines = [line for family, series in told for line in _family(family, series, is_openmetrics=is_openmetrics)]
    if is_openmetrics:
        lines.append("# EOF")
    return ("\n".join(lines) + "\n").encode()


def _family(family: Family, series: Iterable[Series], *, is_openmetrics: bool) -> Iterator[str]:
    name = family.name
    if is_openmetrics and family.kind is Kind.COUNTER:
        name = name.removesuffix("_total")
    yield f"# HELP {name} {_escaped(family.text)}."
    yield f"# TYPE {name} {family.kind}"
    for one in series:
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in zip(family.labels, one.values, strict=True))
        if family.kind is Kind.HISTOGRAM:
            yield from _histogram(name, labels, one.numbers)
        else:
            yield (
                f"{family.name}{{{labels}}} {_number(one.numbers[0])}"
                if labels
                else (f"{family.name} {_number(one.numbers[0])}")
            )


def _histogram(name: str, labels: str, numbers: Sequence[float]) -> Iterator[str]:
    """A bucket counts what the ones before it count, too; the count is the last one's, so that they always agree."""
    counts = list(accumulate(numbers[:-1]))
    for bound, count in zip(_BOUNDS, counts, strict=True):
        yield f'{name}_bucket{{{labels},le="{bound}"}} {_number(count)}'
    yield f"{name}_count{{{labels}}} {_number(counts[-1])}"
    yield f"{name}_sum{{{labels}}} {_number(numbers[-1])}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
