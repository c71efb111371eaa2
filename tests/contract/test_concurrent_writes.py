"""What was acknowledged is there: many writers, in threads and processes, on every database."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.callers import Caller
from calotype.domain.errors import Conflict
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.changes import Change
from calotype.service.images import Images, NewImage
from calotype.service.options import ServiceOptions

OWNER = Caller("user", "project", frozenset({"member"}))


def images_of(catalogue: Catalogue) -> Images:
    options = ServiceOptions(property_quota=-1)
    return Images(catalogue, Rules(DEFAULT_RULES), options, lambda: datetime.now(UTC))


def with_property(name: str) -> Change:
    return Change(properties={name: "set"})


def test_of_twenty_edits_at_once_each_is_applied_or_a_conflict(catalogue: Catalogue) -> None:
    images = images_of(catalogue)
    image = images.create(OWNER, NewImage(owner="project"))
    barrier = threading.Barrier(20)

    def edit(number: int) -> bool:
        barrier.wait()
        try:
            images.update(OWNER, image.id, with_property(f"p{number}"), purge=False)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        applied = [number for number, done in enumerate(threads.map(edit, range(20))) if done]

    edited = images.show(OWNER, image.id)
    assert set(edited.properties) == {f"p{number}" for number in applied}
    assert edited.version == 1 + len(applied)
    if catalogue.is_sqlite:
        assert len(applied) == 20


WRITER = """
import sys, threading
sys.path.insert(0, sys.argv[3])
from test_concurrent_writes import OWNER, images_of, with_property
from calotype.catalogue.engine import Catalogue, CatalogueOptions
images = images_of(Catalogue(CatalogueOptions(url=sys.argv[1])))
def write(thread):
    for number in range(25):
        images.update(OWNER, "the-image", with_property(f"{sys.argv[2]}-{thread}-{number}"), purge=False)
threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_two_processes_of_four_threads_lose_no_update(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    catalogue = Catalogue(CatalogueOptions(url=url))
    schema.prepare(catalogue)
    images = images_of(catalogue)
    images.create(OWNER, NewImage(id="the-image", owner="project"))

    command = [sys.executable, "-c", WRITER, url]
    here = str(Path(__file__).parent)
    writers = [
        subprocess.Popen([*command, name, here], stderr=subprocess.PIPE, text=True)  # errors of threads land in stderr
        for name in ("a", "b")
    ]
    errors = [writer.communicate(timeout=100)[1] for writer in writers]

    assert errors == ["", ""]
    assert len(images.show(OWNER, "the-image").properties) == 2 * 4 * 25
    catalogue.close()
