"""A process of its own that does as it is told: a JSON object a line in, one out; so that what it costs is not the measurer's."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Process:
    """The measuring process's end of one that runs *script*. It is ended by `close`."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._process = subprocess.Popen(
            [sys.executable, "-I", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def do(self, **order: Any) -> Any:
        """What the process answers to *order*. Raises RuntimeError if it has died of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._script.name} ended")
        return json.loads(answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def obey(answer_to: Callable[[dict[str, Any]], Any]) -> None:
    """The process's own end: answers orders until there are no more."""
    for line in sys.stdin:
        print(json.dumps(answer_to(json.loads(line))), flush=True)
