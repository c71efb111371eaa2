"""Glance 33 itself, asked the whole corpus: is it still what is recorded? `make proof` runs this."""

import accounts
import corpus
import differences
import pytest
import recording
import reference
import replay
from deployments import DEPLOYMENTS

LIMIT_S = 1800


@pytest.mark.proof
@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.name)
def test_glance_answers_what_is_recorded(deployment, start_server, tmp_path, missing):
    if not (reference.VENV / "bin" / "uwsgi").exists():
        missing(".venv-glance, which `make reference` makes,")
    identity = start_server("--ephemeral")
    everybody = accounts.make(identity)
    (tmp_path / "glance").mkdir()

    with reference.glance(tmp_path / "glance", deployment, identity) as url:
        answers = recording.by_story(replay.play(url, everybody, corpus.STORIES[deployment.name], keeps=False))

    recorded = recording.read(deployment.name)
    assert list(answers) == list(recorded)
    assert [
        (request, differences.between(story, before, now))
        for story, told in answers.items()
        for (request, now), (_, before) in zip(told, recorded[story], strict=True)
        if now != before
    ] == []
