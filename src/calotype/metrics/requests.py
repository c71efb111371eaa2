"""Counts for the door: a few additions a request, in the row of its process."""

from bisect import bisect_left
from collections.abc import Iterable

from calotype.http.messages import Blob
from calotype.http.meter import Direction
from calotype.http.routes import METHODS
from calotype.metrics.board import Row
from calotype.metrics.families import DURATIONS_S
from calotype.metrics.layout import OTHER, STATUSES, Layout
from calotype.metrics.stores import MeteredBlob

#: The face of bytes that were no request, and of requests that no face was found for.
NO_FACE = "none"


class RequestMeter:
    """The `Meter` of a door. *table*: face, method and path of every row that has a route label of its own.

    What is not in it is counted as its face's `other`. All calls come from one thread.
    """

    def __init__(self, row: Row, layout: Layout, table: Iterable[tuple[str, str, str]]) -> None:
        rows = list(table)
        faces = dict.fromkeys([*(face for face, _, _ in rows), NO_FACE])
        rows += [(face, method, OTHER) for face in faces for method in (*METHODS, OTHER)]
        blocks = layout.add_requests(rows)
        self._row = row
        self._answered = {tuple(values): place for values, place in blocks.answered.places()}
        self._durations = {tuple(values): place for values, place in blocks.durations.places()}
        self._bytes = {
            Direction.RECEIVED: {tuple(values): place for values, place in blocks.received.places()},
            Direction.SENT: {tuple(values): place for values, place in blocks.sent.places()},
        }
        self._columns = {status: column for column, status in enumerate(STATUSES)}
        self._in_progress = layout.in_progress.place()
        self._connections = layout.connections.place()
        self._transfers = {direction: layout.transfers.place(direction.value) for direction in Direction}
        self._busy = {values[0]: place for values, place in layout.threads_busy.places()}
        self._waiting = {values[0]: place for values, place in layout.calls_waiting.places()}

    def connections(self, change: int) -> None:
        self._row[self._connections] += change

    def began(self) -> None:
        self._row[self._in_progress] += 1

    def answered(self, face: str | None, method: str, route: str | None, status: int, took_s: float) -> None:
        row = self._row
        row[self._in_progress] -= 1
        row[self._place(face or NO_FACE, method, route or OTHER, status)] += 1
        place = self._route(self._durations, face, route)
        row[place + bisect_left(DURATIONS_S, took_s)] += 1
        row[place + len(DURATIONS_S) + 1] += took_s

    def refused(self, status: int) -> None:
        self._row[self._place(NO_FACE, OTHER, OTHER, status)] += 1

    def moved(self, direction: Direction, face: str | None, route: str | None, length: int) -> None:
        self._row[self._route(self._bytes[direction], face, route)] += length

    def transfers(self, direction: Direction, change: int) -> None:
        self._row[self._transfers[direction]] += change

    def file_left(self, blob: Blob, length: int) -> None:
        if isinstance(blob, MeteredBlob):
            blob.note_read(length)

    def threads(self, pool: str, busy: int, waiting: int) -> None:
        self._row[self._busy[pool]] = busy
        self._row[self._waiting[pool]] = waiting

    def _place(self, face: str, method: str, route: str, status: int) -> int:
        place = self._answered.get((face, method, route))
        if place is None:
            place = self._answered[face, method if method in METHODS else OTHER, OTHER]
        return place + self._columns.get(status, len(STATUSES))

    def _route(self, places: dict[tuple[str, ...], int], face: str | None, route: str | None) -> int:
        if face is None:
            return places[NO_FACE, OTHER]
        place = places.get((face, route or OTHER))
        return places[face, OTHER] if place is None else place
