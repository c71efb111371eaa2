"""How far a load is, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from calotype.catalogue.loading import Progress

_SECONDS_BETWEEN_LINES = 5.0

#: Building look-ups and indexes takes this part of the time the lines took (measured: docs/design/0005-bulk-load.md).
_BUILDING_SHARE = 0.6

ShareDone = Callable[[], float | None]


class Estimate:
    """Rate and remaining time of one run, from the part of the file that is behind it."""

    def __init__(self, share_done: ShareDone, clock: Callable[[], float] = time.monotonic) -> None:
        self._share_done = share_done
        self._clock = clock
        self._started = clock()
        self._lines_took_s: float | None = None
        self._first_share: float | None = None

    def images_a_second(self, progress: Progress) -> float:
        return progress.images / max(self._clock() - self._started, 1e-3)

    def seconds_left(self, progress: Progress) -> float | None:
        """None where it cannot be known: standard input has no size."""
        elapsed = self._clock() - self._started
        if progress.building:
            self._lines_took_s = self._lines_took_s or elapsed
            return max(self._lines_took_s * (1 + _BUILDING_SHARE) - elapsed, 0)
        share = self._share_done()
        if self._first_share is None:
            # With --resume the lines passed over cost nothing; what the first batch read stands for them.
            self._first_share = share
        if not share or self._first_share is None or share <= self._first_share:
            return None
        total = elapsed / (share - self._first_share) * (1 - self._first_share)
        return max(total * (1 + _BUILDING_SHARE * progress.is_deferred) - elapsed, 0)

    def share_done(self) -> float | None:
        return self._share_done()


@contextmanager
def shown_progress(share_done: ShareDone) -> Iterator[Callable[[Progress], None]]:
    """What is told of each step; a summary is written when the block ends well."""
    estimate = Estimate(share_done)
    last = Progress()

    def remember(progress: Progress) -> None:
        nonlocal last
        last = progress
        show(progress)

    with _bar(estimate) if sys.stderr.isatty() else _lines(estimate) as show:
        yield remember
    rate = estimate.images_a_second(last)
    skipped = f", {last.bad_lines:,} bad lines skipped" if last.bad_lines else ""
    print(f"{last.images:,} images loaded, {rate:,.0f}/s{skipped}", file=sys.stderr)


@contextmanager
def _lines(estimate: Estimate) -> Iterator[Callable[[Progress], None]]:
    due = time.monotonic() + _SECONDS_BETWEEN_LINES

    def show(progress: Progress) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + _SECONDS_BETWEEN_LINES
            print(describe(progress, estimate), file=sys.stderr, flush=True)

    yield show


@contextmanager
def _bar(estimate: Estimate) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    with Bar(BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(progress: Progress) -> None:
            share = estimate.share_done()
            total = None if share is None or progress.building else 1.0
            bar.update(task, description=describe(progress, estimate), completed=share or 0, total=total)

        yield show


def describe(progress: Progress, estimate: Estimate) -> str:
    """One line: what is done, how fast, and how long it will take."""
    left = estimate.seconds_left(progress)
    end = "" if left is None else f", about {_duration(left)} left"
    if progress.building:
        return f"line {progress.lines_done:,}, building {progress.building}{end}"
    return f"line {progress.lines_done:,}, {estimate.images_a_second(progress):,.0f} images/s{end}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
