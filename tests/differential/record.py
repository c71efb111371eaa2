"""Asks Glance the whole corpus and keeps what it answers: `.venv/bin/python tests/differential/record.py [DEPLOYMENT…]`.

Needs `.venv-glance`, which `make reference` makes, and takes some minutes. See recording.py.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import accounts
import corpus
import recording
import reference
import replay
from deployments import DEPLOYMENTS, Deployment

import servers


def record(deployment: Deployment, folder: Path) -> None:
    """Calotype runs beside it for its identity service only."""
    identity = servers.start(folder / "log", "--ephemeral")
    try:
        everybody = accounts.make(identity)
        (folder / "glance").mkdir()
        with reference.glance(folder / "glance", deployment, identity) as url:
            recording.write(deployment.name, replay.play(url, everybody, corpus.STORIES[deployment.name], keeps=False))
    finally:
        identity.stop()


if __name__ == "__main__":
    for deployment in DEPLOYMENTS:
        if sys.argv[1:] in ([], [deployment.name]):
            with tempfile.TemporaryDirectory() as folder:
                record(deployment, Path(folder))
