"""Conditions against what there is. Source: RFC 9110, 13.1."""

import pytest

from calotype.domain import preconditions

SUM = "64d7c1cd2b6f60c92c14662941cb7913"


@pytest.mark.parametrize(
    "text",
    [SUM, f'"{SUM}"', f'"other", "{SUM}"', f'"a,b" ,"{SUM}"', f"other,{SUM}", f'"other","{SUM}",', "*", " * "],
)
def test_a_list_with_the_tag_names_what_there_is(text: str) -> None:
    assert preconditions.names(text, SUM, weakly=False)


@pytest.mark.parametrize(
    "text", ["", ",", '""', '"other"', "other", SUM[:-1], SUM.upper(), f'"{SUM}x"', f'"x{SUM}"', f'x"{SUM}', '"*"']
)
def test_a_list_without_the_tag_does_not(text: str) -> None:
    assert not preconditions.names(text, SUM, weakly=True)


def test_a_weak_tag_is_good_enough_for_not_sending_but_not_for_being_sure() -> None:
    assert preconditions.names(f'W/"{SUM}"', SUM, weakly=True)
    assert not preconditions.names(f'W/"{SUM}"', SUM, weakly=False)
    assert not preconditions.is_current(f'W/"{SUM}"', SUM)


@pytest.mark.parametrize("text", ['""', "None", '"None"', "", SUM])
def test_data_without_a_checksum_are_named_by_nothing_but_the_star(text: str) -> None:
    assert not preconditions.names(text, None, weakly=True)
    assert not preconditions.is_current(text, None)
    assert preconditions.names("*", None, weakly=False)


@pytest.mark.parametrize("text", [SUM, f'"{SUM}"', f' "{SUM}" '])
def test_the_tag_is_current(text: str) -> None:
    assert preconditions.is_current(text, SUM)


@pytest.mark.parametrize("text", ["", "*", f'"{SUM}", "x"', '"other"', "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_nothing_else_is_current(text: str) -> None:
    assert not preconditions.is_current(text, SUM)
