"""Calotype against what Glance 33 answered to the same requests: see recording.py, and CONTRIBUTING.md on how to add a story."""

from collections.abc import Callable, Iterator
from pathlib import Path

import accounts
import corpus
import differences
import pytest
import recording
import replay
from accounts import Accounts
from deployments import DEPLOYMENTS, Deployment
from differences import Meant, Seen
from replay import Played

import servers
from servers import Server

DOCUMENT = Path(__file__).parents[2] / "docs" / "api" / "v2-differences.md"
SUBJECTS = [
    (deployment, subject)
    for deployment in DEPLOYMENTS
    for subject in dict.fromkeys(differences.subject(story.title) for story in corpus.STORIES[deployment.name])
]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Deployment], tuple[Server, Accounts]]]:
    """A service set up as a deployment is, and who asks it; the same one each time, since stories leave nothing behind."""
    running: dict[str, tuple[Server, Accounts]] = {}

    def start(deployment: Deployment) -> tuple[Server, Accounts]:
        if deployment.name not in running:
            log = tmp_path_factory.mktemp(deployment.name) / "log"
            server = servers.start(log, "--ephemeral", *deployment.calotype, **deployment.environment)
            running[deployment.name] = server, accounts.make(server)
        return running[deployment.name]

    yield start
    for server, _ in running.values():
        server.stop()


@pytest.mark.parametrize(("deployment", "subject"), SUBJECTS, ids=lambda value: getattr(value, "name", value))
def test_every_answer_is_that_of_glance_or_differs_as_is_meant(deployment, subject, beside):
    server, everybody = beside(deployment)
    stories = [story for story in corpus.STORIES[deployment.name] if differences.subject(story.title) == subject]
    recorded = recording.read(deployment.name)
    meant = [entry for entry in differences.read() if differences.subject(entry.story) == subject]
    used: set[Meant] = set()
    unmeant = []
    without_id = []

    for answer in replay.play(server.url, everybody, stories):
        _, glance = recorded[answer.story][answer.number - 1]
        seen = differences.between(answer.story, glance, answer.facts)
        unmeant += [_line(answer, difference) for difference in differences.unmeant(seen, meant, used)]
        if answer.request_id is None:
            without_id.append(answer.request)

    assert "\n".join(unmeant) == ""
    assert not without_id
    assert not set(meant) - used, "these differ no longer"


def _line(answer: Played, difference: Seen) -> str:
    where = f"{answer.story}, {answer.number}, {answer.request}: {difference.fact}"
    return f"{where}: Glance {difference.glance!r}, we {difference.ours!r}"


def test_the_corpus_is_large_and_every_story_has_a_title_of_its_own():
    stories = [story for told in corpus.STORIES.values() for story in told]

    assert sum(len(story.steps) for story in stories) >= 400
    assert len({story.title for story in stories}) == len(stories)


def test_each_subject_is_of_one_deployment():
    assert len({subject for _, subject in SUBJECTS}) == len(SUBJECTS)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.name)
def test_what_is_recorded_is_what_the_corpus_asks(deployment):
    recorded = {
        title: [request for request, _ in answers] for title, answers in recording.read(deployment.name).items()
    }

    assert recorded == {story.title: [step.line for step in story.steps] for story in corpus.STORIES[deployment.name]}


def test_what_is_meant_to_differ_stands_in_the_document():
    situations = {line.split(" | ")[0].removeprefix("| ") for line in DOCUMENT.read_text().splitlines()}

    assert {entry.row for entry in differences.read()} <= situations


def test_an_entry_is_of_a_subject_that_there_is():
    assert {differences.subject(entry.story) for entry in differences.read()} <= {subject for _, subject in SUBJECTS}
