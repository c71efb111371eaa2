"""Ranges as RFC 9110, 14.1.2, spells them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calotype.domain import ranges
from calotype.domain.ranges import OtherUnit, Part, Several, Unsatisfiable

HUGE = "9" * 5000


@pytest.mark.parametrize(
    ("text", "first", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=3-5", 3, 3),
        ("bytes=3-", 3, 7),
        ("bytes=9-9", 9, 1),
        ("bytes=-1", 9, 1),
        ("bytes=-10", 0, 10),
        ("bytes=-11", 0, 10),
        ("bytes=5-10", 5, 5),
        (f"bytes=5-{HUGE}", 5, 5),
        (f"bytes=-{HUGE}", 0, 10),
        (f"bytes={'0' * 5000}3-5", 3, 3),
        ("BYTES=3-5", 3, 3),
        (" bytes=3-5 ", 3, 3),
        ("bytes= 3-5", 3, 3),
        ("bytes=,3-5, ,", 3, 3),
    ],
)
def test_a_range_is_the_part_it_names_and_ends_where_the_bytes_do(text: str, first: int, length: int) -> None:
    assert ranges.read(text, 10) == Part(first, length)


@pytest.mark.parametrize("text", ["bytes=10-", "bytes=10-10", "bytes=-0", f"bytes={HUGE}-", f"bytes={HUGE}-{HUGE}"])
def test_a_range_without_a_byte_in_it_cannot_be_given(text: str) -> None:
    with pytest.raises(Unsatisfiable, match="none of the 10 bytes"):
        ranges.read(text, 10)


@pytest.mark.parametrize("text", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"])
def test_no_range_holds_a_byte_of_nothing(text: str) -> None:
    with pytest.raises(Unsatisfiable):
        ranges.read(text, 0)


@pytest.mark.parametrize(
    "text",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=1-2-3", "bytes=--1", "bytes=+1-2", "bytes=1 -2",
        "bytes=0x1-", "bytes=1.0-2", "bytes=\u0661-\u0662", "bytes=5-3", "bytes =1-2", "bytes:1-2", "1-2", "=1-2", "bytes=,",
        "bytes=0-1,x", "bytes=0-1,bytes=2-3",
    ],
)  # fmt: skip
def test_what_is_no_range_cannot_be_given(text: str) -> None:
    with pytest.raises(Unsatisfiable, match=r"can be read|ends before"):
        ranges.read(text, 10)


@pytest.mark.parametrize("text", ["lines=0-1", "seconds=1-2", "none=", "bytes2=0-1"])
def test_ranges_of_another_unit_are_told_apart(text: str) -> None:
    with pytest.raises(OtherUnit):
        ranges.read(text, 10)


@pytest.mark.parametrize("text", ["bytes=0-1,3-4", "bytes=0-1,-1", "bytes=0-0, 0-0", "bytes=20-,0-1"])
def test_several_ranges_are_told_apart(text: str) -> None:
    with pytest.raises(Several):
        ranges.read(text, 10)


@given(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 40)), st.one_of(st.none(), st.integers(0, 40)))
def test_a_part_holds_exactly_the_bytes_that_the_range_covers(size: int, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        return
    if first is None:
        covered = [number for number in range(size) if number >= size - (last or 0)]
    else:
        covered = [number for number in range(size) if number >= first and (last is None or number <= last)]

    try:
        part = ranges.read(f"bytes={'' if first is None else first}-{'' if last is None else last}", size)
        found = list(range(part.first, part.last + 1))
    except Unsatisfiable:
        found = []

    assert found == covered


@given(st.text(max_size=40), st.integers(0, 100))
def test_any_text_is_a_part_inside_the_bytes_or_a_named_refusal(text: str, size: int) -> None:
    try:
        part = ranges.read(f"bytes={text}", size)
    except (OtherUnit, Several, Unsatisfiable):
        return

    assert 0 <= part.first <= part.last < size
