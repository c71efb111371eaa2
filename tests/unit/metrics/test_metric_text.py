"""The two forms, read by the parsers of Prometheus's own client."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_plain

from calotype.metrics import text
from calotype.metrics.families import DURATIONS_S, Family, Kind
from calotype.metrics.text import Series

THINGS = Family("calotype_things_total", Kind.COUNTER, 'Things, "quoted" \\ and so on', ("thing",))
LEVEL = Family("calotype_level", Kind.GAUGE, "A level")
TIMES = Family("calotype_times_seconds", Kind.HISTOGRAM, "Times", ("face",))

READERS = {False: read_plain, True: read_openmetrics}


def samples(told, *, is_openmetrics: bool) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    written = text.write(told, is_openmetrics=is_openmetrics).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in READERS[is_openmetrics](written)
        for sample in family.samples
    }


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_counters_and_gauges_are_read_as_they_were_written(is_openmetrics):
    told = [(THINGS, [Series(("one",), [3.0]), Series(("two",), [0.5])]), (LEVEL, [Series((), [2.0])])]

    assert samples(told, is_openmetrics=is_openmetrics) == {
        ("calotype_things_total", (("thing", "one"),)): 3.0,
        ("calotype_things_total", (("thing", "two"),)): 0.5,
        ("calotype_level", ()): 2.0,
    }


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_a_value_may_hold_quotes_backslashes_and_line_ends(is_openmetrics):
    odd = 'a "b" \\ c\nd'

    assert list(samples([(THINGS, [Series((odd,), [1.0])])], is_openmetrics=is_openmetrics)) == [
        ("calotype_things_total", (("thing", odd),))
    ]


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_a_bucket_counts_what_the_ones_below_it_count(is_openmetrics):
    numbers = [1.0, 0.0, 2.0, *[0.0] * (len(DURATIONS_S) - 3), 4.0, 1234.5]

    read = samples([(TIMES, [Series(("v2",), numbers)])], is_openmetrics=is_openmetrics)

    buckets = [value for (name, _), value in read.items() if name == "calotype_times_seconds_bucket"]
    assert buckets == [1, 1, 3, *[3] * (len(DURATIONS_S) - 3), 7]
    assert read["calotype_times_seconds_count", (("face", "v2"),)] == 7
    assert read["calotype_times_seconds_sum", (("face", "v2"),)] == 1234.5


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_a_family_without_series_is_named_all_the_same(is_openmetrics):
    written = text.write([(THINGS, [])], is_openmetrics=is_openmetrics).decode()

    assert [family.name for family in READERS[is_openmetrics](written)] == ["calotype_things"]
