"""What there must be once all has come to rest, whatever happened before."""

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from asking_front import Front, Reply
from chaos import disagreements
from content import Comparison, Content
from known import KILLED, QUEUED, SAVING, Known, Shelf
from tally import Tally
from working import PROPERTY

LIMIT_S = 60

#: What no log may have: a bug of ours, or an answer that says there is one.
_BUGS = re.compile(r"Traceback|\bstatus=500\b|\"status\": ?500|\bCRITICAL\b")


def wait_for_uploads_to_end(database: str, patience_s: float = 15) -> None:
    """Workers notice by themselves that clients have gone; what is left after that was lost, and its lease is over."""
    deadline = time.monotonic() + patience_s
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute("SELECT 1 FROM uploads").fetchone() and time.monotonic() < deadline:
            time.sleep(0.2)
        connection.execute("UPDATE uploads SET lease_until = 0")


class Audit:
    """Compares what is there with what clients know; whatever differs goes to *tally*."""

    def __init__(self, front: Front, tokens: Mapping[str, str], database: str, tally: Tally) -> None:
        """*tokens*: of a user of each project."""
        self._front = front
        self._tokens = tokens
        self._database = database
        self._tally = tally

    def check(self, shelf: Shelf, keys: Iterable[str], unfinished: Iterable[str]) -> None:
        """*keys*: of all objects in the store; *unfinished*: uploads to it that were begun and not ended."""
        listed = {project: self._listed(project) for project in self._tokens}
        for known in shelf:
            self._check_image(known, listed[known.project].get(known.id))
        ours = {known.id for known in shelf}
        for images in listed.values():
            for image_id in images.keys() - ours:
                self._tally.complain(f"image {image_id} is there, and nobody made it")
        self._check_database(set(keys), set(unfinished))

    def _listed(self, project: str) -> dict[str, Any]:
        images: dict[str, Any] = {}
        path: str | None = "/v2/images?limit=100&visibility=all"
        while path:
            page = self._ask(project, path).json
            images |= {image["id"]: image for image in page["images"] if image["owner"] == project}
            path = page.get("next")
        return images

    def _check_image(self, known: Known, image: dict[str, Any] | None) -> None:
        shown = self._ask(known.project, f"/v2/images/{known.id}")
        if image is None and KILLED in known.data and shown.status == 200:
            image = shown.json  # no list has those
        if image is None:
            if True in known.exists and False not in known.exists:
                self._tally.complain(f"lost: image {known.id}, {known}")
            if shown.status != 404:
                self._tally.complain(f"image {known.id} is in no list and is shown with {shown.status}")
            return
        if known.exists == {False}:
            self._tally.complain(f"deleted image {known.id} is there again: {image}")
            return
        if shown.status != 200 or shown.json != image:
            self._tally.complain(f"image {known.id} is listed as {image} and shown as {shown.status} {shown.body!r}")
        self._check_told(known, image)
        self._check_members(known)
        if image["status"] == "active":
            self._check_data(known, image)

    def _check_told(self, known: Known, image: dict[str, Any]) -> None:
        statuses = known.statuses - {SAVING}
        if SAVING in known.statuses:  # which nothing is any more
            statuses |= {QUEUED, KILLED}
        told = {"status": statuses, "name": known.names, PROPERTY: known.properties[PROPERTY]}
        for name, may_be in told.items():
            if image.get(name) not in may_be:
                self._tally.complain(f"image {known.id}: {name} is {image.get(name)!r} and none of {may_be}")

    def _check_members(self, known: Known) -> None:
        answer = self._ask(known.project, f"/v2/images/{known.id}/members").json
        members = {member["member_id"] for member in answer["members"]}
        for project, may_be in known.members.items():
            if (project in members) not in may_be:
                self._tally.complain(f"image {known.id}: members are {members}, and {project} is one: {may_be}")

    def _check_data(self, known: Known, image: dict[str, Any]) -> None:
        candidates = [content for content in known.contents if content.size == image["size"]]
        if not candidates:
            self._tally.complain(f"image {known.id} has {image['size']} bytes, and none of {known.contents}")
            return
        digested = _Digests(candidates[0])
        path, token = f"/v2/images/{known.id}/file", self._tokens[known.project]
        reply = self._front.ask("GET", path, {"x-auth-token": token}, compared=digested)
        if reply.status != 200 or not digested.is_right or reply.received != image["size"]:
            self._tally.complain(
                f"image {known.id}: data came with {reply.status}, {reply.received} of {image['size']} bytes, "
                f"right: {digested.is_right} {reply.trouble}"
            )
        elif (digested.md5, digested.sha512) != (image["checksum"], image["os_hash_value"]):
            self._tally.complain(f"image {known.id}: its digests are not those of its data")

    def _check_database(self, keys: set[str], unfinished: set[str]) -> None:
        for sentence in disagreements(self._database):
            self._tally.complain(sentence)
        with psycopg.connect(self._database) as connection:
            uploads = connection.execute("SELECT * FROM uploads").fetchall()
            stuck = connection.execute(
                "SELECT id FROM images WHERE status IN ('saving', 'uploading', 'importing')"
            ).fetchall()
            named = {key for (key,) in connection.execute("SELECT key FROM blobs").fetchall()}
        if uploads or stuck:
            self._tally.complain(f"stuck: uploads {uploads}, images {stuck}")
        if keys != named:
            self._tally.complain(f"objects nobody names: {keys - named}; names without object: {named - keys}")
        if unfinished:
            self._tally.complain(f"unfinished in the store: {unfinished}")

    def _ask(self, project: str, path: str) -> Reply:
        reply = self._front.ask("GET", path, {"x-auth-token": self._tokens[project]})
        if reply.status not in (200, 404):
            self._tally.complain(f"at rest GET {path} is answered {reply.status}: {reply.body[:300]!r} {reply.trouble}")
        return reply


class _Digests(Comparison):
    """Digests what comes, too."""

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._md5, self._sha512 = hashlib.md5(usedforsecurity=False), hashlib.sha512()

    def take(self, data: bytes) -> None:
        super().take(data)
        self._md5.update(data)
        self._sha512.update(data)

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    @property
    def sha512(self) -> str:
        return self._sha512.hexdigest()


def bugs_in(log: Path, secrets: Iterable[str]) -> list[str]:
    """Lines of a node's log that tell of a bug, and the names of secrets that are in it."""
    text = log.read_text(errors="replace")
    lines = [f"{log.name}: {line}" for line in text.splitlines() if _BUGS.search(line)]
    return lines[:20] + [f"{log.name} has a secret, {secret[:3]}…" for secret in secrets if secret in text]
