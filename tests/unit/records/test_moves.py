"""What an image may become. Source: docs/api/v1.md, "Status"."""

from itertools import product

import pytest

from calotype.domain.errors import Conflict
from calotype.domain.images import MOVES, Status, check_move


def may(status: Status, to: Status) -> bool:
    try:
        check_move("the-image", status, to)
    except Conflict:
        return False
    return True


@pytest.mark.parametrize(("status", "to"), list(product(Status, Status)))
def test_what_is_no_move_is_a_conflict(status: Status, to: Status) -> None:
    assert may(status, to) is (to in MOVES[status])


def test_only_a_queued_image_begins_to_take_data() -> None:
    assert [status for status in Status if may(status, Status.SAVING)] == [Status.QUEUED]


def test_every_image_can_be_deleted_once() -> None:
    assert [status for status in Status if not may(status, Status.DELETED)] == [Status.DELETED]


def test_the_conflict_names_the_image_and_both_states() -> None:
    with pytest.raises(Conflict, match="the-image is killed and cannot become saving"):
        check_move("the-image", Status.KILLED, Status.SAVING)
