"""A catalogue file into the catalogue, in batches that are committed with the position they have come to.

Others may write meanwhile, so a batch is small. Only an empty SQLite catalogue
that nobody else has open is loaded in large batches, look-ups and indexes last. Source: docs/operate/catalogue-files.md.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine

from calotype.catalogue import deferred, loads, usage
from calotype.catalogue.batches import BadLine, Batch, Line, Reader
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.inserting import COLUMNS, insert_rows, to_rows
from calotype.catalogue.keys import id_key
from calotype.catalogue.loads import Position
from calotype.catalogue.records import BadRecord
from calotype.domain.errors import Conflict

#: How long a batch may work inside its transaction while others may want to write. Reading the next one leaves them a gap:
#: a writer in another process waited 15 ms in the middle and 54 ms at most.
BATCH_S = 0.05

#: A batch of a catalogue that is ours alone: some twenty thousand images, about two seconds.
_ALONE_BYTES = 16 << 20

#: How often a batch is tried: at once, with the lines set apart whose ids were used, and again if another program gives away
#: one of the ids at the same time.
_TRIES = 4

SkipBad = Callable[[list[BadLine]], None]
Writing = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class Progress:
    """How far a load is: lines of the file, those skipped by --resume included, images and bad lines of this run.

    *is_deferred*: look-ups and indexes come last; *building* names the one that is being built.
    """

    lines_done: int = 0
    images: int = 0
    bad_lines: int = 0
    building: str = ""
    is_deferred: bool = False


def _ignore(_: object) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to load and how.

    *source*: the name under which the position is remembered. *lines*: the file's, from its first.
    *resume*: go on behind the last committed line of *source*. *now*: the creation time of images without one.
    *skip_bad*: is handed a batch's bad lines before the batch is committed; None: the first ends the load.
    *tell*: is handed the progress after each batch and before each part that is built at the end.
    """

    source: str
    lines: Iterator[bytes]
    now: datetime
    resume: bool = False
    skip_bad: SkipBad | None = None
    tell: Callable[[Progress], None] = _ignore
    progress: Progress = field(default_factory=Progress)


def load(catalogue: Catalogue, what: Load) -> Progress:
    """What was done, once all lines are committed.

    Raises BadLine for a bad line, before anything of its batch is committed, CalotypeError if the file to resume is another
    one, Busy if the catalogue is locked. Whatever ends it, committed lines stay, and `resume` goes on behind them.
    """
    catalogue.close()  # connections of our own would count as somebody else's
    with deferred.alone(catalogue.options) as engine:
        if engine is not None and _load_alone(engine, what):
            return what.progress
    _load_among_others(catalogue, what)
    return what.progress


def _load_alone(engine: Engine, what: Load) -> bool:
    """True if the lines are loaded, look-ups last; False if the catalogue is whole and has images, so that it is not the way."""

    def told(part: str) -> None:
        what.progress.building = part
        what.tell(what.progress)

    with deferred.writing(engine) as connection:
        position = _position(connection, what)
        is_pending = loads.are_look_ups_pending(connection)
        goes_on = position.look_ups_pending
        is_deferred = goes_on or loads.is_empty(connection)
        if is_deferred and not goes_on:
            position = replace(position, look_ups_pending=True)
            loads.end_pending(connection)
            loads.put_position(connection, what.source, position)
            deferred.put_off(connection)
    if is_deferred:
        what.progress.is_deferred = True
        with _few_collections():
            _run(what, partial(deferred.writing, engine), position, _Pace(_ALONE_BYTES, is_alone=True))
    if is_deferred or is_pending:
        deferred.build(engine, told)
    return is_deferred


@contextmanager
def _few_collections() -> Iterator[None]:
    """A large batch is a million objects without a cycle among them; looking for some took an eighth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _load_among_others(catalogue: Catalogue, what: Load) -> None:
    with catalogue.writing() as connection:
        if loads.are_look_ups_pending(connection):
            raise deferred.unfinished()
        position = _position(connection, what)
    _run(what, catalogue.writing, position, _Pace())
    if not catalogue.is_sqlite and what.progress.images:
        with catalogue.writing(is_long=True) as connection:
            _analyse(connection)


def _analyse(connection: Connection) -> None:
    """Let PostgreSQL's planner know at once what has come; by itself it would look in a minute or so."""
    connection.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in COLUMNS)}")


def _position(connection: Connection, what: Load) -> Position:
    found = loads.get_position(connection, what.source) if what.resume else None
    return found or Position(lines_done=0, last_line_digest="")


@dataclass(slots=True)
class _Pace:
    """How many bytes of lines make a batch of `BATCH_S`, learnt from batch to batch."""

    bytes_a_batch: int = 64 << 10
    is_alone: bool = False

    def learn(self, seconds: float) -> None:
        if self.is_alone:
            return
        # Aims below the limit, since batches differ; halves and doubles at most, since one may be an exception.
        factor = min(max(0.8 * BATCH_S / max(seconds, 1e-6), 0.5), 2)
        self.bytes_a_batch = min(max(int(self.bytes_a_batch * factor), 4 << 10), 4 << 20)


def _run(what: Load, writing: Writing, position: Position, pace: _Pace) -> None:
    reader = Reader(what.lines, what.now)
    if position.lines_done:
        reader.skip(position.lines_done, position.last_line_digest)
        what.progress.lines_done = position.lines_done
    while (batch := reader.take(pace.bytes_a_batch)) is not None:
        committed = replace(position, lines_done=batch.last, last_line_digest=batch.last_digest)
        seconds = _commit(what, writing, batch, committed)
        what.progress.lines_done = batch.last
        what.tell(what.progress)
        pace.learn(seconds)


def _commit(what: Load, writing: Writing, batch: Batch, position: Position) -> float:
    """The seconds for which the transaction of *batch* held its lock, the commit included.

    It is tried at once: asking first which ids were used would cost 4 µs of 62 an image, and nearly always none was.
    """
    good, bad = batch.lines, batch.bad
    is_judged = False
    for tries_left in reversed(range(_TRIES)):
        try:
            with writing() as connection:
                started = time.monotonic()
                if is_judged or bad:
                    good, bad = _judge(connection, batch, stop=what.skip_bad is None)
                insert_rows(
                    connection, to_rows((line.entry for line in good), with_look_ups=not position.look_ups_pending)
                )
                loads.put_position(connection, what.source, position)
                if not position.look_ups_pending:
                    usage.add_entries(connection, (line.entry for line in good))
                if bad and what.skip_bad is not None:
                    what.skip_bad(bad)
            break
        except Conflict:
            if not tries_left:
                raise
            is_judged = True
    what.progress.images += len(good)
    what.progress.bad_lines += len(bad)
    return time.monotonic() - started


def _judge(connection: Connection, batch: Batch, *, stop: bool) -> tuple[list[Line], list[BadLine]]:
    """The lines of *batch* that can be loaded and those that cannot. Raises the first of the latter if told to *stop*."""
    good, taken = _set_apart_taken(connection, batch.lines)
    bad = sorted([*batch.bad, *taken], key=lambda line: line.number)
    if bad and stop:
        raise bad[0]
    return good, bad


def _set_apart_taken(connection: Connection, lines: list[Line]) -> tuple[list[Line], list[BadLine]]:
    """The lines whose id and blob keys are new, and the others: taken by the catalogue or by a line before. Two statements."""
    id_keys = [id_key(line.entry.image.id) for line in lines]
    taken_ids = loads.select_used_ids(connection, id_keys)
    taken_blobs = loads.select_blob_keys(connection, [blob.key for line in lines for blob in line.entry.blobs])
    good, taken = [], []
    for line, key in zip(lines, id_keys, strict=True):
        blob_keys = {blob.key for blob in line.entry.blobs}
        if key in taken_ids:
            taken.append(BadLine(line.number, line.text, BadRecord("id", f"{line.entry.image.id} was used before")))
        elif blob_keys & taken_blobs:
            taken.append(BadLine(line.number, line.text, BadRecord("blobs", "a blob with this key is known already")))
        else:
            good.append(line)
            taken_ids.add(key)
            taken_blobs |= blob_keys
    return good, taken
