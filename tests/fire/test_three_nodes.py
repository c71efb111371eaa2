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
from pathlib import Path
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
from calotype.blobs.local import LocalStore
from calotype.blobs.stores import Stores
from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.callers import Role
from calotype.service.accounts import Accounts
from calotype.service.housekeeping import Housekeeping, orphans
from certificates import Certificate
from databases import PostgresServer, postgres, wheel_binaries

log = logging.getLogger(__name__)

#: Three users of each of two projects.
CLIENTS = 6
PROJECTS = ("north", "south")


@dataclass(frozen=True)
class Scale:
    """How long, and how much. *quota_bytes*, *quota_images*: of each project, such that clients meet both."""

    work_s: float
    load: Load
    quota_bytes: int
    quota_images: int
    restarts: int


SHORT = Scale(work_s=60, load=Load((1 << 10, 64 * MIB), 8), quota_bytes=160 * MIB, quota_images=20, restarts=1)
LONG = Scale(
    work_s=600,
    load=Load((1 << 10, 256 * MIB), 10, huge_size=1 << 30),
    quota_bytes=2 << 30,
    quota_images=25,
    restarts=4,
)


@dataclass
class Site:
    """*users*: token by user's name of each project, as `Who`s. *secrets*: what no log may have."""

    cluster: nodes.Cluster
    database: str
    database_server: PostgresServer
    store: LocalStore
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
    with postgres(binaries) as database_server:
        url = database_server.new_database().replace("postgres@", "postgres:hunter2hunter2@")
        store = f"local=file://{tmp_path / 'shared'}"
        flags = ("--workers", "2", "--store", store, "--housekeeping-interval-s", "3")
        catalogue = Catalogue(CatalogueOptions(url=url))
        schema.prepare(catalogue)
        passwords = _settle(catalogue)
        catalogue.close()
        with nodes.cluster(tmp_path, certificate, flags, {"CALOTYPE_DATABASE": url}) as cluster:
            front = Front(cluster.port, cluster.trusting)
            users = _log_in(front, passwords)
            known_secrets = ["hunter2hunter2", *passwords.values(), *(who.token for who in users)]
            yield Site(cluster, url, database_server, LocalStore(tmp_path / "shared"), users, known_secrets)


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
    began, things = time.monotonic(), [("PostgreSQL", lambda: restart_database(site.database_server))] * scale.restarts
    return {began + scale.work_s * (n + 1) / (len(things) + 1): thing for n, thing in enumerate(things)}


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
        chores = Housekeeping(catalogue, Stores({"local": site.store}, "local"), lambda: datetime.now(UTC))
        for chore in chores.everything():
            tally.chaos[f"chores of {chore.task.value}"] += chore.count
    finally:
        catalogue.close()
    tokens = {who.project: who.token for who in site.users}
    audit = Audit(Front(site.cluster.port, site.cluster.trusting), tokens, site.database, tally)
    audit.check(shelf, site.store.keys(), [])
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
    told = tally.table(f"Three nodes under fire for {scale.work_s:.0f} s, seed {seed}")
    assert not tally.wrong, "\n".join([told, *tally.wrong, *tally.puzzles])
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
