"""Runs the tests of one package of tempest and says how each ended: `[name, outcome, reason]`, a line of JSON each.

`.venv-tempest` runs this, with TEMPEST_CONFIG_DIR and TEMPEST_CONFIG set; the argument is the package.
"""

import json
import sys
import unittest
from pathlib import Path
from typing import Any

import tempest


class Said(unittest.TestResult):
    """Tells while the tests run. testtools gives a failure as text or as what sys.exc_info() gives."""

    # unittest calls them so.
    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        _say(test, "passed", "")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        _say(test, "skipped", reason)

    def addFailure(self, test: unittest.TestCase, error: Any) -> None:  # noqa: N802
        _say(test, "failed", self._exc_info_to_string(error, test) if isinstance(error, tuple) else str(error))

    addError = addFailure  # noqa: N815


def _say(test: unittest.TestCase, outcome: str, reason: str) -> None:
    sys.stdout.write(json.dumps([test.id(), outcome, reason]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    top = Path(tempest.__file__).parents[1]
    package = top.joinpath(*sys.argv[1].split("."))
    unittest.TestLoader().discover(str(package), top_level_dir=str(top)).run(Said())
