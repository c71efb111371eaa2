"""What housekeeping tells of itself, on the board. All calls come from the housekeeper's one thread."""

from calotype.metrics.layout import Layout
from calotype.metrics.node import Seat
from calotype.service.housekeeping.figures import SCRUBBED_BYTES, Figure


class ChoreMeter:
    """The `Figures` of a housekeeper."""

    def __init__(self, seat: Seat) -> None:
        layout = Layout()
        self._row = seat.row
        self._chores = {values[0]: place for values, place in layout.chores.places()}
        self._work = {values[0]: place for values, place in layout.work.places()}
        self._scrubbed = layout.scrubbed.place()
        self._rounds = layout.rounds.place()
        self._figures = {
            Figure.HAS_TURN: layout.has_turn.place(),
            Figure.ROUND_ENDED_AT: layout.round_ended.place(),
            Figure.DAMAGED_BLOBS: layout.damaged.place(),
            Figure.KEPT_ORPHANS: layout.kept_orphans.place(),
        }

    def note(self, task: str, count: int, seconds: float) -> None:
        if task == SCRUBBED_BYTES:
            self._row[self._scrubbed] += count
            return
        self._row[self._chores[task]] += count
        self._row[self._work[task]] += seconds

    def tell(self, figure: Figure, value: float) -> None:
        self._row[self._figures[figure]] = float(value)
        if figure is Figure.ROUND_ENDED_AT:
            self._row[self._rounds] += 1
