"""Numbers and times in requests."""

from datetime import UTC, datetime

import pytest

from calotype.domain.errors import Invalid
from calotype.http import literals

DAY = datetime(2016, 5, 22, tzinfo=UTC)
MOMENT = datetime(2016, 5, 22, 6, 4, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016", datetime(2016, 1, 1, tzinfo=UTC)),
        ("2016-05", datetime(2016, 5, 1, tzinfo=UTC)),
        ("2016-05-22", DAY),
        ("20160522", DAY),
        ("2016-0522", DAY),
        ("2016-5-2", datetime(2016, 5, 2, tzinfo=UTC)),
        ("2016-05-22T06", MOMENT.replace(minute=0, second=0)),
        ("2016-05-22T06:04", MOMENT.replace(second=0)),
        ("2016-05-22T06:04:20", MOMENT),
        ("2016-05-22 06:04:20", MOMENT),
        ("20160522T060420", MOMENT),
        ("2016-05-22T06:04:20.5", MOMENT.replace(microsecond=500_000)),
        ("2016-05-22T06:04:20,425843", MOMENT.replace(microsecond=425_843)),
        ("2016-05-22T06:04:20.4258439", MOMENT.replace(microsecond=425_843)),
        ("2016-05-22T06:04:20Z", MOMENT),
        ("2016-05-22T08:04:20+02", MOMENT),
        ("2016-05-22T08:04:20+0200", MOMENT),
        ("2016-05-22T08:04:20+02:00", MOMENT),
        ("2016-05-22T04:04:20-02:00", MOMENT),
        ("2016-05-21T23:34:20-06:30", MOMENT),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_every_form_of_iso_8601_that_clients_send(text: str, moment: datetime) -> None:
    assert literals.moment("changes-since", text) == moment


@pytest.mark.parametrize("digits", [26, 29, 60_000])
def test_a_fraction_of_any_length_is_cut_and_never_rounded_up(digits: int) -> None:
    moment = literals.moment("changes-since", "2016-05-22T06:04:20." + "9" * digits)

    assert moment == MOMENT.replace(microsecond=999_999)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1463897060",
        "1463897060.425843",
        "201605",
        "2016-W20",
        "2016-W20-7",
        "2016-143",
        "2016-05-22T24:00:00",
        "2016-05-22T06:60",
        "2016-05-22T06:04:60",
        "2016-13-01",
        "2016-02-30",
        "2016-00-01",
        "2016-05-22T06:04:20z",
        "2016-05-22t06:04:20",
        "2016-05-22T06:04:20 01:00",
        "2016-05-22T06:04:20+24:00",
        "2016-05-22T",
        " 2016-05-22",
        "2016-05-22 ",
        "2016-05-22\n",
        "0000-01-01",
        "10000-01-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:00:00-02:00",
        "\uff12016",
        "-2016",
    ],
)
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match="changes-since"):
        literals.moment("changes-since", text)


@pytest.mark.parametrize(("text", "number"), [("7", 7), (" 7 ", 7), ("+7", 7), ("007", 7), (str(1 << 80), 1 << 80)])
def test_an_integer_is_what_python_reads_as_one(text: str, number: int) -> None:
    assert literals.not_negative("limit", text) == number


@pytest.mark.parametrize("text", ["", "many", "1.5", "1e3", "0x10", "9" * 4301, "-1", "- 1"])
def test_what_is_no_integer_from_0_up_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match="limit"):
        literals.not_negative("limit", text)
