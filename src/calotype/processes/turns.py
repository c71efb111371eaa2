"""Whose turn it is to keep house for all nodes that share a catalogue, and what whoever has it does in which order.

Source: docs/design/0014-housekeeping.md.
"""

import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from secrets import token_hex

from calotype import app
from calotype.config import Settings
from calotype.domain.audit import Actor, Kind
from calotype.domain.errors import CalotypeError
from calotype.service.housekeeping import Chore, Housekeeping, Read, Verdict
from calotype.service.housekeeping.figures import SCRUBBED_BLOBS, SCRUBBED_BYTES, Figure, Figures
from calotype.service.housekeeping.lease import Lease, LeaseLost
from calotype.service.housekeeping.pace import Wait

log = logging.getLogger(__name__)

#: To go through a store takes 15 s of CPU a million keys; nothing in it is in a hurry.
ORPHANS_EVERY_S = 3600.0

#: Whose lease is about to run out may renew it yet.
_PATIENCE_S = 0.1

#: What the scrub has done is told when it is through with what was due, and in between after so long.
_SCRUB_TOLD_EVERY_S = 3600.0


class Ended(Exception):
    """It is time to end."""


class Keeper:
    """What a housekeeper knows from one turn to the next; catalogue and stores it opens anew each time.

    Between two rounds it holds no memory and no file, unless the scrub has something to read.
    """

    def __init__(self, settings: Settings, wait: Wait, figures: Figures) -> None:
        self._settings = settings
        self._wait = wait
        self._figures = figures
        self._interval_s = settings.housekeeping.housekeeping_interval_s
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        self._has_turn = False
        self._away: set[str] = set()
        self._orphans_due_at = 0.0

    def take_turn(self) -> float:
        """Work, if it is our turn, until nothing is due; gives after how many seconds to come back."""
        try:
            with app.open_lease(self._settings, self._holder) as (catalogue, lease):
                left_s = lease.take()
                self._note_turn(has_it=not left_s)
                if left_s:
                    return min(self._interval_s, left_s + _PATIENCE_S)
                with app.open_audit(self._settings, Actor(kind=Kind.HOUSEKEEPING)) as audit:
                    house = app.build_housekeeping(self._settings, catalogue, guard=lease, wait=self._wait, audit=audit)
                    self._work(house, lease)
        except LeaseLost as error:
            log.warning("stopped: %s", error)
            self._note_turn(has_it=False)
        except CalotypeError as error:
            log.warning("put off: %s", error)
        except Ended:
            return 0.0
        return self._interval_s

    def leave(self) -> None:
        """Give the turn to another node, which need not wait for the end of the lease then."""
        if not self._has_turn:
            return
        try:
            with app.open_lease(self._settings, self._holder) as (_, lease):
                lease.give_back()
        except CalotypeError as error:
            log.warning("The lease could not be given back: %s", error)

    def _note_turn(self, *, has_it: bool) -> None:
        if has_it and not self._has_turn:
            log.info("keeps house for all nodes, as %s", self._holder)
        self._has_turn = has_it
        self._figures.tell(Figure.HAS_TURN, has_it)

    def _work(self, house: Housekeeping, lease: Lease) -> None:
        """What is short every interval, the first time at once, and what is long in between, step by step."""
        due_at = time.monotonic()
        for _ in self._long_work(house):
            if time.monotonic() >= due_at:
                due_at = time.monotonic() + self._interval_s
                self._go_round(house, lease)
            self._wait(0)

    def _go_round(self, house: Housekeeping, lease: Lease) -> None:
        for part in (house.uploads(), house.tokens()):
            for _ in self._steps(part):
                self._wait(0)
        self._figures.tell(Figure.DAMAGED_BLOBS, house.count_damaged())
        lease.note_round()
        self._figures.tell(Figure.ROUND_ENDED_AT, time.time())

    def _long_work(self, house: Housekeeping) -> Iterator[None]:
        """Does it, and stops once before it and after each step of it."""
        yield
        if time.monotonic() >= self._orphans_due_at:
            self._orphans_due_at = time.monotonic() + ORPHANS_EVERY_S
            yield from self._steps(house.orphans(is_asked_for=False))
            self._figures.tell(Figure.KEPT_ORPHANS, sum(house.kept_orphans.values()))
        yield from self._steps(house.tombstones())
        if self._settings.housekeeping.scrub_mib_per_s:
            yield from self._scrub(house)

    def _steps(self, part: Iterable[Chore]) -> Iterator[None]:
        """Does *part*, and stops after each chore; one that cannot be done now does not keep other parts from theirs."""
        done: Counter[str] = Counter()
        begun_at = time.monotonic()
        try:
            for chore in part:
                done[chore.task.value] += chore.count
                yield
        except LeaseLost:
            raise
        except CalotypeError as error:
            log.warning("put off: %s", error)
        finally:
            for task, count in done.items():
                log.info("done: %s %d", task, count)
                self._figures.note(task, count, time.monotonic() - begun_at)

    def _scrub(self, house: Housekeeping) -> Iterator[None]:
        """Reads what is due, and stops after each stretch."""
        done, begun_at = _Verified(), time.monotonic()
        try:
            for read in house.scrub(self._away):
                done.take(read)
                is_verified = read.verdict in (Verdict.WHOLE, Verdict.DAMAGED)
                self._figures.note(SCRUBBED_BYTES, read.size_bytes, 0)
                self._figures.note(SCRUBBED_BLOBS, int(is_verified), time.monotonic() - begun_at)
                if done.is_due:
                    done.tell()
                yield
                begun_at = time.monotonic()
        finally:
            done.tell()


class _Verified:
    """What the scrub has done since that was last told."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._verdicts: Counter[Verdict] = Counter()
        self._read_bytes = 0
        self._due_at = time.monotonic() + _SCRUB_TOLD_EVERY_S

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._due_at

    def take(self, read: Read) -> None:
        self._read_bytes += read.size_bytes
        if read.verdict is not None:
            self._verdicts[read.verdict] += 1

    def tell(self) -> None:
        """One line, if there is anything to tell."""
        damaged = self._verdicts[Verdict.DAMAGED]
        blobs = self._verdicts[Verdict.WHOLE] + damaged
        if blobs or self._read_bytes:
            log.info("verified: %d blobs, %d of them damaged; %d MiB read", blobs, damaged, self._read_bytes >> 20)
        self._begin()
