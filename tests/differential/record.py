"""Asks Glance and keeps what it answers: `.venv/bin/python tests/differential/record.py [DEPLOYMENT [SUBJECT…]]`.

Without a deployment all of them; without subjects the whole corpus of a deployment, which takes some minutes. Needs
`.venv-glance`, which `make reference` makes. See recording.py.
"""

import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import accounts
import corpus
import recording
import reference
import replay
from deployments import DEPLOYMENTS, Deployment
from differences import subject
from recording import Recording

import servers


def record(deployment: Deployment, subjects: Collection[str], folder: Path) -> None:
    """Write the file of *deployment* anew: stories of *subjects*, or all, as Glance answers now, the others as they were.

    Stories that the corpus has no longer are left out. Calotype runs beside Glance for its identity service only.
    """
    stories = corpus.STORIES[deployment.name]
    asked = [story for story in stories if not subjects or subject(story.title) in subjects]
    identity = servers.start(folder / "log", "--ephemeral")
    try:
        everybody = accounts.make(identity)
        (folder / "glance").mkdir()
        with reference.glance(folder / "glance", deployment, identity) as url:
            now = recording.by_story(replay.play(url, everybody, asked, keeps=False))
    finally:
        identity.stop()
    known: Recording = now if not subjects else {**recording.read(deployment.name), **now}
    recording.write(deployment.name, {story.title: known[story.title] for story in stories})


if __name__ == "__main__":
    for deployment in DEPLOYMENTS:
        if sys.argv[1:2] in ([], [deployment.name]):
            with tempfile.TemporaryDirectory() as folder:
                record(deployment, sys.argv[2:], Path(folder))
