"""Joins the parts once: builds every object, hands each what it needs, and decides which face answers which path.

Source: docs/architecture.md.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calotype import audit_log
from calotype.blobs import opening
from calotype.blobs.stores import Stores
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.config import Settings
from calotype.domain.audit import ANYBODY, Actor
from calotype.domain.locations import HTTP_STORE
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.domain.stores import Store
from calotype.faces import health, identity, metrics, v1, v2, versions, web
from calotype.http.door import Door
from calotype.http.messages import Request
from calotype.http.routes import Face
from calotype.logs import Log
from calotype.metrics.layout import OTHER
from calotype.metrics.node import Node, Seat
from calotype.metrics.process import Process
from calotype.service.accounts import Accounts
from calotype.service.audit import SILENT, Recorder
from calotype.service.deletions import Deletions
from calotype.service.directory import Directory
from calotype.service.downloads import Downloads
from calotype.service.edits import Edits
from calotype.service.everybody import EverybodyIsAdmin
from calotype.service.grants import Grants
from calotype.service.health import Health
from calotype.service.housekeeping import Housekeeping, lease
from calotype.service.housekeeping.lease import Guard, Lease
from calotype.service.housekeeping.pace import Wait
from calotype.service.images import Images
from calotype.service.location_edits import LocationEdits
from calotype.service.location_hashes import LocationHashes
from calotype.service.locations import Locations
from calotype.service.members import Members
from calotype.service.offers import Offers
from calotype.service.outcomes import Ended, uncounted
from calotype.service.placements import Placements
from calotype.service.quotas import Quotas
from calotype.service.services import Services
from calotype.service.stores import NamedStores
from calotype.service.uploads import Uploads

if TYPE_CHECKING:
    from calotype.service.origins import Origins


def now() -> datetime:
    return datetime.now(UTC)


def open_catalogue(settings: Settings) -> Catalogue:
    """The catalogue that *settings* name; nothing is connected to before it is used."""
    return Catalogue(_catalogue_options(settings))


def _catalogue_options(settings: Settings) -> CatalogueOptions:
    return settings.catalogue(is_durable=not settings.serve.ephemeral)


@contextmanager
def open_door(settings: Settings, seat: Seat | None = None) -> Iterator[Door]:
    """Everything one web worker needs, behind its door; closed with the block. *seat*: its place among those of the node."""
    with ExitStack() as closing:
        process = open_process(settings, seat or Node(1, time.time()).worker(0))
        catalogue = process.catalogue(_catalogue_options(settings))
        closing.callback(catalogue.close)
        # Digests keep a core each busy and never wait, so more threads than cores gain nothing.
        threads = closing.enter_context(ThreadPoolExecutor(max(2, os.cpu_count() or 1), "digests"))
        stores = process.metered(open_stores(settings))
        audit = closing.enter_context(open_audit(settings, ANYBODY, process.note_lost_audit))
        services = build_services(settings, catalogue, stores, threads, audit, ended=process.note_upload)
        closing.callback(services.locations.close)
        checks = Health(catalogue, stores)
        process.watch(checks.parts())
        faces = join_faces(settings, checks, process.write)
        meter = process.request_meter(faces.labels())
        door = Door(services, faces.find, settings.http, Log("calotype.access"), meter)
        closing.callback(door.close)
        yield door


@contextmanager
def open_audit(
    settings: Settings, actor: Actor, note_lost: Callable[[], None] = audit_log.uncounted
) -> Iterator[Recorder]:
    """What keeps what is changed in the audit log, if there is one. *actor*: who acts where no caller does.

    *note_lost*: is called for each line that cannot be written.
    """
    with audit_log.opened(settings.serve.audit_log, standard=1, is_needed=False, note_lost=note_lost) as write:
        yield Recorder(write, actor)


@contextmanager
def open_lease(settings: Settings, holder: str) -> Iterator[tuple[Catalogue, Lease]]:
    """The catalogue, and in it the turn to keep house, to be taken by *holder*; closed with the block."""
    catalogue = open_catalogue(settings)
    try:
        yield catalogue, Lease(catalogue, holder, lease.length_s(settings.housekeeping.housekeeping_interval_s))
    finally:
        catalogue.close()


def build_housekeeping(
    settings: Settings,
    catalogue: Catalogue,
    *,
    guard: Guard | None = None,
    wait: Wait,
    is_dry: bool = False,
    audit: Recorder = SILENT,
) -> Housekeeping:
    """Housekeeping over *catalogue* and the stores; raises Broken for a store that cannot be opened."""
    stores, options = open_stores(settings), settings.housekeeping
    return Housekeeping(catalogue, stores, now, options=options, guard=guard, wait=wait, is_dry=is_dry, audit=audit)


def open_process(settings: Settings, seat: Seat) -> Process:
    """What counts for one web worker of a node."""
    http = settings.http
    return Process(
        seat,
        [store.name for store in settings.named_stores],
        threads={"short": http.short_threads, "steps": http.step_threads, "logins": http.login_threads},
        connections=settings.database.database_pool_size,
    )


def open_stores(settings: Settings, *, is_checked: bool = False) -> Stores:
    """The stores, folders made where they are absent; raises Broken, naming its place, for one that cannot be used.

    *is_checked*: buckets are asked whether they can be.
    """
    is_durable = not settings.serve.ephemeral
    stores = opening.open_stores(settings.named_stores, is_durable=is_durable, is_checked=is_checked)
    if not settings.locations.http_locations:
        return stores
    return replace(stores, described=(*stores.described, Store(name=HTTP_STORE, kind="http", is_read_only=True)))


def open_origins(settings: Settings) -> "Origins | None":
    """What reads data at URLs, where there may be any; it is loaded only there."""
    if not settings.locations.http_locations:
        return None
    from calotype.service.origins import Origins

    options = settings.locations
    return Origins(options.judge(), most_waiting=options.fetch_waits_max, most_open=options.fetch_reads_max)


def build_services(
    settings: Settings,
    catalogue: Catalogue,
    stores: Stores,
    threads: ThreadPoolExecutor,
    audit: Recorder = SILENT,
    *,
    ended: Ended = uncounted,
) -> Services:
    """The use cases over *catalogue* and *stores*.

    *threads* digest what is uploaded, *audit* keeps what is changed, *ended* hears how uploads end.
    """
    rules = Rules(DEFAULT_RULES)
    origins = open_origins(settings)
    placements = Placements(stores, settings.locations)
    images = Images(catalogue, rules, settings.images, now, placements, audit)
    node = f"{socket.gethostname()}:{os.getpid()}"
    kept = EverybodyIsAdmin if settings.serve.auth == "none" else Accounts
    accounts = kept(catalogue, now, audit)
    locations = Locations(
        catalogue,
        images,
        placements,
        rules,
        settings.locations,
        settings.images,
        origins=origins,
        hashes=None if origins is None else LocationHashes(catalogue, origins, now, settings.locations),
        node=node,
        audit=audit,
    )
    named_stores = NamedStores(catalogue, stores, images, rules, audit)
    location_edits = LocationEdits(catalogue, locations, named_stores, rules, settings.locations)
    return Services(
        images=images,
        edits=Edits(catalogue, images, rules, settings.images, location_edits, audit),
        uploads=Uploads(
            catalogue,
            stores,
            images,
            rules,
            settings.images,
            now,
            node=node,
            threads=threads,
            audit=audit,
            ended=ended,
        ),
        downloads=Downloads(catalogue, stores, rules, origins),
        deletions=Deletions(catalogue, stores, rules, now, audit),
        locations=locations,
        stores=named_stores,
        quotas=Quotas(catalogue),
        members=Members(catalogue, rules, settings.images, now, audit),
        offers=Offers(catalogue, rules, settings.images, now, audit),
        accounts=accounts,
        directory=Directory(catalogue, rules, accounts.logins, now, audit),
        grants=Grants(catalogue, rules, audit),
        options=settings.images,
        v1_enabled=settings.serve.v1_enabled,
    )


@dataclass(frozen=True, slots=True)
class Faces:
    """All dialects at one address: the first segment of a path says whose it is, and *rest* gets what nobody claims.

    *claimed*: first segment -> prefixes that begin with it and their faces, the longest prefix first.
    *by_version*: the face of each version that `Accept` may name, for paths that name none.
    *listed*: paths that are a version's prefix and no more; clients ask there which versions there are.
    """

    claimed: dict[str, list[tuple[str, Face]]]
    by_version: dict[str, Face]
    listed: frozenset[str]
    rest: Face

    def find(self, request: Request) -> tuple[Face, str]:
        """The face that answers *request*, whose path is whole, and the prefix it is reached under."""
        path = request.path
        if path in self.listed:
            return self.rest, ""
        segment = _first_segment(path)
        claims = self.claimed.get(segment, ())
        if not claims or segment in v2.AT_ROOT:
            named = versions.named_version(request.header("accept"))
            if named is not None:
                return self.by_version.get(named, self.rest), ""
        for prefix, face in claims:
            if path.startswith(prefix + "/") or path == prefix or not prefix:
                return face, prefix
        return self.rest, ""

    def table(self) -> Iterator[tuple[str, str, str]]:
        """Method, path and face of every row there is."""
        claims = {(prefix, face.name): face for claims in self.claimed.values() for prefix, face in claims}
        claims["", self.rest.name] = self.rest
        for (prefix, name), face in claims.items():
            yield from ((route.method, prefix + route.path, name) for route in face.routes)

    def labels(self) -> Iterator[tuple[str, str, str]]:
        """Face, method and route of every row that is counted by itself; what *rest* answers is a version list, whatever path.

        A face's routes stand below its first prefix alone, however many it has.
        """
        faces = {face.name: face for claims in self.claimed.values() for _, face in claims}
        for name, face in faces.items():
            if name != self.rest.name:
                yield from ((name, route.method, face.prefixes[0] + route.path) for route in face.routes)
        yield self.rest.name, "GET", OTHER


def join_faces(settings: Settings, checks: Health, write_metrics: metrics.Write = metrics.write_nothing) -> Faces:
    """The faces that *settings* offer, each at the first segments of its prefixes or, without prefix, of its routes."""
    v1_versions = versions.V1 if settings.serve.v1_enabled else ()
    v2_versions = versions.v2(has_several_stores=len(settings.named_stores) + settings.locations.http_locations > 1)
    served = (*v2_versions, *v1_versions)
    rest = versions.face(served)
    v2_face = v2.face([version.id for version in v2_versions])
    by_version = dict.fromkeys(["v2", *(version.id for version in v2_versions)], v2_face)
    documents = web.face(settings.images, v1_enabled=settings.serve.v1_enabled)
    faces = [identity.face(), identity.root_face(), health.face(checks), documents, v2_face, v2.root_face()]
    if settings.http.metrics_enabled:
        faces.append(metrics.face(write_metrics, settings.http))
    if v1_versions:
        v1_face = v1.face(versions.write_one)
        faces.append(v1_face)
        by_version |= dict.fromkeys(["v1", *(version.id for version in v1_versions)], v1_face)
    claimed: dict[str, list[tuple[str, Face]]] = {"versions": [("", rest)]}
    for face in faces:
        for prefix in face.prefixes:
            for segment in {_first_segment(prefix or route.path) for route in face.routes}:
                claimed.setdefault(segment, []).append((prefix, face))
    for claims in claimed.values():
        claims.sort(key=lambda claim: len(claim[0]), reverse=True)
    return Faces(claimed, by_version, frozenset(path for path, _ in versions.bare(served)), rest)


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]
