"""What Glance answered, kept so that every `make test` compares with it: a line a story, in the order of the corpus.

Facts only, without any sentence of Glance's. `make proof` fails when a line is not what Glance says today; `record.py` writes anew.
"""

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from answers import Facts
from replay import Played

FOLDER = Path(__file__).parent / "recorded"

#: By story: each request's line, and the facts of its answer.
Recording = dict[str, list[tuple[str, Facts]]]


def read(deployment: str) -> Recording:
    with (FOLDER / f"{deployment}.jsonl").open() as lines:
        stories = [json.loads(line) for line in lines]
    return {title: [(request, facts) for request, facts in answers] for title, answers in stories}


def write(deployment: str, recording: Recording) -> None:
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{deployment}.jsonl").open("w") as file:
        for title, answers in recording.items():
            file.write(json.dumps([title, answers], ensure_ascii=False, separators=(",", ":")) + "\n")


def by_story(played: Iterable[Played]) -> Recording:
    return {
        title: [(answer.request, answer.facts) for answer in answers]
        for title, answers in groupby(played, key=lambda answer: answer.story)
    }
