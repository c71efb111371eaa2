"""Three nodes of two workers over one PostgreSQL and one store, killed and restarted while clients work; then nothing that was
acknowledged is lost, and nothing is left of what was not.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import pytest
import rest
from asking_front import Front
from chaos import Chaos, Watch
from content import MIB
from known import Shelf
from rest import Audit
from tally import Tally
from working import Client, Load, Who

import nginx
import nodes
from calotype.blobs import opening, options
from calotype.blobs.stores import Stores
from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.callers import Role
from calotype.service.accounts import Accounts
from calotype.service.housekeeping import Housekeeping, orphans
from certificates import Certificate
from databases import PostgresServer, postgres, wheel_binaries
from seaweed import SECRET_KEY, SeaweedFS, seaweedfs

log = logging.getLogger(__name__)

#: Three users of each of two projects.
CLIENTS = 6
PROJECTS = ("north", "south")

#: Of the database, which asks for none; it must not be found in a log.
PASSWORD = "not-asked-for-and-not-told"


@dataclass(frozen=True)
class Scale:
    """How long, and how much. *quota_bytes*, *quota_images*: of each project, such that clients meet both."""

    work_s: float
    load: Load
    quota_bytes: int
    quota_images: int
    restarts: int


SHORT = Scale(work_s=60, load=Load((1 << 10, 64 * MIB), 8), quota_bytes=128 * MIB, quota_images=18, restarts=1)
LONG = Scale(
    work_s=600,
    load=Load((1 << 10, 256 * MIB), 10, huge_size=1 << 30),
    quota_bytes=3 << 29,
    quota_images=22,
    restarts=4,
)


@dataclass(frozen=True)
class Bucket:
    """Where image data are, as its server tells it; *store*: the option."""

    server: SeaweedFS
    name: str
    store: str

    def stores(self) -> Stores:
        return opening.open_stores(options.read_stores([self.store], Path()), is_durable=True)

    def keys(self) -> list[str]:
        return [PurePosixPath(one["Key"]).name for one in self._all("list_objects_v2", "Contents")]

    def unfinished(self) -> list[str]:
        """Names of objects to which multipart uploads are open."""
        return [one["Key"] for one in self._all("list_multipart_uploads", "Uploads")]

    def _all(self, operation: str, what: str) -> Iterator[dict[str, Any]]:
        for page in self.server.client().get_paginator(operation).paginate(Bucket=self.name):
            yield from page.get(what, ())


@dataclass
class Site:
    """*users*: of both projects. *secrets*: what no log may have."""

    cluster: nodes.Cluster
    database: str
    database_server: PostgresServer
    bucket: Bucket
    users: list[Who]
    secrets: list[str]


@pytest.fixture
def site(
    tmp_path: Path, certificate: Certificate, missing: Callable[[str], NoReturn]
) -> Iterator[Callable[[Scale], Any]]:
    if not nginx.PROGRAM.exists():
        missing("Debian's package nginx")
    binaries = wheel_binaries()
    assert binaries is not None
    with postgres(binaries) as database_server, seaweedfs() as store_server:
        url = database_server.new_database().replace("postgres@", f"postgres:{PASSWORD}@")
        bucket = store_server.new_bucket()
        store = f"s3={store_server.url(bucket, 'images')}"
        flags = ("--workers", "2", "--housekeeping-interval-s", "2", "--scrub-mib-per-s", "0")
        env = {"CALOTYPE_DATABASE": url, "CALOTYPE_STORE": store}
        catalogue = Catalogue(CatalogueOptions(url=url))
        schema.prepare(catalogue)
        passwords = _settle(catalogue)
        catalogue.close()
        with nodes.cluster(tmp_path, certificate, flags, env) as cluster:
            front = Front(cluster.port, cluster.trusting)
            users = _log_in(front, passwords)
            known_secrets = [PASSWORD, SECRET_KEY, *passwords.values(), *(who.token for who in users)]
            yield Site(cluster, url, database_server, Bucket(store_server, bucket, store), users, known_secrets)


def _settle(catalogue: Catalogue) -> dict[str, str]:
    """Two projects and the users of each, with their passwords; quotas come later."""
    accounts = Accounts(catalogue, lambda: datetime.now(UTC))
    passwords = {}
    for project in PROJECTS:
        accounts.create_project(project)
        for number in range(CLIENTS // 2):
            name = f"{project}-{number}"
            passwords[name] = secrets.token_hex(16)
            accounts.create_user(name, passwords[name], project)
            accounts.grant(Role.MEMBER, name, project)
    return passwords


def _log_in(front: Front, passwords: dict[str, str]) -> list[Who]:
    found = {}
    for name, password in passwords.items():
        project, domain = name.partition("-")[0], {"id": "default"}
        user = {"name": name, "domain": domain, "password": password}
        scope = {"project": {"name": project, "domain": domain}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        reply = front.ask("POST", "/v3/auth/tokens", {"content-type": "application/json"}, json.dumps(body).encode())
        assert reply.status == 201, reply
        found[name] = reply.headers["x-subject-token"], reply.json["token"]["project"]["id"]
    ids = {name.partition("-")[0]: project_id for name, (_, project_id) in found.items()}
    other = {ids["north"]: ids["south"], ids["south"]: ids["north"]}
    return [Who(token, project_id, other[project_id]) for token, project_id in found.values()]


def burn(site: Site, scale: Scale, seed: int, tally: Tally) -> Shelf:
    front, deadline = Front(site.cluster.port, site.cluster.trusting), time.monotonic() + scale.work_s
    direct = [Front(node.port) for node in site.cluster.nodes]
    shelf = Shelf()
    clients = [
        Client(seed * 100 + number, who, front, direct, shelf, tally, scale.load, deadline)
        for number, who in enumerate(site.users)
    ]
    chaos = Chaos(seed, site.cluster, site.database, tally, planned(site, scale), deadline)
    watch = Watch(front, site.users[0].token, site.database, tally)
    for thread in (*clients, chaos, watch):
        thread.start()
    for thread in (*clients, chaos):
        thread.join()
    watch.stop()
    for thread in (*clients, chaos):
        if thread.failure is not None:
            raise thread.failure
    return shelf


def planned(site: Site, scale: Scale) -> dict[float, tuple[str, Callable[[], None]]]:
    """When what the nodes stand on is restarted: one after the other, evenly over the time."""

    def restart_store() -> None:
        site.bucket.server.stop(kill=True)
        site.bucket.server.start()

    things = [("PostgreSQL", lambda: restart_database(site.database_server)), ("SeaweedFS", restart_store)]
    blows = things * scale.restarts
    began = time.monotonic()
    return {began + scale.work_s * (n + 1) / (len(blows) + 1): blow for n, blow in enumerate(blows)}


def restart_database(server: PostgresServer) -> None:
    """As after a crash: it has to find its state again."""
    server.stop("immediate")
    server.start()


def come_to_rest(site: Site, shelf: Shelf, tally: Tally) -> None:
    for node in site.cluster.nodes:
        node.wait()
    rest.wait_for_uploads_to_end(site.database)
    catalogue = Catalogue(CatalogueOptions(url=site.database))
    try:
        chores = Housekeeping(catalogue, site.bucket.stores(), lambda: datetime.now(UTC))
        for chore in chores.everything():
            tally.chaos[f"chores of {chore.task.value}"] += chore.count
    finally:
        catalogue.close()
    tokens = {who.project: who.token for who in site.users}
    audit = Audit(Front(site.cluster.port, site.cluster.trusting), tokens, site.database, tally)
    audit.check(shelf, site.bucket.keys(), site.bucket.unfinished())
    for node in site.cluster.nodes:
        for line in rest.bugs_in(node.log, site.secrets):
            tally.complain(line)


def set_quotas(site: Site, scale: Scale) -> None:
    catalogue = Catalogue(CatalogueOptions(url=site.database))
    try:
        for project in PROJECTS:
            accounts = Accounts(catalogue, lambda: datetime.now(UTC))
            accounts.set_quota(project, size_bytes=scale.quota_bytes, images=scale.quota_images)
    finally:
        catalogue.close()


def endure(site: Site, scale: Scale, seed: int) -> str:
    """The table of a run of *scale*; fails, with all that was wrong, if anything was."""
    tally = Tally()
    set_quotas(site, scale)
    shelf = burn(site, scale, seed, tally)
    come_to_rest(site, shelf, tally)
    told = "\n".join([tally.table(f"Three nodes under fire for {scale.work_s:.0f} s, seed {seed}"), *tally.puzzles])
    assert not tally.wrong, "\n".join([told, *tally.wrong])
    # Else nothing was tested.
    assert all(tally.chaos[what] for what in ("kills of a node", "restarts of PostgreSQL", "restarts of SeaweedFS")), (
        told
    )
    assert tally.in_doubt, told
    assert any(outcome == "413" for _, outcome in tally.answers), told
    return told


@pytest.fixture(autouse=True)
def orphans_count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Housekeeping of the test takes bytes that nothing names for left over, however young they are."""
    monkeypatch.setattr(orphans, "AGE_S", 0.0)


@pytest.mark.timeout(300)
def test_ninety_seconds_of_fire_lose_nothing_that_was_acknowledged(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    record_property("table", endure(site, SHORT, seed=1))


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_ten_minutes_of_fire_lose_nothing_that_was_acknowledged(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    record_property("table", endure(site, LONG, seed=secrets.randbelow(1 << 16)))
