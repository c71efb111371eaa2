"""The stories beside this file: images, callers, requests and answers that can be read aloud."""

import unittest
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from gabbi import case as gabbi_case
from gabbi import handlers, suitemaker

HERE = Path(__file__).parent
STORIES: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.yaml"))
}


def _requests() -> Iterator[Any]:
    for name, story in STORIES.items():
        story.setdefault("defaults", {})["use_prior_test"] = False
        suite = suitemaker.test_suite_from_dict(
            unittest.TestLoader(),
            name,
            {key: value for key, value in story.items() if key in ("defaults", "tests")},
            str(HERE),
            "127.0.0.1",
            None,
            None,
            None,
            handlers=[handler() for handler in handlers.RESPONSE_HANDLERS],
        )
        for case in suite:
            yield pytest.param(name, case, id=f"{name}: {case.test_data['name']}")


@pytest.fixture(scope="module")
def port_of(tell: Callable[[Any], AbstractContextManager[int]]) -> Iterator[Callable[[str], int]]:
    """Where the application answers over a story; it is started for the first of the story's requests."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(tell(STORIES[name])))


@pytest.mark.parametrize(("story", "case"), list(_requests()))
def test_the_story_is_true(story: str, case: gabbi_case.HTTPTestCase, port_of: Callable[[str], int]) -> None:
    case.port = port_of(story)
    result = unittest.TestResult()

    case.run(result)

    assert not result.failures + result.errors, (result.failures + result.errors)[0][1]
