"""What nobody else cleans up: uploads that died, bytes that nothing names, tokens that are over, old tombstones; and the
scrub, which reads image data again to see whether they are what they were.

Everything here may run beside workers and other housekeepers, and may be broken off at any point: what is left is found
by the next one. So the lease is there to save work, and not for safety. Source: docs/operate/housekeeping.md.

Words: a *chore* is one thing done; a *round* is every part once; *the turn* is had by one process of all nodes, by *lease*.
"""

from collections.abc import Iterator
from datetime import timedelta

from calotype.blobs.stores import Stores
from calotype.catalogue import scrubbing
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.scrubbing import DamagedBlob
from calotype.service.audit import SILENT, Recorder
from calotype.service.housekeeping import lapsed, orphans, purge, tokens
from calotype.service.housekeeping.chores import CHORES, Chore, Task
from calotype.service.housekeeping.house import House
from calotype.service.housekeeping.lease import Guard, Unguarded
from calotype.service.housekeeping.pace import Pace, Wait
from calotype.service.housekeeping.rereading import Read, Verdict
from calotype.service.housekeeping.scrub import Scrub
from calotype.service.images import Clock
from calotype.service.options import HousekeepingOptions

__all__ = ["Chore", "Housekeeping", "Read", "Task", "Verdict"]


class Housekeeping:
    """Each part gives its chores one by one as they are done; whoever stops asking stops the work there.

    With *is_dry* nothing is done, and what would be is given. *guard* is asked before each change. *wait* holds the work back
    to the rates of the options; without it, it goes as fast as it can.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        stores: Stores,
        clock: Clock,
        *,
        options: HousekeepingOptions | None = None,
        guard: Guard | None = None,
        wait: Wait | None = None,
        is_dry: bool = False,
        audit: Recorder = SILENT,
    ) -> None:
        options = options or HousekeepingOptions()
        self._house = House(
            catalogue=catalogue,
            stores=stores,
            clock=clock,
            options=options,
            guard=guard or Unguarded(),
            wait=wait,
            removals=Pace(options.housekeeping_removals_per_s, wait),
            is_dry=is_dry,
        )
        self._audit = audit
        self.kept_orphans: dict[str, int] = {}
        """By store, how many keys that nothing names the last look left alone, since they are suspiciously many."""

    def uploads(self) -> Iterator[Chore]:
        """Ends uploads whose lease ran out."""
        return self._told(lapsed.end(self._house))

    def orphans(self, *, is_asked_for: bool = True) -> Iterator[Chore]:
        """Removes keys that nothing names; many of them only if it *is_asked_for*. Raises Broken at the end, like `remove`."""
        return self._told(orphans.remove(self._house, self.kept_orphans, is_asked_for=is_asked_for))

    def tokens(self) -> Iterator[Chore]:
        """Removes tokens that are over."""
        return self._told(tokens.remove(self._house))

    def tombstones(self) -> Iterator[Chore]:
        """Purges images that were deleted long ago."""
        return self._told(purge.purge(self._house))

    def everything(self) -> Iterator[Chore]:
        """All of these. The scrub is no chore: it is never done."""
        yield from self.uploads()
        yield from self.orphans()
        yield from self.tokens()
        yield from self.tombstones()

    def _told(self, chores: Iterator[Chore]) -> Iterator[Chore]:
        """*chores*, each in the audit log once it is done."""
        for chore in chores:
            if not self._house.is_dry:
                self._audit.done(CHORES[chore.task], chore.subject, {"count": (None, chore.count)})
            yield chore

    def scrub(self, away: set[str] | None = None, *, all_of_them: bool = False) -> Iterator[Read]:
        """Reads the blobs that are due, or *all_of_them*; *away*: stores of which the log has said that they do not work.

        What is found is in the catalogue, and in the log. Raises Broken if the catalogue does not work.
        """
        every = timedelta(days=0 if all_of_them else self._house.options.scrub_every_days)
        return Scrub(self._house, set() if away is None else away).read(self._house.clock() - every)

    def count_damaged(self) -> int:
        """How many blobs are damaged."""
        with self._house.catalogue.reading() as connection:
            return scrubbing.count_damaged(connection)

    def damaged(self) -> list[DamagedBlob]:
        """The damaged blobs, the first found first."""
        with self._house.catalogue.reading() as connection:
            return list(scrubbing.select_damaged(connection))
