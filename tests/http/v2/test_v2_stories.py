"""The stories beside this file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import telling
from gabbi import case as gabbi_case
from telling import Stories, Tell

TOLD = Stories(Path(__file__).parent)


@pytest.fixture(scope="module")
def port_of(tell: Tell) -> Iterator[Callable[[str, gabbi_case.HTTPTestCase], int]]:
    with TOLD.running(tell) as port_of_story:
        yield port_of_story


@pytest.mark.parametrize(("story", "case"), list(TOLD.requests()))
def test_the_story_is_true(
    story: str, case: gabbi_case.HTTPTestCase, port_of: Callable[[str, gabbi_case.HTTPTestCase], int]
) -> None:
    telling.check(case, port_of(story, case))
