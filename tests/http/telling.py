"""Stories in YAML beside a test: images, callers, requests and answers that can be read aloud."""

import unittest
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from gabbi import case as gabbi_case
from gabbi import handlers, suitemaker

Tell = Callable[[Any], AbstractContextManager[int]]
"""Runs the application over a story; gives the port."""


class Stories:
    """The stories of a folder, by the names of their files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cases: dict[str, list[Any]] = {}
        self._by_name: dict[str, dict[str, Any]] = {
            path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))
        }

    def requests(self) -> Iterator[Any]:
        """Parameters of a test: a story's name and one of its requests."""
        for name, story in self._by_name.items():
            # Of each request gabbi makes a client; one that knows the certificate authorities takes 40 ms longer.
            story["defaults"] = {**story.get("defaults", {}), "use_prior_test": False, "cert_validate": False}
            suite = suitemaker.test_suite_from_dict(
                unittest.TestLoader(),
                name,
                {key: value for key, value in story.items() if key in ("defaults", "tests")},
                str(self._folder),
                "127.0.0.1",
                None,
                None,
                None,
                handlers=[handler() for handler in handlers.RESPONSE_HANDLERS],
            )
            cases = self._cases[name] = list(suite)
            for case in cases:
                yield pytest.param(name, case, id=f"{name}: {case.test_data['name']}")

    @contextmanager
    def running(self, tell: Tell) -> Iterator[Callable[[str, Any], int]]:
        """Where the application answers over a story; it is started for the first of the story's requests.

        What comes before a request in its story and was not made here, since another process tests it, is made first.
        """
        with ExitStack() as stack:
            port_of = cache(lambda name: stack.enter_context(tell(self._by_name[name])))
            told: Counter[str] = Counter()

            def port(name: str, case: Any) -> int:
                place = self._cases[name].index(case)
                for before in self._cases[name][told[name] : place]:
                    before.port = port_of(name)
                    before.run(unittest.TestResult())
                told[name] = place + 1
                return int(port_of(name))

            yield port


def check(case: gabbi_case.HTTPTestCase, port: int) -> None:
    """Make the request at *port*; fails with what is not as the story says."""
    case.port = port
    result = unittest.TestResult()

    case.run(result)

    assert not result.failures + result.errors, (result.failures + result.errors)[0][1]
